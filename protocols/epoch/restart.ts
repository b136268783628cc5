/**
 * The founder's word that a mesh goes on from its last certified header, though too few seats are left to decide.
 *
 * It names an epoch after the one that the old seats could not decide: whatever they have signed in that one binds
 * nobody any more, and nobody votes twice by going on.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  record,
  type ShapeOf,
  uint,
} from '../../core/cbor-shape.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { isSignedBy, signedRecord, signRecord } from '../../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { EPOCH_MAX, EPOCH_VERSION, HASH_BYTES, RESTART_BYTES_MAX } from './limits.ts'

const KIND = 'epoch-restart'

const RESTART = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  /** The epoch that the founder decides alone. */
  epoch: uint(EPOCH_MAX),
  /** Hash of the last certified header. */
  parent: bytes(HASH_BYTES),
})

const SIGNED = signedRecord(RESTART_BYTES_MAX)

export type Restart = Omit<ShapeOf<typeof RESTART>, 'v'>

/** The restart as a cut holds it: at most {@link RESTART_BYTES_MAX} bytes. */
export function signRestart(founder: Signer, restart: Restart): Uint8Array {
  const body = encodeShape(RESTART, { v: EPOCH_VERSION, ...restart })
  return encodeShape(SIGNED, signRecord(founder, KIND, body))
}

/** The restart, when the founder signed it. */
export function openRestart(verify: Verify, founder: PeerId, encoded: Uint8Array): Result<Restart> {
  if (encoded.length > RESTART_BYTES_MAX) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${RESTART_BYTES_MAX} bytes`)
  }
  const signed = decodeShape(SIGNED, encoded)
  if (signed.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', signed.reason)
  const read = decodeShape(RESTART, signed.value.body)
  if (read.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', read.reason)
  const { v, ...restart } = read.value
  if (v !== EPOCH_VERSION) {
    return refuse('EPOCH_VERSION_UNSUPPORTED', `expected version ${EPOCH_VERSION}`)
  }
  return isSignedBy(verify, founder, KIND, signed.value)
    ? accept(restart)
    : refuse('EPOCH_SIGNATURE_INVALID', 'expected the word of the founder')
}
