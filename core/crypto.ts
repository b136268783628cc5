/**
 * Hashes and signatures as a port, so that pure rooms run in a browser too.
 *
 * @module
 */

import type { PeerId } from './ids.ts'

/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64

/** SHA-256 (FIPS 180-4) of `data`: 32 bytes. */
export type Sha256 = (data: Uint8Array) => Uint8Array

/** Signs as one device. Returns {@link SIGNATURE_BYTES} bytes. */
export interface Signer {
  readonly peer: PeerId
  sign(message: Uint8Array): Uint8Array
}

/** True when `signature` is by the key that `peer` names, under the strict cofactorless rule of RFC 8032, section 5.1.7. */
export type Verify = (peer: PeerId, message: Uint8Array, signature: Uint8Array) => boolean

/** What a pure room needs of cryptography. */
export interface Crypto {
  readonly sha256: Sha256
  readonly verify: Verify
}
