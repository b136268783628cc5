/**
 * How ids look inside records: as the raw bytes that their text stands for.
 *
 * @module
 */

import { fromHex, toHex } from './bytes.ts'
import { bytes, mapped, type Shape } from './cbor-shape.ts'
import type { PeerId } from './ids.ts'
import { invariant } from './invariant.ts'
import { peerIdOf, PUBLIC_KEY_BYTES, publicKeyOf } from './peer-key.ts'

/** A PeerId, as the {@link PUBLIC_KEY_BYTES} bytes of its Ed25519 key. */
export function peerId(): Shape<PeerId> {
  return mapped(bytes(PUBLIC_KEY_BYTES), peerIdOf, (peer) => {
    const key = publicKeyOf(peer)
    invariant(key !== undefined, 'a PeerId carries an Ed25519 key')
    return key
  })
}

/** An id that is `length` bytes in lower-case hex, as those bytes. */
export function hexId<Id extends string>(length: number): Shape<Id> {
  return mapped(
    bytes(length),
    (raw) => toHex(raw) as Id,
    (id) => {
      const raw = fromHex(id)
      invariant(raw?.length === length, 'an id is lower-case hex of its length')
      return raw
    },
  )
}
