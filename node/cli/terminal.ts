/**
 * Two streams with one rule: data on stdout, everything said about it on stderr.
 *
 * @module
 */

import { styleText } from 'node:util'
import { printableJson, printableLines } from '../../core/printable.ts'

/** The part of a process stream that is written to. */
export interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Version of the JSON that `--json` prints; it grows with a change that breaks readers. */
const JSON_VERSION = 1

export class Terminal {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** False after `--no-color`. */
  colour = true

  constructor(stdout: OutputStream, stderr: OutputStream) {
    this.stdout = stdout
    this.stderr = stderr
  }

  /** A line of data. */
  data(text: string): void {
    this.stdout.write(`${printableLines(text)}\n`)
  }

  /** A piece of data that does not end a line. */
  piece(text: string): void {
    this.stdout.write(printableLines(text))
  }

  /** The data as one line of JSON, `{"v":1,…}`. */
  json(value: object): void {
    this.stdout.write(`${printableJson(JSON.stringify({ v: JSON_VERSION, ...value }))}\n`)
  }

  /** A line about the data, for people. */
  note(text: string): void {
    this.stderr.write(`${printableLines(text)}\n`)
  }

  /** `text` in colour, where `stream` shows colours and nobody switched them off. */
  paint(format: Parameters<typeof styleText>[0], text: string, stream = this.stdout): string {
    return this.colour ? styleText(format, text, { stream }) : text
  }
}
