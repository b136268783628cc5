/**
 * Keeps what the signals said and what was decided: a day to ask for, a trace to replay, and what
 * of it lets one foresee when the device will be there.
 *
 * The trace is one file that only grows. When it is full it becomes the older of two, and the one
 * before that is dropped: together they take what the owner allows.
 *
 * @module
 */

import { appendFile, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { writeFileAtomic } from '../storage/atomic-file.ts'
import type { Decision } from './decision.ts'
import { AvailabilityForecast, type StayShares } from './governor/availability-forecast.ts'
import { DecisionLog } from './governor/decision-log.ts'
import type { Sample } from './signals.ts'
import type { TraceHeader } from './traces/trace.ts'
import { TRACE_FILE, TraceRecorder } from './traces/trace-recorder.ts'

export interface HarvestRecordInit {
  readonly folder: string
  readonly historyMs: number
  readonly traceBytesMax: number
  readonly header: Pick<TraceHeader, 'name' | 'template'>
}

const FORECAST_FILE = 'harvest-forecast.bin'

/** Lines are written together, and the forecast is kept, this often: a disk that sleeps should not wake more. */
const FLUSH_MS = 300_000

/** Lines that wait at most: more of them in that time are dropped. */
const LINES_MAX = 20_000

export class HarvestRecord {
  readonly log: DecisionLog
  readonly #logger: Logger
  readonly #init: HarvestRecordInit
  readonly #forecast: AvailabilityForecast
  #recorder: TraceRecorder | undefined
  #lines: string[] = []
  #flushedMs: number | undefined
  #bytes = 0
  #writing: Promise<void> = Promise.resolve()
  #failed = false

  private constructor(logger: Logger, init: HarvestRecordInit, forecast: AvailabilityForecast) {
    this.#logger = logger
    this.#init = init
    this.#forecast = forecast
    this.log = new DecisionLog(init.historyMs)
  }

  /** With what was learned before. */
  static async fromFolder(logger: Logger, init: HarvestRecordInit): Promise<HarvestRecord> {
    let kept: Uint8Array | undefined
    try {
      kept = await readFile(join(init.folder, FORECAST_FILE))
    } catch {
      // Nothing was learned yet.
    }
    return new HarvestRecord(logger, init, new AvailabilityForecast(kept))
  }

  /** Keeps one tick. */
  add(sample: Sample, decision: Decision): void {
    this.log.add(decision)
    this.#forecast.observe(decision, sample.zoneMinutes)
    const lines = this.#linesOf(sample, decision)
    if (this.#lines.length < LINES_MAX) this.#lines.push(...lines)
    this.#flushedMs ??= sample.nowMs
    if (sample.nowMs - this.#flushedMs < FLUSH_MS) return
    this.#flushedMs = sample.nowMs
    this.#writing = this.#writing.then(() => this.#flush())
  }

  #linesOf(sample: Sample, decision: Decision): readonly string[] {
    const recorder = this.#recorder ?? new TraceRecorder(this.#init.header, sample)
    const header = this.#recorder === undefined ? [recorder.header] : []
    this.#recorder = recorder
    return [...header, ...recorder.record(sample, decision)]
  }

  /** How likely the device stays available for 5, 15 and 60 minutes. */
  stay(sample: Sample, decision: Decision): StayShares {
    return this.#forecast.stay(decision, sample.zoneMinutes)
  }

  /** What others may know of it, in quarters: drawn anew by `random`, and seldom. */
  published(decision: Decision, zoneMinutes: number, random: Random): StayShares {
    return this.#forecast.published(decision, zoneMinutes, random)
  }

  /** Resolves once all is on disk. */
  async stop(): Promise<void> {
    await this.#writing
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const lines = this.#lines
    this.#lines = []
    try {
      await writeFileAtomic(join(this.#init.folder, FORECAST_FILE), this.#forecast.bytes)
      if (lines.length > 0) await this.#append(lines)
      this.#failed = false
    } catch (error) {
      // It may go better later: what is lent does not depend on it.
      if (!this.#failed) this.#logger.warn('trace not written', { error })
      this.#failed = true
    }
  }

  async #append(lines: readonly string[]): Promise<void> {
    const path = join(this.#init.folder, TRACE_FILE)
    // What was written before this start is a trace of its own.
    if (this.#bytes === 0 && (await exists(path))) await rename(path, `${path}.old`)
    const text = `${lines.join('\n')}\n`
    await appendFile(path, text, { mode: 0o600 })
    this.#bytes += Buffer.byteLength(text)
    if (this.#bytes <= this.#init.traceBytesMax / 2) return
    await rename(path, `${path}.old`)
    this.#bytes = 0
    // The next line begins another trace.
    this.#recorder = undefined
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    // The first trace of this device.
    return false
  }
}
