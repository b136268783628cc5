/**
 * Runs claims: `npm run claim -- <topic>[/<name>] …`, `--list`, `--json`, `--count N`.
 *
 * The last line of each is `MET|MISSED <topic>/<name>: <figure> (goal <goal>)`.
 * Exits with 0 when all were met, 1 when one was missed, 2 when there is no such claim, 128 and the
 * number of the signal when it is interrupted; nothing that a claim started is left behind then.
 *
 * @module
 */

import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { endStartedAtExit } from '../test/fixtures/started-processes.ts'
import type { Claim, Verdict } from './claim.ts'

interface Named {
  /** `<topic>/<name>`. */
  readonly name: string
  readonly claim: Claim
}

/** Time of one claim, and of one whose name says soak, in ms. */
const CLAIM_MS_MAX = 600_000
const SOAK_MS_MAX = 6 * 3_600_000
/** Time to clean up after that, in ms. */
const CLEAN_UP_MS_MAX = 20_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    count: { type: 'string' },
  },
})
const interruption = endStartedAtExit()
const found = await findClaims()
const chosen = found.filter(
  ({ name }) =>
    positionals.length === 0 ||
    positionals.some((wanted) => name === wanted || name.startsWith(`${wanted}/`)),
)

if (values.list) list(chosen)
else if (positionals.length === 0) usage('expected a topic or a claim')
else if (chosen.length === 0) usage(`no claim is called ${positionals.join(' ')}`)
else await runAll(chosen)

async function findClaims(): Promise<readonly Named[]> {
  const paths = globSync('claims/*/*.ts', { exclude: ['**/*.test.ts'] }).toSorted()
  const modules = await Promise.all(
    paths.map(async (path) => {
      const exported = (await import(pathToFileURL(resolve(path)).href)) as { claim?: Claim }
      const name = path.replaceAll('\\', '/').replace(/^claims\/(.*)\.ts$/, '$1')
      return exported.claim === undefined ? [] : [{ name, claim: exported.claim }]
    }),
  )
  return modules.flat()
}

function list(claims: readonly Named[]): void {
  if (values.json) {
    const rows = claims.map(({ name, claim }) => ({ name, ...claim, run: undefined }))
    console.log(JSON.stringify(rows))
    return
  }
  for (const { name, claim } of claims) {
    console.log(`${name}\n  ${claim.sentence}\n  goal: ${claim.goal}`)
  }
}

function usage(problem: string): void {
  console.error(`${problem}; there are:`)
  for (const { name } of found) console.error(`  ${name}`)
  console.error('usage: npm run claim -- <topic>[/<name>] … [--json] [--count N] | --list')
  process.exitCode = 2
}

async function runAll(claims: readonly Named[]): Promise<void> {
  let missed = 0
  for (const { name, claim } of claims) {
    const startMs = performance.now()
    const verdict = await run(claim)
    // Asked to end, it has shown nothing: neither a line nor a next claim.
    if (interruption.aborted) return
    const seconds = Number(((performance.now() - startMs) / 1_000).toFixed(1))
    if (!verdict.met) missed++
    if (values.json) {
      const { sentence, goal } = claim
      console.log(JSON.stringify({ name, sentence, goal, seconds, ...verdict }))
    } else {
      const word = verdict.met ? 'MET' : 'MISSED'
      console.log(`${word} ${name}: ${verdict.figure} (goal ${claim.goal})`)
    }
  }
  process.exitCode = missed > 0 ? 1 : 0
}

async function run(claim: Claim): Promise<Verdict> {
  const timeout = new AbortController()
  const limitMs = claim.soak === true ? SOAK_MS_MAX : CLAIM_MS_MAX
  const late = setTimeout(() => timeout.abort(new Error(`over ${limitMs / 1_000} s`)), limitMs)
  // A claim that does not even stop is ended here; what it started is ended at exit.
  const stuck = setTimeout(() => process.exit(1), limitMs + CLEAN_UP_MS_MAX)
  const say = values.json ? console.error : console.log
  const signal = AbortSignal.any([timeout.signal, interruption])
  try {
    return await Promise.race([
      claim.run({ say: (text) => say(`  ${text}`), signal, count: countOf() }),
      aborted(signal),
    ])
  } catch (error) {
    // A claim that breaks has not shown its sentence: that is a miss, not a crash of the runner.
    say(`  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return { met: false, figure: firstLine(error) }
  } finally {
    clearTimeout(late)
    clearTimeout(stuck)
  }
}

/** What `--count` asks for; undefined when it is no number. */
function countOf(): number | undefined {
  const count = Number(values.count)
  return Number.isSafeInteger(count) && count > 0 ? count : undefined
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
}
