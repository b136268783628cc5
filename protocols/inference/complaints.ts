/**
 * Whom to believe when a stage says that it cannot use what the stage before sent.
 *
 * One of the two is at fault, and nobody else can tell which: the first time the one before is
 * replaced, though nothing is proved. Whoever complains of a second one is replaced itself, and
 * whom it complained of is cleared: no liar has honest neighbours replaced without end. When a
 * device is complained of by two, both of them were right; and so it is when two fail on what it sent.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Seat } from './seat.ts'

/** A device at a stage. */
export interface Holder {
  readonly stage: number
  readonly peer: PeerId
}

export interface Verdict {
  /** The one of the two that has to go. */
  readonly blamed: Seat
  /** Who is not blamed any more for what was said of it. */
  readonly cleared: readonly Holder[]
}

interface Said {
  readonly by: Holder
  readonly of: Holder[]
  /** True once it was not believed any more. */
  doubted: boolean
}

export class Complaints {
  /** What each device said at each stage. */
  readonly #said = new Map<string, Said>()
  /** Who failed on what each holder of the stage before sent. */
  readonly #failed = new WeakMap<Seat, readonly Holder[]>()

  /** `by` cannot use what `of` sent. */
  judge(by: Seat, of: Seat): Verdict {
    const own = this.#said.get(keyOf(by))
    if (own === undefined) {
      this.#said.set(keyOf(by), { by: holderOf(by), of: [holderOf(of)], doubted: false })
      return { blamed: of, cleared: this.#confirmed(by, of) }
    }
    const cleared = own.of.filter(
      (each) => !isSame(each, of) && this.#others(by, each).length === 0,
    )
    own.of.push(holderOf(of))
    own.doubted = true
    return { blamed: by, cleared }
  }

  /**
   * `by` failed on what `of` sent it, and blames itself. Those who did so before it on what the same holder
   * sent, when they are other devices: then it is what they were sent. Empty when there are none.
   */
  failed(by: Seat, of: Seat): readonly Holder[] {
    const before = this.#failed.get(of) ?? []
    this.#failed.set(of, [...before, holderOf(by)])
    return before.filter(({ peer }) => peer !== by.peer)
  }

  /** Those who were not believed when they said the same of the same device. */
  #confirmed(by: Holder, of: Holder): readonly Holder[] {
    const doubted = this.#others(by, of).filter((each) => each.doubted)
    for (const each of doubted) each.doubted = false
    return doubted.map((each) => each.by)
  }

  /** What others than `by` said of `of`. */
  #others(by: Holder, of: Holder): readonly Said[] {
    return [...this.#said.values()].filter(
      (said) => !isSame(said.by, by) && said.of.some((each) => isSame(each, of)),
    )
  }
}

function holderOf({ stage, peer }: Holder): Holder {
  return { stage, peer }
}

function keyOf({ stage, peer }: Holder): string {
  return `${stage}/${peer}`
}

function isSame(a: Holder, b: Holder): boolean {
  return a.stage === b.stage && a.peer === b.peer
}
