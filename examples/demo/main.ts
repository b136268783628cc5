/**
 * `npm run demo`: several devices on this machine read a page of text together, or write one.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { CodedError } from '../../core/errors.ts'
import { TEXT_ERRORS } from '../text-recognition/errors.ts'
import { runDemo } from './demo.ts'
import { DEMO_ERRORS, DemoError } from './errors.ts'
import { pageDemo } from './page-demo.ts'
import { screenOn, SILENT_SCREEN } from './screen.ts'
import { textDemo } from './text-demo.ts'

const USAGE = `Starts daemons on this machine, forms a mesh, cuts models into stages over it, kills a stage in the
middle of a second run, compares the answers, and cleans up.

  npm run demo -- [OPTION …]            three networks read a page of text
  npm run demo -- generate [OPTION …]   a language model writes a paragraph

  --keep      leave the mesh running; prints where, and how to stop it
  --json      print one JSON document at the end, and nothing else
  --out DIR   folder for the picture with boxes (brume-demo)
  --help      this text
`

/** As shells report a program that ended by SIGINT. */
const EXIT_INTERRUPTED = 130
const DEVICES = 4
const ROWS = { ...DEMO_ERRORS, ...TEXT_ERRORS }

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) return 2
  if (options.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const plain = (process.env['NO_COLOR'] ?? '') !== ''
  const screen = options.json ? SILENT_SCREEN : screenOn(process.stdout, plain)
  const signal = interruption()
  try {
    const settings = { devices: DEVICES, keep: options.keep, outputDir: options.out }
    const report =
      options.play === 'generate'
        ? await runDemo(textDemo, settings, screen, signal)
        : await runDemo(pageDemo, settings, screen, signal)
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: true, ...report })}\n`)
    return 0
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED
    return reportFailure(error, options.json)
  }
}

interface Options {
  readonly play: 'page' | 'generate'
  readonly keep: boolean
  readonly json: boolean
  readonly help: boolean
  readonly out: string
}

/** The options, or undefined when there are others than those of the usage. */
function readOptions(): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        out: { type: 'string', default: 'brume-demo' },
      },
    })
    const [play = 'page', more] = positionals
    if (more !== undefined || (play !== 'page' && play !== 'generate')) {
      throw new Error(`expected generate or nothing, got ${positionals.join(' ')}`)
    }
    return { ...values, play }
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n\n${USAGE}`)
    return undefined
  }
}

/** Aborts at the first Ctrl-C, or when nobody reads on; later ones change nothing, so that cleaning up ends. */
function interruption(): AbortSignal {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!interrupted.signal.aborted) process.stderr.write('\ndemo: stopping the devices\n')
      interrupted.abort()
    })
  }
  // As in `npm run demo | head`: without this the program would break down and clean nothing up.
  process.stdout.on('error', () => interrupted.abort())
  return interrupted.signal
}

/** Tells what went wrong; a failure without a code is a defect and shows its stack. */
function reportFailure(error: unknown, json: boolean): number {
  if (!(error instanceof CodedError)) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return 70
  }
  const row = Object.hasOwn(ROWS, error.code) ? ROWS[error.code as keyof typeof ROWS] : undefined
  const own = error instanceof DemoError && 'hint' in error.failure ? error.failure.hint : undefined
  const hint = own ?? row?.hint ?? 'look the code up in docs/errors.md'
  const { code, message } = error
  if (json)
    process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message, hint } })}\n`)
  else process.stderr.write(`\ndemo: ${code}: ${message}\n      ${hint}\n`)
  return row?.exit ?? 1
}
