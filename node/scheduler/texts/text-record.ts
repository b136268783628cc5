/**
 * What is known of one text, and how the API shows it.
 *
 * @module
 */

import type { ModelId } from '../../../core/ids.ts'
import { EventLog } from '../../api/event-log.ts'
import type { PlanView } from '../../api/schemas/plan.ts'
import type { Problem } from '../../api/schemas/problem.ts'
import type {
  DrawnView,
  TextEventView,
  TextFinish,
  TextState,
  TextView,
} from '../../api/schemas/texts.ts'
import { showHop, type HopRecord, type StageRecord } from '../jobs/job-record.ts'
import { Settlements } from '../jobs/settlements.ts'
import { TextTimes } from './text-times.ts'

export interface TextRecordInit {
  readonly id: string
  readonly model: ModelId
  readonly modelName: string
  /** Since the epoch. */
  readonly createdMs: number
  /** On the monotonic clock. */
  readonly beganMs: number
  readonly seed: number
  readonly promptTokens: number
  readonly tokensMax: number
}

/** Events beside those of the tokens that a late reader may still see. */
const EVENTS_SPARE = 200

const OVER: ReadonlySet<TextState> = new Set(['done', 'failed', 'cancelled'])

export class TextRecord {
  readonly init: TextRecordInit
  readonly events: EventLog<TextEventView>
  readonly times: TextTimes
  readonly stages: StageRecord[] = []
  readonly hops: HopRecord[] = []
  readonly recoveries: TextView['recoveries'] = []
  readonly receipts: TextView['receipts'] = []
  readonly settlements = new Settlements()
  readonly notes: string[] = []
  plan: PlanView | undefined
  /** Tokens a second of this text, as it was foreseen last before the first one came. */
  foreseenPerS: number | undefined
  exact: boolean | undefined
  drafts: TextView['drafts'] = { made: 0, right: 0 }
  #text = ''
  #answerTokens = 0
  #cachedTokens: number | undefined
  #finish: TextFinish | undefined
  #state: TextState = 'planning'
  #error: Problem | undefined
  #finishedMs: number | undefined

  constructor(init: TextRecordInit) {
    this.init = init
    this.events = new EventLog(init.tokensMax + EVENTS_SPARE)
    this.times = new TextTimes(init.beganMs)
  }

  get state(): TextState {
    return this.#state
  }

  get over(): boolean {
    return OVER.has(this.#state)
  }

  /** True once all of the answer is there. */
  get finished(): boolean {
    return this.#finish !== undefined
  }

  /** How long the rest may take at the rate that was foreseen; Infinity where none was. */
  get remainingMs(): number {
    const left = Math.max(0, this.init.tokensMax - this.#answerTokens)
    return left === 0 ? 0 : (1000 * left) / (this.foreseenPerS ?? 0)
  }

  enter(state: TextState): void {
    if (this.over || state === this.#state) return
    this.#state = state
    this.events.append({ type: 'state', state })
  }

  /** A stage has come so far, at another device where one is told. */
  enterStage(
    index: number,
    state: StageRecord['state'],
    holder: Pick<StageRecord, 'peer' | 'name'> | undefined,
  ): void {
    const stage = this.stages[index]
    if (stage === undefined) return
    if (stage.state === state && holder === undefined) return
    Object.assign(stage, { state, ...holder })
    this.events.append({ type: 'stage', stage: stage.show() })
  }

  /** Rows of the prompt that one more stage need not run. */
  known(rows: number): void {
    this.#cachedTokens = Math.min(rows, this.#cachedTokens ?? rows)
  }

  note(text: string): void {
    this.notes.push(text)
    this.events.append({ type: 'note', text })
  }

  /** Tokens that were drawn, and what of the text may be shown now. */
  add(text: string, tokens: readonly DrawnView[], hopsMs: readonly number[]): void {
    if (text === '' && tokens.length === 0) return
    this.#text += text
    this.#answerTokens += tokens.length
    this.events.append({ type: 'tokens', text, tokens: [...tokens], hopsMs: [...hopsMs] })
  }

  finish(finish: TextFinish): void {
    this.#finish = finish
  }

  /** Ends the text, once; later calls change nothing. */
  end(wallMs: number, how: 'done' | 'cancelled' | Problem): void {
    if (this.over) return
    this.#finishedMs = Math.max(this.init.createdMs, Math.round(wallMs))
    if (how === 'done' || how === 'cancelled') this.#state = how
    else {
      this.#state = 'failed'
      this.#error = how
    }
    this.events.append({ type: 'state', state: this.#state })
    if (how === 'done') this.events.append({ type: 'done', result: this.show() })
    else if (how === 'cancelled') this.events.append({ type: 'cancelled' })
    else this.events.append({ type: 'failed', error: how })
    this.events.end()
  }

  show(): TextView {
    const { id, model, modelName, createdMs, promptTokens, seed } = this.init
    const finishedMs = this.#finishedMs
    return {
      id,
      model,
      modelName,
      state: this.#state,
      ...(this.#error === undefined ? {} : { error: this.#error }),
      createdMs,
      ...(finishedMs === undefined ? {} : { finishedMs }),
      text: this.#text,
      ...(this.#finish === undefined ? {} : { finish: this.#finish }),
      promptTokens,
      cachedTokens: this.#cachedTokens ?? 0,
      answerTokens: this.#answerTokens,
      seed,
      ...(this.exact === undefined ? {} : { exact: this.exact }),
      drafts: this.drafts,
      ...(this.plan === undefined ? {} : { plan: this.plan }),
      stages: this.stages.map((stage) => stage.show()),
      hops: this.hops.flatMap(showHop),
      recoveries: [...this.recoveries],
      receipts: [...this.receipts],
      settlements: this.settlements.show(),
      times: {
        ...this.times.show(),
        ...(this.foreseenPerS === undefined ? {} : { predictedPerSecond: this.foreseenPerS }),
        ...(finishedMs === undefined ? {} : { totalMs: finishedMs - createdMs }),
      },
      notes: [...this.notes],
    }
  }
}
