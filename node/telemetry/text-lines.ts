/**
 * JSON log lines as one short line each, for a person at a terminal.
 *
 * @module
 */

import { styleText } from 'node:util'
import { printable } from '../../core/printable.ts'
import type { LineSink } from './pino-logger.ts'

const LEVEL_COLOURS = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const

/** Takes JSON lines, and writes `14:03:59 info  network  listening  port=7434` to the next sink. */
export class TextLines implements LineSink {
  readonly #next: LineSink
  readonly #colour: boolean

  constructor(next: LineSink, colour: boolean) {
    this.#next = next
    this.#colour = colour
  }

  write(line: string): void {
    const { level, time, component, event, ...facts } = JSON.parse(line) as LogLine
    const words = [
      this.#paint('gray', time.slice(11, 19)),
      this.#paint(LEVEL_COLOURS[level], level.padEnd(5)),
      ...(component === undefined ? [] : [this.#paint('cyan', component)]),
      printable(event),
      ...Object.entries(facts).map(([name, value]) => `${name}=${factText(value)}`),
    ]
    this.#next.write(`${words.join(' ')}\n`)
  }

  #paint(colour: Parameters<typeof styleText>[0], text: string): string {
    // The decision was made by whoever built this: the sink may be no stream.
    return this.#colour ? styleText(colour, text, { validateStream: false }) : text
  }
}

interface LogLine extends Record<string, unknown> {
  readonly level: keyof typeof LEVEL_COLOURS
  readonly time: string
  readonly component?: string
  readonly event: string
}

/** Characters of one fact in a text line; the JSON form has all of it. */
const FACT_LENGTH_MAX = 200

function factText(value: unknown): string {
  return printable(rawText(value))
}

function rawText(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value.slice(0, FACT_LENGTH_MAX)
  if (isError(value)) return JSON.stringify(value.message).slice(0, FACT_LENGTH_MAX)
  return JSON.stringify(value).slice(0, FACT_LENGTH_MAX)
}

function isError(value: unknown): value is { readonly message: string } {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value
}
