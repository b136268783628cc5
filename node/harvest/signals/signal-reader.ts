/**
 * Asks every source when its time has come, and keeps what they said.
 *
 * One timer for all: whoever drives it calls `look`, and learns when the next look is due. A source
 * that fails, hangs or is not there costs its own signals only, and one log line a minute.
 *
 * @module
 */

import type { Logger } from '../../../core/logger.ts'
import type { Readings } from '../signals.ts'
import { SignalBoard } from './signal-board.ts'
import type { Certainty, Moment, SignalSource, SignalValues } from './source.ts'

export interface SignalReaderComponents {
  readonly logger: Logger
  readonly sources: readonly SignalSource[]
  /** Called when a source that answers late, or without being asked, has said something. */
  readonly onNews: () => void
}

/** One line about one source in this time, in ms. */
const LOG_EVERY_MS = 60_000

/** A source that has never worked is asked again this many times less often than one that does. */
const ABSENT_FACTOR = 12

/** A source that has not answered after this time is taken for one that does not, in ms. */
const ANSWER_MS_MAX = 10_000

interface Asked {
  readonly source: SignalSource
  dueMs: number
  /** Since when an answer is waited for. */
  askedMs: number | undefined
  worked: boolean
}

export class SignalReader {
  readonly board = new SignalBoard()
  readonly #components: SignalReaderComponents
  readonly #asked: readonly Asked[]
  readonly #loggedMs = new Map<string, number>()

  constructor(components: SignalReaderComponents) {
    this.#components = components
    this.#asked = components.sources.map((source) => ({
      source,
      dueMs: Number.NEGATIVE_INFINITY,
      askedMs: undefined,
      worked: false,
    }))
  }

  /** What is known now. */
  get readings(): Readings {
    return this.board.readings()
  }

  /** Asks all sources that are due. */
  look(moment: Moment): void {
    for (const asked of this.#asked) {
      if (asked.askedMs !== undefined) this.#watch(asked, moment.nowMs)
      else if (moment.nowMs >= asked.dueMs) this.#ask(asked, moment)
    }
  }

  /** When the next source is due. After a change from resting to working this is earlier than it was. */
  dueMs(): number {
    return Math.min(...this.#asked.map(({ dueMs }) => dueMs))
  }

  /** Makes every source due that would be due by now if work had run here all the time. */
  hurry(nowMs: number): void {
    for (const asked of this.#asked) {
      asked.dueMs = Math.min(asked.dueMs, nowMs + asked.source.cadence.workingMs)
    }
  }

  /** A source that speaks by itself says something. */
  told(name: string, values: SignalValues, nowMs: number, certainty?: Certainty): void {
    this.board.say(name, values, nowMs, certainty)
    this.#components.onNews()
  }

  /** A source that speaks by itself has failed. */
  failed(name: string, why: string, nowMs: number): void {
    this.board.fail(name, why)
    this.#log(name, why, nowMs)
    this.#components.onNews()
  }

  /** What a source that speaks by itself has said holds no longer. */
  withdrawn(name: string): void {
    this.board.forget(name)
    this.#components.onNews()
  }

  #ask(asked: Asked, moment: Moment): void {
    const { source } = asked
    const { workingMs, restingMs } = source.cadence
    const everyMs = moment.working ? workingMs : restingMs
    asked.dueMs = moment.nowMs + everyMs
    try {
      const values = source.read(moment)
      if (!(values instanceof Promise)) return this.#onAnswer(asked, values, moment.nowMs)
      asked.askedMs = moment.nowMs
      values.then(
        (told) => {
          asked.askedMs = undefined
          this.#onAnswer(asked, told, moment.nowMs)
          this.#components.onNews()
        },
        (error: unknown) => {
          asked.askedMs = undefined
          this.#onFailure(asked, error, moment.nowMs)
          this.#components.onNews()
        },
      )
    } catch (error) {
      this.#onFailure(asked, error, moment.nowMs)
    }
  }

  #onAnswer(asked: Asked, values: SignalValues, atMs: number): void {
    const { name, certainty } = asked.source
    asked.worked = true
    this.board.say(name, values, atMs, certainty)
  }

  #onFailure(asked: Asked, error: unknown, nowMs: number): void {
    const { name, cadence } = asked.source
    const why = `${name}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 200)
    // Most devices lack most sources: that is no failure, and looking for them again may wait.
    if (!asked.worked) asked.dueMs = nowMs + ABSENT_FACTOR * cadence.restingMs
    else if (this.board.fail(name, why)) this.#log(name, why, nowMs)
  }

  #watch(asked: Asked, nowMs: number): void {
    const late = nowMs - (asked.askedMs ?? nowMs) > ANSWER_MS_MAX
    asked.dueMs = nowMs + asked.source.cadence.workingMs
    if (late) this.#onFailure(asked, 'no answer', nowMs)
  }

  #log(name: string, why: string, nowMs: number): void {
    if (nowMs - (this.#loggedMs.get(name) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return
    this.#loggedMs.set(name, nowMs)
    this.#components.logger.warn('signal not readable', { signal: name, why })
  }
}
