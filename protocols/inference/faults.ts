/**
 * What can go wrong with a session of /brume/inference/1, as a word on the wire.
 *
 * @module
 */

/** Fault codes that travel, each with a row in errors.ts. */
export const FAULT_CODES = [
  'INFERENCE_EXECUTOR_DIED',
  'INFERENCE_GUIDE_FAILED',
  'INFERENCE_INPUT_INVALID',
  'INFERENCE_JOURNAL_MISSING',
  'INFERENCE_LOAD_FAILED',
  'INFERENCE_MEMORY',
  'INFERENCE_MESSAGE_TOO_LARGE',
  'INFERENCE_MODEL_UNAVAILABLE',
  'INFERENCE_NEXT_UNREACHABLE',
  'INFERENCE_NOT_ALLOWED',
  'INFERENCE_OPEN_REFUSED',
  'INFERENCE_OVERLOADED',
  'INFERENCE_RUN_FAILED',
  'INFERENCE_RUN_TIMEOUT',
  'INFERENCE_SELF_TEST_FAILED',
  'INFERENCE_SESSION_UNKNOWN',
] as const

export type FaultCode = (typeof FAULT_CODES)[number]
