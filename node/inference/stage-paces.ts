/**
 * What a row of a text takes the stages of this device, as others are told in its record: they need
 * neither ask before they place a text, nor guess by what the device can do at best.
 *
 * Told is what is new, or has changed by a quarter: a record is no place for every sample.
 *
 * @module
 */

import { fromHex } from '../../core/bytes.ts'
import type { TextRows } from '../../protocols/inference/index.ts'
import {
  FAR_POSITION,
  PACE_MODEL_BYTES,
  type Pace,
  PACES_MAX,
  STREAMS_TOLD_MAX,
  STREAMS_TOLD_MIN,
} from '../../protocols/presence/index.ts'
import type { StepRun } from './step-batcher.ts'
import type { LoadedStage } from './stage-pool.ts'

/** What is read of a stage. */
export type PacedStage = Pick<LoadedStage, 'model' | 'provider' | 'stepUs' | 'chunkUs'> & {
  readonly description: Pick<LoadedStage['description'], 'fromLayer' | 'toLayer'>
}

/** Weight of a new sample in the moving averages. */
const ALPHA = 0.1

/** Tokens before a row that is at the beginning of its text. */
const NEAR_POSITION = 256

/** Part of what was told that it has to change by to be told again. */
const CHANGED_SHARE = 0.25

/** Stages whose times are remembered: those that others are told of. */
interface Times {
  readonly stage: PacedStage
  rowUs: number
  farUs: number
  /** True once a row really ran: until then there is a test. */
  ran: boolean
  /** What others were told of it last. */
  told: Pick<Pace, 'rowUs' | 'farUs'> | undefined
}

export class StagePaces {
  /** The latest one last. */
  readonly #times = new Map<string, Times>()
  readonly #onTold: (paces: readonly Pace[]) => void

  /** @param onTold - Called with what others are to be told, each time that it has changed. */
  constructor(onTold: (paces: readonly Pace[]) => void) {
    this.#onTold = onTold
  }

  /** A stage serves, and was tested before. Only what runs on the processor is told. */
  proved(stage: PacedStage): void {
    if (stage.provider !== 'cpu' || stage.stepUs === 0) return
    const key = keyOf(stage)
    const before = this.#times.get(key)
    if (before !== undefined && [...this.#times.keys()].at(-1) === key) return
    const fresh = { stage, rowUs: stage.stepUs, farUs: 0, ran: false, told: undefined }
    this.#times.delete(key)
    this.#times.set(key, before ?? fresh)
    const [oldest] = this.#times.keys()
    if (this.#times.size > PACES_MAX && oldest !== undefined) this.#times.delete(oldest)
    this.#tell()
  }

  /** Rows of a text ran in a stage. Of several rows, or beside others, it says nothing of one alone. */
  ran(
    stage: PacedStage,
    { position, tokens }: TextRows,
    run: Pick<StepRun, 'computeUs' | 'ownUs'>,
  ) {
    const times = this.#times.get(keyOf(stage))
    const isAlone = tokens.length === 1 && run.computeUs > 0 && run.ownUs === run.computeUs
    if (times === undefined || !isAlone) return
    if (position < NEAR_POSITION) {
      times.rowUs = times.ran ? smooth(times.rowUs, run.computeUs) : run.computeUs
      times.ran = true
    } else if (position >= FAR_POSITION && position < 2 * FAR_POSITION) {
      times.farUs = times.farUs === 0 ? run.computeUs : smooth(times.farUs, run.computeUs)
    } else return
    if (!isAsTold(times)) this.#tell()
  }

  #tell(): void {
    const paces = [...this.#times.values()].toReversed().map((times) => {
      times.told = { rowUs: times.rowUs, farUs: times.farUs }
      return paceOf(times)
    })
    this.#onTold(paces)
  }
}

/** Stages that sessions have open, as others are told: fewer than some are not worth a word. */
export function toldStreams(stages: number): number {
  if (stages < STREAMS_TOLD_MIN) return 0
  return Math.min(STREAMS_TOLD_MAX, 2 ** Math.floor(Math.log2(stages)))
}

/** Memory that texts of others may take here, as they are told: it need not change with every text. */
export function toldMebibytes(bytes: number): number {
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 1 ? 0 : 2 ** Math.floor(Math.log2(mebibytes))
}

function keyOf({ model, description }: PacedStage): string {
  return `${model}/${description.fromLayer}-${description.toLayer}`
}

function paceOf({ stage, rowUs, farUs }: Times): Pace {
  const { model, chunkUs = 0 } = stage
  const { fromLayer, toLayer } = stage.description
  return {
    model: (fromHex(model) ?? new Uint8Array(PACE_MODEL_BYTES)).slice(0, PACE_MODEL_BYTES),
    fromLayer,
    toLayer,
    rowUs: Math.round(rowUs),
    farUs: Math.round(farUs),
    chunkUs: Math.round(chunkUs),
  }
}

/** Every row of a text asks: nothing is made for it. */
function isAsTold({ rowUs, farUs, told }: Times): boolean {
  return told !== undefined && isNear(rowUs, told.rowUs) && isNear(farUs, told.farUs)
}

function isNear(now: number, before: number): boolean {
  return Math.abs(now - before) <= CHANGED_SHARE * before
}

function smooth(before: number, sample: number): number {
  return before + ALPHA * (sample - before)
}
