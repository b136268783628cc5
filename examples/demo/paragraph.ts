/**
 * Words that come bit by bit, as lines that end where a word does.
 *
 * @module
 */

export interface ParagraphInit {
  readonly indent: string
  /** Cells of a line beside the indent. */
  readonly width: number
}

export class Paragraph {
  readonly #write: (text: string) => void
  readonly #init: ParagraphInit
  /** A word that may still grow, with the space before it. */
  #word = ''
  /** Cells of the line that is open; undefined when none is. */
  #column: number | undefined

  constructor(write: (text: string) => void, init: ParagraphInit) {
    this.#write = write
    this.#init = init
  }

  /** Takes the next characters: a word is written once the space behind it is there. */
  add(text: string): void {
    const words = (this.#word + text).split(/(?=\s)/)
    this.#word = words.pop() ?? ''
    for (const word of words) this.#put(word)
  }

  /** Writes what is left, and ends the line. */
  end(): void {
    this.#put(this.#word)
    this.#word = ''
    if (this.#column !== undefined) this.#write('\n')
    this.#column = undefined
  }

  /** @param word - With the space or line break before it, if there is one. */
  #put(word: string): void {
    const bare = word.trim()
    const { indent, width } = this.#init
    const column = this.#column
    if (bare === '') return
    if (column === undefined || column + 1 + bare.length > width) {
      this.#write(`${column === undefined ? '' : '\n'}${indent}${bare}`)
      this.#column = bare.length
      return
    }
    const gap = /^\s/.test(word) ? ' ' : ''
    this.#write(gap + bare)
    this.#column = column + gap.length + bare.length
  }
}
