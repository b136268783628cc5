/**
 * How good a platform is in Intel's words, and what several such words come to.
 *
 * @module
 */

import { refuse } from '../errors.ts'

export const TCB_STATUSES = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
] as const
export type TcbStatus = (typeof TCB_STATUSES)[number]

/** @throws {AttestationError} `DCAP_TCB_LEVEL` for a revoked level or a word that is unknown. */
export function tcbStatus(word: unknown): TcbStatus {
  const status = TCB_STATUSES.find((known) => known === word)
  return (
    status ?? refuse('DCAP_TCB_LEVEL', word === 'Revoked' ? 'level is revoked' : 'unknown status')
  )
}

/**
 * The status of a whole by those of its parts: every shortcoming of any part is one of the whole.
 *
 * @example
 * ```ts
 * joinedStatus(['UpToDate', 'SWHardeningNeeded']) // => 'SWHardeningNeeded'
 * joinedStatus(['OutOfDate', 'ConfigurationNeeded']) // => 'OutOfDateConfigurationNeeded'
 * ```
 */
export function joinedStatus(statuses: readonly TcbStatus[]): TcbStatus {
  const some = (part: string): boolean => statuses.some((status) => status.includes(part))
  const configuration = some('Configuration')
  if (some('OutOfDate')) return configuration ? 'OutOfDateConfigurationNeeded' : 'OutOfDate'
  const hardening = some('SWHardening')
  if (configuration) return hardening ? 'ConfigurationAndSWHardeningNeeded' : 'ConfigurationNeeded'
  return hardening ? 'SWHardeningNeeded' : 'UpToDate'
}
