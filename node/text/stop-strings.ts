/**
 * Ends a stream of text before the first of some strings, wherever its pieces are cut.
 *
 * Text that may still become a stop string is held back: a reader never sees a part of one.
 *
 * @module
 */

export interface StopOutput {
  /** What may be shown now. */
  readonly text: string
  /** The string that ended the text, or undefined as long as it goes on. */
  readonly stop: string | undefined
}

export class StopStrings {
  readonly #stops: readonly string[]
  /** The end of the text so far, which may be the beginning of a stop string. */
  #held = ''
  #stop: string | undefined

  /** @param stops - Empty ones are left out. */
  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '')
  }

  /** Nothing is shown after a stop string, whatever is pushed. */
  push(piece: string): StopOutput {
    if (this.#stop !== undefined) return { text: '', stop: this.#stop }
    const text = this.#held + piece
    const found = this.#firstStop(text)
    if (found !== undefined) {
      this.#held = ''
      this.#stop = found.stop
      return { text: text.slice(0, found.at), stop: found.stop }
    }
    const kept = text.length - this.#heldLength(text)
    this.#held = text.slice(kept)
    return { text: text.slice(0, kept), stop: undefined }
  }

  /** What was held back, now that no more comes. */
  end(): string {
    const held = this.#held
    this.#held = ''
    return held
  }

  /** The one that is whole first, so that it is the same however the text is cut; of those the longest. */
  #firstStop(text: string): { readonly at: number; readonly stop: string } | undefined {
    const found = this.#stops
      .map((stop) => ({ at: text.indexOf(stop), stop }))
      .filter(({ at }) => at >= 0)
    const end = Math.min(...found.map(({ at, stop }) => at + stop.length))
    return found
      .filter(({ at, stop }) => at + stop.length === end)
      .toSorted((a, b) => a.at - b.at)[0]
  }

  /** Length of the longest end of `text` with which a stop string begins. */
  #heldLength(text: string): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length - 1))
    for (let length = Math.min(longest, text.length); length > 0; length--) {
      const end = text.slice(text.length - length)
      if (this.#stops.some((stop) => stop.startsWith(end))) return length
    }
    return 0
  }
}
