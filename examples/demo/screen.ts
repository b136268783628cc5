/**
 * What the person who watches the demo sees.
 *
 * @module
 */

import { Paragraph } from './paragraph.ts'

/** Where text goes. */
export interface Screen {
  /** Begins a step of the demo. */
  step(title: string): void
  /** Lines that stay. */
  say(...lines: readonly string[]): void
  /** Words that go on where the last ones ended, in lines that end where a word does. */
  words(text: string): void
  /** A line that the next one replaces; nothing where lines cannot be replaced. */
  progress(line: string): void
}

/** The part of an output stream that a screen needs. */
export interface TextOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Says nothing: for `--json`. */
export const SILENT_SCREEN: Screen = {
  step: () => undefined,
  say: () => undefined,
  words: () => undefined,
  progress: () => undefined,
}

/** Before everything that belongs to a step. */
const INDENT = '   '
/** Cells of a line of words, where the terminal is not narrower. */
const WORDS_WIDTH = 90

const CLEAR_LINE = '\r\u001B[2K'

/**
 * A screen on `output`. Bold and replaced lines only on a terminal.
 *
 * @param plain - No colour even on a terminal (https://no-color.org).
 */
export function screenOn(output: TextOutput, plain: boolean): Screen {
  const terminal = output.isTTY === true
  const startMs = performance.now()
  let count = 0
  let open = false
  const width = Math.min(WORDS_WIDTH, output.columns ?? WORDS_WIDTH) - INDENT.length
  const paragraph = new Paragraph((text) => void output.write(text), { indent: INDENT, width })
  const clear = (): void => {
    if (open) output.write(CLEAR_LINE)
    open = false
    paragraph.end()
  }
  return {
    step: (title) => {
      clear()
      count++
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
      const heading = `${count}  ${title}`
      const bold = terminal && !plain ? `\u001B[1m${heading}\u001B[0m` : heading
      output.write(`\n${bold}  (${seconds} s)\n`)
    },
    say: (...lines) => {
      clear()
      output.write(lines.map((line) => (line === '' ? '\n' : `${INDENT}${line}\n`)).join(''))
    },
    words: (text) => {
      if (open) clear()
      paragraph.add(text)
    },
    progress: (line) => {
      if (!terminal) return
      clear()
      output.write(`${INDENT}${line}`.slice(0, (output.columns ?? 80) - 1))
      open = true
    },
  }
}
