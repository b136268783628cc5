/**
 * With what the devices of a simulated mesh sign: a stand-in that is quick, or what real devices sign with.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { createSigner } from '../../node/crypto/signer.ts'
import { simCrypto, simSigner } from '../sim-crypto.ts'

export interface MeshKeys {
  readonly crypto: Crypto
  /** The signer of one small number; the same on every run. */
  readonly signerOf: (number: number) => Signer
}

export const SIM_KEYS: MeshKeys = { crypto: simCrypto, signerOf: simSigner }

const signers = new Map<number, Signer>()

/** SHA-256 and Ed25519. */
export const REAL_KEYS: MeshKeys = {
  crypto: nodeCrypto,
  signerOf: (number) => {
    const known = signers.get(number)
    const signer = known ?? createSigner(nodeCrypto.sha256(utf8(`key ${number}`)))
    signers.set(number, signer)
    return signer
  },
}
