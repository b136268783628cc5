/**
 * What the making of one mask may cost, so that no grammar holds up those who draw beside it.
 *
 * What is counted depends on the grammar, its state and the vocabulary alone, not on what automata
 * have worked out for texts before: a text that is replayed elsewhere gets as far as it did here.
 *
 * @module
 */

import { MASK_STEPS_MAX, MASK_VISITS_MAX, MASK_VISITS_MORE } from '../limits.ts'

/** Masks that were begun: their number tells steps of one apart from those of the one before. */
let masks = 0

/** A state of an automaton, whose step at some class of bytes was made. */
interface Stepped {
  readonly costs: Uint32Array
  readonly counted: Uint32Array
}

export class MaskBudget {
  readonly #mask: number
  #steps = MASK_STEPS_MAX
  #visits: number

  /** @param nodes - Of the tree of tokens. */
  constructor(nodes: number) {
    masks = (masks + 1) >>> 0 || 1
    this.#mask = masks
    this.#visits = MASK_VISITS_MAX * nodes + MASK_VISITS_MORE
  }

  /** Whether more was asked for than there is. */
  get spent(): boolean {
    return this.#steps < 0 || this.#visits < 0
  }

  /** Counts a step: once a mask what it took to make, whenever that was. */
  spend({ costs, counted }: Stepped, byteClass: number): void {
    this.#visits--
    if (counted[byteClass] === this.#mask) return
    counted[byteClass] = this.#mask
    this.#steps -= costs[byteClass] as number
  }
}
