/**
 * Google's list of revoked attestation keys: certificates by serial number, in JSON.
 *
 * Nobody signs this list, so it is only as good as the way it came. Its keys are
 * hexadecimal, but decimal ones were published, too: a key of digits alone is read both ways.
 *
 * @module
 */

import { refuse } from '../errors.ts'

export interface AndroidStatusList {
  /** Serial numbers in hex, without leading zeros. */
  readonly revoked: ReadonlySet<string>
  /** When it was fetched, in milliseconds since 1970. */
  readonly fetchedAtMs: number
}

const CHARACTERS_MAX = 4 * 1024 * 1024
const ENTRIES_MAX = 50_000

/** @throws {AttestationError} `ANDROID_MALFORMED`, `ATTESTATION_LIMIT`. */
export function readStatusList(json: string, fetchedAtMs: number): AndroidStatusList {
  if (json.length > CHARACTERS_MAX) refuse('ATTESTATION_LIMIT', 'status list too large')
  const revoked = new Set<string>()
  const entries = Object.keys(entriesOf(json))
  if (entries.length > ENTRIES_MAX) refuse('ATTESTATION_LIMIT', 'status list of too many entries')
  // Whatever the status is, REVOKED or SUSPENDED: who is listed is not to be trusted.
  for (const key of entries) {
    if (!/^[0-9a-f]{1,64}$/.test(key)) refuse('ANDROID_MALFORMED', 'key of the list is no serial')
    revoked.add(plainSerial(key))
    if (/^\d+$/.test(key)) revoked.add(BigInt(key).toString(16))
  }
  return { revoked, fetchedAtMs }
}

/** A serial number in hex without leading zeros, as the list names it. */
export function plainSerial(hex: string): string {
  return hex.replace(/^0+(?=.)/, '')
}

function entriesOf(json: string): Readonly<Record<string, unknown>> {
  try {
    const { entries } = JSON.parse(json) as { readonly entries?: unknown }
    if (typeof entries === 'object' && entries !== null && !Array.isArray(entries)) {
      return entries as Readonly<Record<string, unknown>>
    }
  } catch {
    // Refused below, like JSON that is something else.
  }
  return refuse('ANDROID_MALFORMED', 'status list without entries')
}
