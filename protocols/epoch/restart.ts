/**
 * The founder's word that a mesh goes on from its last certified header, though too few seats are left to decide.
 *
 * It names an epoch after the one that the old seats could not decide: whatever they have signed in that one binds
 * nobody any more, and nobody votes twice by going on.
 *
 * @module
 */

import { bytes, encodeShape, record, type ShapeOf, uint } from '../../core/cbor-shape.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { isSignedBy } from '../../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { EPOCH_MAX, EPOCH_VERSION, HASH_BYTES, RESTART_BYTES_MAX } from './limits.ts'
import { readWord, sealWord } from './signed-word.ts'

const KIND = 'epoch-restart'

const RESTART = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  /** The epoch that the founder decides alone. */
  epoch: uint(EPOCH_MAX),
  /** Hash of the last certified header. */
  parent: bytes(HASH_BYTES),
})

export type Restart = Omit<ShapeOf<typeof RESTART>, 'v'>

/** The restart as a cut holds it: at most {@link RESTART_BYTES_MAX} bytes. */
export function signRestart(founder: Signer, restart: Restart): Uint8Array {
  const body = encodeShape(RESTART, { v: EPOCH_VERSION, ...restart })
  return sealWord(founder, KIND, { body, bytesMax: RESTART_BYTES_MAX })
}

/** The restart, when the founder signed it. */
export function openRestart(verify: Verify, founder: PeerId, encoded: Uint8Array): Result<Restart> {
  const read = readWord(RESTART, encoded, RESTART_BYTES_MAX)
  if (read.type === 'refused') return read
  const { v: _, ...restart } = read.value.word
  return isSignedBy(verify, founder, KIND, read.value.signed)
    ? accept(restart)
    : refuse('EPOCH_SIGNATURE_INVALID', 'expected the word of the founder')
}
