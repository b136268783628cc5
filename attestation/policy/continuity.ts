/**
 * What the evidence of a device says beside the evidence that it showed before.
 *
 * @module
 */

import type { TpmClaims } from '../tpm/tpm.ts'
import type { Claims } from './rules.ts'

/** What happened in between, worst first; undefined when nothing did, or nobody can tell. */
export type Discontinuity = 'clock-back' | 'restarted' | 'registers-changed'

/**
 * Compares quotes of one TPM: its count of starts only rises, and its clock rises between
 * two starts (TPM 2.0 Library, part 1, section 36). A state that was copied or rolled back shows there.
 */
export function discontinuity(
  before: readonly Claims[],
  after: readonly Claims[],
): Discontinuity | undefined {
  const [first, second] = [tpmIn(before), tpmIn(after)]
  if (first === undefined || second === undefined) return undefined
  if (first.hardwareId !== second.hardwareId) return undefined
  if (second.resetCount < first.resetCount) return 'clock-back'
  if (second.resetCount > first.resetCount) return 'restarted'
  if (second.clockMs < first.clockMs) return 'clock-back'
  const same = Object.entries(first.pcrs).every(
    ([index, value]) => (second.pcrs[Number(index)] ?? value) === value,
  )
  return same ? undefined : 'registers-changed'
}

function tpmIn(claims: readonly Claims[]): TpmClaims | undefined {
  return claims.find((one) => one.kind === 'tpm')
}
