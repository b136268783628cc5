/**
 * Lines that tell how far something is: redrawn in place on a terminal, plain elsewhere.
 *
 * @module
 */

import type { Terminal } from './terminal.ts'

/** Cells of a bar. */
const BAR_WIDTH = 20
/** Time between two drawings on a terminal: faster is not seen. */
const REDRAW_MS = 50

/**
 * A bar of `done` out of `total`.
 *
 * @example
 * ```ts
 * barText(5, 10) // => '██████████░░░░░░░░░░'
 * ```
 */
export function barText(done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 0
  const full = Math.round(share * BAR_WIDTH)
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
}

export class ProgressLines {
  readonly #terminal: Terminal
  #shown: readonly string[] = []
  #wanted: readonly string[] = []
  #drawnMs = Number.NEGATIVE_INFINITY

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** True when lines are redrawn in place. */
  get live(): boolean {
    return this.#terminal.stderr.isTTY === true
  }

  /** What to show now in place of what was shown; ignored where nothing can be redrawn. */
  show(lines: readonly string[], nowMs: number): void {
    this.#wanted = lines
    if (!this.live || nowMs - this.#drawnMs < REDRAW_MS) return
    this.#drawnMs = nowMs
    this.#draw()
  }

  /** A line that stays, above those that are redrawn. */
  say(line: string): void {
    this.#clear()
    this.#terminal.note(line)
    if (this.live) this.#draw()
  }

  /** Leaves the last state on the screen. */
  finish(): void {
    if (this.live) this.#draw()
    this.#shown = []
    this.#wanted = []
  }

  #draw(): void {
    this.#clear()
    // A line that wraps would be two lines, and the next redraw would miss one.
    const columns = (this.#terminal.stderr.columns ?? 80) - 1
    this.#shown = this.#wanted.map((line) => line.slice(0, columns))
    for (const line of this.#shown) this.#terminal.note(line)
  }

  #clear(): void {
    if (this.#shown.length === 0) return
    // Up to the first line that was drawn, then erase to the end of the screen (ECMA-48: CUU, ED).
    this.#terminal.stderr.write(`\u001B[${this.#shown.length}A\u001B[0J`)
    this.#shown = []
  }
}
