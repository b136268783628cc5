/**
 * How long what is drawn takes from the last stage of a ring back to the first one.
 *
 * No message tells it: the first stage does not know when the last one sent, nor does the requester
 * see what passes between them. But it knows when each answer came, how long that was on its way, and
 * how long the stages held the step: so also when the first stage began with the next one.
 *
 * @module
 */

import type { TextDraw } from '../../inference/requester-text.ts'

export class RingWay {
  /** When the last stage let go of the step before, on the clock of this device. */
  #leftMs: number | undefined

  /**
   * Takes an answer that came at `nowMs`.
   *
   * @returns Time from the last stage to the first one, in milliseconds; undefined where it did not go
   * that way, or where a link is not known.
   */
  take({ output, transfersMs }: Pick<TextDraw, 'output' | 'transfersMs'>, nowMs: number) {
    const [way, ...ways] = transfersMs
    const back = ways.at(-1)
    const before = this.#leftMs
    this.#leftMs = back === undefined ? undefined : nowMs - back
    const between = ways.slice(0, -1)
    if (way !== undefined || before === undefined || this.#leftMs === undefined) return undefined
    if (between.includes(undefined)) return undefined
    const heldMs = output.hops.reduce((sum, { heldUs }) => sum + heldUs / 1000, 0)
    const onWayMs = between.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)
    const beganMs = this.#leftMs - heldMs - onWayMs
    return Math.max(0, beganMs - before)
  }
}
