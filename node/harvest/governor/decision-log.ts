/**
 * What was decided of late, so that `explain` can say why at any minute of the last day.
 *
 * Only what changed is kept: most ticks decide what the tick before did.
 *
 * @module
 */

import type { Decision } from '../decision.ts'

/** Decisions kept at most, however often they change. */
const ENTRIES_MAX = 20_000

export class DecisionLog {
  readonly #historyMs: number
  readonly #entries: Decision[] = []
  #gist = ''

  /** @param historyMs - How far back decisions are kept, on the monotonic clock. */
  constructor(historyMs: number) {
    this.#historyMs = historyMs
  }

  /** Keeps `decision` when it differs in state, levels or causes from the one before. */
  add(decision: Decision): void {
    const gist = gistOf(decision)
    if (gist === this.#gist) return
    this.#gist = gist
    this.#entries.push(decision)
    this.#forget(decision.atMs)
  }

  /** What held at a wall time: the last decision up to then; undefined before the first that is kept. */
  at(wallMs: number): Decision | undefined {
    return this.#entries.findLast((decision) => decision.wallMs <= wallMs)
  }

  /** All that is kept, the oldest first. */
  get entries(): readonly Decision[] {
    return this.#entries
  }

  /** One entry older than the history stays: what it decided reaches into it. */
  #forget(nowMs: number): void {
    const second = this.#entries[1]
    if (second === undefined) return
    const old = second.atMs <= nowMs - this.#historyMs
    if (old || this.#entries.length > ENTRIES_MAX) this.#entries.shift()
  }
}

/** Levels in steps that somebody who asks would see. */
function gistOf({ state, levels, reasons, giveBack }: Decision): string {
  const steps = Object.values(levels).map((level) => Math.round(level * 20))
  const codes = reasons.map(({ code, resource, after = code }) => `${after}/${resource}`)
  return [state, giveBack.cpu.step, giveBack.gpu.step, ...steps, ...codes].join(' ')
}
