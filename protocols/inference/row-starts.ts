/**
 * Where the steps of a text begin, so that a step that goes back finds those behind it without
 * looking at all: nearly every step of a text forgets nothing, and texts have thousands.
 *
 * @module
 */

interface Start {
  readonly request: number
  readonly position: number
}

export class RowStarts {
  /** By position; those that begin at one place in the order in which they came. */
  readonly #starts: Start[] = []

  add(request: number, position: number): void {
    let at = this.#starts.length
    while (at > 0 && (this.#starts[at - 1]?.position ?? 0) > position) at--
    this.#starts.splice(at, 0, { request, position })
  }

  /** Forgets the steps that begin at `position` or behind it, and returns their requests. */
  takeFrom(position: number): readonly number[] {
    let from = this.#starts.length
    while (from > 0 && (this.#starts[from - 1]?.position ?? 0) >= position) from--
    return this.#starts.splice(from).map(({ request }) => request)
  }

  clear(): void {
    this.#starts.length = 0
  }
}
