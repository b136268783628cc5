/**
 * With which code a session ends that cannot replace a stage.
 *
 * @module
 */

import type { InferenceCode } from './errors.ts'

const OWN_CAUSES: ReadonlySet<InferenceCode> = new Set([
  'INFERENCE_CUT_INVALID',
  'INFERENCE_OUTPUT_INVALID',
  'INFERENCE_NOT_ALLOWED',
  'INFERENCE_NOT_FINITE',
  'INFERENCE_RUN_FAILED',
  'INFERENCE_RUN_TIMEOUT',
  'INFERENCE_LOAD_FAILED',
  'INFERENCE_MEMORY',
  'INFERENCE_MODEL_UNAVAILABLE',
  'INFERENCE_SELF_TEST_FAILED',
  'INFERENCE_TOO_LARGE',
  'INFERENCE_UNSETTLED',
])

const SAID_BY_ALL: ReadonlySet<InferenceCode> = new Set([
  'INFERENCE_GUIDE_FAILED',
  'INFERENCE_INPUT_INVALID',
  'INFERENCE_MESSAGE_TOO_LARGE',
])

/** True for what another device would say of the same request as well. Only the first stage sees an input. */
export function isSaidByAll(code: InferenceCode, stage: number): boolean {
  return SAID_BY_ALL.has(code) && (stage === 0 || code !== 'INFERENCE_INPUT_INVALID')
}

/** True when a stage failed on what it was sent, or made nothing of use of it. */
export function isFailedRun(code: InferenceCode): boolean {
  return code === 'INFERENCE_RUN_FAILED' || code === 'INFERENCE_NOT_FINITE'
}

/** True for what goes wrong at every device alike: it says more than how often it did. */
export function isOwnCause(code: InferenceCode): boolean {
  return OWN_CAUSES.has(code)
}

/** Why there is nobody: that the model fails everywhere says more than that nobody is left. */
export function finalCode(lostBy: InferenceCode | undefined): InferenceCode {
  return lostBy !== undefined && OWN_CAUSES.has(lostBy) ? lostBy : 'INFERENCE_NO_REPLACEMENT'
}
