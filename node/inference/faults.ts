/**
 * What a requester is told when loading or running a stage fails here.
 *
 * @module
 */

import { errorCode } from '../../core/errors.ts'
import { FAULT_CODES, type FaultCode } from '../../protocols/inference/index.ts'

const LOAD_FAULTS: Readonly<Record<string, FaultCode>> = {
  // The same stage would find no more room in an executor of its own.
  RUNTIME_MEMORY: 'INFERENCE_TOO_LARGE',
  RUNTIME_EXECUTORS_FULL: 'INFERENCE_OVERLOADED',
  RUNTIME_SELF_TEST_FAILED: 'INFERENCE_SELF_TEST_FAILED',
  RUNTIME_PROVIDER_UNAVAILABLE: 'INFERENCE_OPEN_REFUSED',
  RUNTIME_EXECUTOR_CRASHING: 'INFERENCE_OPEN_REFUSED',
}

/** The fault of a stage that could not be loaded. */
export function loadFaultOf(error: unknown): FaultCode {
  const code = errorCode(error) ?? ''
  const own = ownFault(code)
  if (own !== undefined) return own
  if (/^(BLOB|BLOCKS|MODELS|NETWORK|STATE)_/.test(code)) return 'INFERENCE_MODEL_UNAVAILABLE'
  return LOAD_FAULTS[code] ?? 'INFERENCE_LOAD_FAILED'
}

/** The fault of a run. At a later stage a wrong input is what the stage before sent. */
export function runFaultOf(error: unknown, stage: number): FaultCode {
  const code = errorCode(error)
  const own = ownFault(code)
  if (own !== undefined) return own
  switch (code) {
    case 'RUNTIME_INPUT_INVALID':
      return stage === 0 ? 'INFERENCE_INPUT_INVALID' : 'INFERENCE_CUT_INVALID'
    case 'RUNTIME_RUN_TIMEOUT':
      return 'INFERENCE_RUN_TIMEOUT'
    case 'RUNTIME_MEMORY':
      return 'INFERENCE_MEMORY'
    case 'RUNTIME_QUEUE_FULL':
      return 'INFERENCE_OVERLOADED'
    case 'RUNTIME_GUIDE_FAILED':
      return 'INFERENCE_GUIDE_FAILED'
    case 'RUNTIME_NOT_FINITE':
      return 'INFERENCE_NOT_FINITE'
    case 'RUNTIME_RUN_FAILED':
      return 'INFERENCE_RUN_FAILED'
    default:
      return 'INFERENCE_EXECUTOR_DIED'
  }
}

/** What this room itself has a word for. */
function ownFault(code: string | undefined): FaultCode | undefined {
  return FAULT_CODES.find((fault) => fault === code)
}
