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

/** @param nextEpoch - Of the next stage, when the way to it is what failed. */
export function fault(code: FaultCode, request?: number, nextEpoch?: number): StageOutput {
  return reply({ type: 'fault', record: { code, request, nextEpoch } })
}
