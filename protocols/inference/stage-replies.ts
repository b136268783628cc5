/**
 * What a stage says to its requester, as outputs of its machine.
 *
 * @module
 */

import type { FaultCode } from './faults.ts'
import type { InferenceMessage } from './messages.ts'
import type { StageOutput } from './stage-types.ts'

export function reply(message: InferenceMessage): StageOutput {
  return { type: 'reply', message }
}

export function fault(code: FaultCode, request?: number): StageOutput {
  const record = { code, request, nextEpoch: undefined, beforeEpoch: undefined }
  return reply({ type: 'fault', record })
}

/** The way to the holder of the next stage, of this epoch, failed. */
export function unreached(nextEpoch: number): StageOutput {
  const code = 'INFERENCE_NEXT_UNREACHABLE'
  const record = { code, request: undefined, nextEpoch, beforeEpoch: undefined } as const
  return reply({ type: 'fault', record })
}

/** What the holder of the stage before, of this epoch, sent for a request is of no use. */
export function complaint(beforeEpoch: number, request: number): StageOutput {
  const code = 'INFERENCE_CUT_INVALID'
  const record = { code, request, nextEpoch: undefined, beforeEpoch } as const
  return reply({ type: 'fault', record })
}
