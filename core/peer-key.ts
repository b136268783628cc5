/**
 * A PeerId is its Ed25519 public key, written as libp2p writes it.
 *
 * The text is base58btc of an identity multihash over the protobuf
 * `PublicKey { type: Ed25519, data }` (libp2p peer-ids specification, "Keys").
 *
 * @module
 */

import { bytesEqual, concatBytes } from './bytes.ts'
import { asPeerId, type PeerId } from './ids.ts'
import { peerIdBytes, peerIdText } from './peer-id-text.ts'
import { RecentCache } from './recent-cache.ts'

/** Identity multihash of 36 bytes, protobuf field 1 = 1 (Ed25519), field 2 of 32 bytes. */
const PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** Bytes of an Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32

/** Ids that are remembered by their keys: one text for all who ask, which compares quicker. */
const IDS_REMEMBERED = 1_024
const ids = new RecentCache<string, PeerId>(IDS_REMEMBERED)

/** The PeerId of a public key of {@link PUBLIC_KEY_BYTES} bytes. */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  let key = ''
  for (const byte of publicKey) key += String.fromCharCode(byte)
  const known = ids.get(key)
  if (known !== undefined) return known
  const id = peerIdText(concatBytes([PREFIX, publicKey])) as PeerId
  ids.set(key, id)
  return id
}

/** The public key that a PeerId carries, or undefined when the text is no Ed25519 PeerId. */
export function publicKeyOf(peer: string): Uint8Array | undefined {
  if (asPeerId(peer) === undefined) return undefined
  const bytes = peerIdBytes(peer)
  const fits = bytes !== undefined && bytesEqual(bytes.subarray(0, PREFIX.length), PREFIX)
  return fits ? bytes.subarray(PREFIX.length) : undefined
}
