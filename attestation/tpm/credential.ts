/**
 * TPM2_MakeCredential in software: a secret that only one TPM can read, and only for one key in it.
 *
 * This is how a verifier learns that an attestation key lives in the TPM of an
 * endorsement key (TPM 2.0 Library, part 1, section 24; part 3, section 12.6).
 * The same input gives the same bytes: randomness is handed in.
 *
 * @module
 */

import {
  constants,
  createCipheriv,
  createECDH,
  createHash,
  createHmac,
  publicEncrypt,
} from 'node:crypto'
import { concatBytes, fromBase64Url, fromHex, utf8 } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'
import { refuse } from '../errors.ts'
import { HASH_BYTES, type TpmHash } from './algorithms.ts'
import type { TpmPublic } from './public-area.ts'

export interface CredentialInit {
  readonly ek: TpmPublic
  /** Name of the attestation key, in hex. */
  readonly akName: string
  /** What the TPM is to give back; at most as long as the EK's name hash. */
  readonly secret: Uint8Array
  /** Random bytes: {@link CREDENTIAL_RANDOM_BYTES} of them, new for each credential. */
  readonly random: Uint8Array
}

/** Parameters of TPM2_ActivateCredential. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly idObject: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array
}

/** Enough for the seed and the padding, or for a scalar of P-384 without bias. */
export const CREDENTIAL_RANDOM_BYTES = 128

/** @throws {AttestationError} `TPM_MALFORMED` for a key that is no storage key. */
export function makeCredential({ ek, akName, secret, random }: CredentialInit): Credential {
  const { nameHash: hash, symmetricBits } = ek
  const name = fromHex(akName)
  invariant(name !== undefined && secret.length <= HASH_BYTES[hash], 'a name and a short secret')
  invariant(random.length === CREDENTIAL_RANDOM_BYTES, 'random bytes for one credential')
  if (symmetricBits !== 128 && symmetricBits !== 256) {
    refuse('TPM_MALFORMED', 'endorsement key without a symmetric algorithm')
  }
  const { seed, encryptedSecret } =
    ek.curve === undefined ? rsaSeed(ek, random) : eccSeed(ek, random)
  const key = kdfa(hash, seed, { label: 'STORAGE', context: name, bits: symmetricBits })
  const cipher = createCipheriv(`aes-${symmetricBits}-cfb`, key, new Uint8Array(16))
  const identity = concatBytes([cipher.update(sized(secret)), cipher.final()])
  const bits = 8 * HASH_BYTES[hash]
  const macKey = kdfa(hash, seed, { label: 'INTEGRITY', context: new Uint8Array(), bits })
  const mac = createHmac(hash, macKey).update(identity).update(name).digest()
  return {
    idObject: sized(concatBytes([sized(mac), identity])),
    encryptedSecret: sized(encryptedSecret),
  }
}

interface Seed {
  readonly seed: Uint8Array
  readonly encryptedSecret: Uint8Array
}

/** The label of OAEP, KDFe and the like ends in a zero byte (part 1, annexes B.10.3 and C.6.3). */
const IDENTITY = utf8('IDENTITY\0')

/** OAEP (RFC 8017, section 7.1.1) by hand: node:crypto would draw the padding's seed itself. */
function rsaSeed({ key, nameHash: hash }: TpmPublic, random: Uint8Array): Seed {
  const size = HASH_BYTES[hash]
  const [seed, paddingSeed] = [random.subarray(0, size), random.subarray(size, 2 * size)]
  const modulusBytes = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  const labelHash = createHash(hash).update(IDENTITY).digest()
  const block = new Uint8Array(modulusBytes - size - 1)
  block.set(labelHash)
  block[block.length - size - 1] = 1
  block.set(seed, block.length - size)
  const masked = xor(block, mgf1(hash, paddingSeed, block.length))
  const maskedSeed = xor(paddingSeed, mgf1(hash, masked, size))
  const padded = concatBytes([Uint8Array.of(0), maskedSeed, masked])
  const encrypted = publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, padded)
  return { seed, encryptedSecret: new Uint8Array(encrypted) }
}

/** One-pass Diffie-Hellman with an ephemeral key, then KDFe (part 1, annex C.6.1). */
function eccSeed({ key, curve, nameHash: hash }: TpmPublic, random: Uint8Array): Seed {
  invariant(curve !== undefined, 'an ECC key has a curve')
  const jwk = key.export({ format: 'jwk' })
  const [x, y] = [fromBase64Url(jwk.x ?? ''), fromBase64Url(jwk.y ?? '')]
  invariant(x !== undefined && y !== undefined, 'an ECC key has a point')
  const ephemeral = createECDH(curve.openssl)
  ephemeral.setPrivateKey(scalar(random, curve.bytes))
  const point = ephemeral.getPublicKey()
  const [ownX, ownY] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)]
  const shared = ephemeral.computeSecret(concatBytes([Uint8Array.of(4), x, y]))
  const seed = createHash(hash)
    .update(concatBytes([uint32(1), shared, IDENTITY, ownX, x]))
    .digest()
  return { seed, encryptedSecret: concatBytes([sized(ownX), sized(ownY)]) }
}

/** A scalar below the order of either curve: its top bit is cleared, its lowest set so that it is not zero. */
function scalar(random: Uint8Array, bytes: number): Uint8Array {
  const chosen = Uint8Array.from(random.subarray(0, bytes))
  chosen[0] = (chosen[0] ?? 0) & 0x7f
  chosen[bytes - 1] = (chosen[bytes - 1] ?? 0) | 1
  return chosen
}

interface Derivation {
  readonly label: string
  readonly context: Uint8Array
  readonly bits: number
}

/** KDFa (part 1, section 11.4.10.2), one round: no output is longer than the hash. */
function kdfa(hash: TpmHash, key: Uint8Array, { label, context, bits }: Derivation): Uint8Array {
  const message = concatBytes([uint32(1), utf8(`${label}\0`), context, uint32(bits)])
  return createHmac(hash, key)
    .update(message)
    .digest()
    .subarray(0, bits / 8)
}

function mgf1(hash: TpmHash, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let counter = 0; counter * HASH_BYTES[hash] < length; counter++) {
    blocks.push(createHash(hash).update(seed).update(uint32(counter)).digest())
  }
  return concatBytes(blocks).subarray(0, length)
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ (b[index] ?? 0))
}

function sized(bytes: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}
