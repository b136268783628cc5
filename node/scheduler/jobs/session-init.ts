/**
 * What the session of one replica of a job is opened with.
 *
 * @module
 */

import type { SessionId } from '../../../core/ids.ts'
import type { RequesterInit, WireType } from '../../../protocols/inference/index.ts'
import type { PlanStage } from '../placement/plan.ts'
import { bytesOf } from './hop-notes.ts'
import type { JobRunnerInit, JobWork } from './job-runner.ts'

/**
 * Bytes that the inputs in flight may have together at the widest cut. A device refuses more of
 * one requester than its `scheduler.journalBytesMax`, of which this is half by default.
 */
const WINDOW_BYTES = 134_217_728

/** A pipeline of a plan. */
export interface Pipeline {
  readonly stages: readonly PlanStage[]
  readonly wires: readonly WireType[]
}

/** For a job that is run with these limits. */
export function sessionInit(
  session: SessionId,
  { stages, wires }: Pipeline,
  { planned, manifest, provider, inputs }: JobWork,
  limits: JobRunnerInit,
): RequesterInit {
  const { inFlightMax, runMsMax, pingMs, stallMs, progressMs, recoveriesMax, receiptMs } = limits
  const widest = Math.max(
    ...stages.map(({ cutBytes }) => cutBytes),
    ...inputs.map((tensors) => bytesOf(tensors)),
  )
  return {
    open: {
      version: 1,
      session,
      model: planned.model.id,
      manifest,
      wires,
      provider,
      inFlightMax: Math.max(1, Math.min(inFlightMax, Math.floor(WINDOW_BYTES / widest))),
      runMsMax,
      text: undefined,
    },
    ranges: stages.map(({ fromLayer, toLayer }) => ({ fromLayer, toLayer })),
    outputs: planned.model.manifest.outputs,
    pingMs,
    stallMs,
    progressMs,
    recoveriesMax,
    receiptMs,
  }
}
