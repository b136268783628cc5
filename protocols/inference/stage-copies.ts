/**
 * The copy of a text's keys and values at one stage: given when this stage leaves, taken when it
 * follows one that does. A stage does either at most once at a time.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { CacheGiver } from './cache-giver.ts'
import { NO_COPY, type CopyPoint } from './cache-rows.ts'
import { CacheTaker } from './cache-taker.ts'
import type { Journal } from './journal.ts'
import type { AttachRecord, CopyRecord } from './records.ts'
import { reply } from './stage-replies.ts'
import type { StageInit, StageInput, StageOutput } from './stage-types.ts'

/** What this stage is told of a copy by its own driver, and by the other stage. */
export type CopyInput = Extract<
  StageInput,
  {
    readonly type:
      | 'kept'
      | 'cache'
      | 'exported'
      | 'export-failed'
      | 'imported'
      | 'import-failed'
      | 'copy-answer'
      | 'copy-lost'
  }
>

/** Where the text is, of whom it is asked. */
export interface CopyState {
  /** The step that was admitted last; undefined before any. */
  readonly latest: CopyPoint | undefined
  /** Steps that were admitted and have not run. */
  readonly running: Iterable<number>
  /** Bytes of the keys and values of one row; undefined when there are none, or none yet. */
  readonly rowBytes: number | undefined
}

export class StageCopies {
  readonly #init: StageInit
  readonly #journal: Journal
  #giver: CacheGiver | undefined
  #taker: CacheTaker | undefined
  /** What was copied to here, once it is all there. */
  #copied: CopyPoint | undefined

  constructor(init: StageInit, journal: Journal) {
    this.#init = init
    this.#journal = journal
  }

  /** What was copied to here since this was asked for last. */
  takeCopied(): CopyPoint | undefined {
    const copied = this.#copied
    this.#copied = undefined
    return copied
  }

  expects(from: PeerId, record: AttachRecord): boolean {
    return this.#taker?.expects(from, record) ?? false
  }

  attach(input: StageInput & { type: 'attach' }): void {
    this.#taker?.attach(input)
  }

  /** The requester has the text copied. */
  order({ role, peer, epoch }: CopyRecord, state: CopyState): readonly StageOutput[] {
    const other = { peer, epoch }
    return role === 'give' ? this.#give(other, state) : this.#take(other, state)
  }

  #give(to: { peer: PeerId; epoch: number }, state: CopyState): readonly StageOutput[] {
    const { latest, running, rowBytes } = state
    const { open, sha256 } = this.#init
    const before = this.#giver === undefined ? [] : this.#stopGiving()
    const whole = this.#journal.missing.length === 0 && open.text?.gives === 'tokens'
    if (!whole || latest === undefined || latest.position === 0 || !rowBytes) {
      return [...before, reply(NO_COPY)]
    }
    this.#giver = new CacheGiver({ open, journal: this.#journal, sha256, rowBytes }, to, latest)
    return [...before, ...this.#giver.begin(running)]
  }

  #take(from: { peer: PeerId; epoch: number }, state: CopyState): readonly StageOutput[] {
    const { open, sha256 } = this.#init
    const { text, stage } = open
    // A text that has begun here is not begun again.
    const begun = state.latest !== undefined || this.#taker !== undefined
    if (text === undefined || begun || !state.rowBytes) return [reply(NO_COPY)]
    const { positionsMax } = text
    this.#taker = new CacheTaker({ journal: this.#journal, sha256, stage, positionsMax }, from)
    return []
  }

  handle(input: CopyInput): readonly StageOutput[] {
    switch (input.type) {
      case 'exported':
        return this.#onExported(input)
      case 'copy-answer':
        return this.#onAnswer(input.rows)
      case 'export-failed':
      case 'copy-lost':
        return this.#stopGiving()
      default:
        return this.#taker === undefined ? [] : this.#onTaken(this.#taker, input)
    }
  }

  #onTaken(
    taker: CacheTaker,
    input: CopyInput & { type: 'kept' | 'cache' | 'imported' | 'import-failed' },
  ): readonly StageOutput[] {
    switch (input.type) {
      case 'kept':
        return taker.hears(input.link) ? taker.keep(input.message) : []
      case 'cache':
        return taker.hears(input.link) ? taker.take(input.message) : []
      case 'import-failed':
        return taker.refuse()
      case 'imported': {
        const { outputs, copied } = taker.imported(input.to)
        this.#copied = copied
        return outputs
      }
    }
  }

  #onExported({ from, to, tensors }: CopyInput & { type: 'exported' }): readonly StageOutput[] {
    if (this.#giver === undefined) return []
    return this.#giver.exported(from, to, tensors) ?? this.#stopGiving()
  }

  /** A step came for this stage: somebody feeds it, and needs no copy. */
  fed(): readonly StageOutput[] {
    return this.#taker?.refuse() ?? []
  }

  /** A step is admitted whose first row is this one: what is copied must not change. */
  wentBack(position: number): readonly StageOutput[] {
    return position < (this.#giver?.rows ?? 0) ? this.#stopGiving() : []
  }

  /** A step has run. `running` are those that have not. */
  ran(running: Iterable<number>): readonly StageOutput[] {
    return this.#giver?.begin(running) ?? []
  }

  #onAnswer(rows: number): readonly StageOutput[] {
    if (this.#giver === undefined) return []
    if (rows === 0) return this.#stopGiving()
    const { rows: all } = this.#giver
    const outputs = this.#giver.taken(rows)
    if (rows >= all) this.#giver = undefined
    return outputs
  }

  #stopGiving(): readonly StageOutput[] {
    const outputs = this.#giver?.cancel() ?? []
    this.#giver = undefined
    return outputs
  }
}
