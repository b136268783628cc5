/**
 * A stand-in for SHA-256 and Ed25519 in simulations of many votes: a thousand times as quick.
 *
 * Whoever does not hold a signer cannot sign, because nothing in a simulation looks for a way around.
 *
 * @module
 */

import { bytesEqual, concatBytes, utf8 } from '../core/bytes.ts'
import type { Crypto, Signer } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { peerIdOf, PUBLIC_KEY_BYTES } from '../core/peer-key.ts'
import { simHash } from './sim-hash.ts'

const secrets = new Map<PeerId, Uint8Array>()

/** The signer of one small number; the same on every run. */
export function simSigner(number: number): Signer {
  const key = simHash(utf8(`key ${number}`)).subarray(0, PUBLIC_KEY_BYTES)
  const peer = peerIdOf(key)
  const secret = utf8(`secret ${number}`)
  secrets.set(peer, secret)
  return { peer, sign: (message) => signed(secret, message) }
}

export const simCrypto: Crypto = {
  sha256: simHash,
  verify: (peer, message, signature) => {
    const secret = secrets.get(peer)
    return secret !== undefined && bytesEqual(signed(secret, message), signature)
  },
}

function signed(secret: Uint8Array, message: Uint8Array): Uint8Array {
  const half = simHash(concatBytes([secret, message]))
  return concatBytes([half, half])
}
