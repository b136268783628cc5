/**
 * Messages of /brume/attest/1 as frames: a byte for the kind, then canonical CBOR.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type Shape,
  type ShapeOf,
  text,
  uint,
} from '../../core/cbor-shape.ts'
import {
  EVIDENCE_BYTES_MAX,
  EVIDENCE_COUNT_MAX,
  HANDOVER_BYTES_MAX,
  HANDOVERS_MAX,
  NONCE_BYTES,
  REGISTERS_MAX,
  STRUCTURE_BYTES_MAX,
} from './limits.ts'

const structure = bytes(1, STRUCTURE_BYTES_MAX)
const keys = record({ ekPublic: structure, ekCertificate: structure, akPublic: structure })
const credential = record({ idObject: structure, encryptedSecret: structure })

/** Verifier: who are you? Everything that follows answers this nonce. */
const ask = record({ nonce: bytes(NONCE_BYTES) })
/** Attester: the keys of its TPM, if it has one. */
const identity = record({ keys: optional(keys) })
/** Verifier: a secret that only that TPM can read, and the registers that it wants quoted. */
const challenge = record({
  credential: optional(credential),
  registers: list(uint(REGISTERS_MAX - 1), REGISTERS_MAX),
})
/** Attester: evidence and handovers, each as attestation/ encodes it. */
const evidence = record({
  pieces: list(bytes(1, EVIDENCE_BYTES_MAX), EVIDENCE_COUNT_MAX),
  handovers: list(bytes(1, HANDOVER_BYTES_MAX), HANDOVERS_MAX),
})
/** Verifier: what it made of that. */
const result = record({ tier: text(16), scoreMicros: uint(1_000_000), codes: list(text(64), 32) })

/** Of a TPM: TPM2B_PUBLIC of both keys, and the certificate of the first. */
export type TpmKeys = ShapeOf<typeof keys>
/** TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET. */
export type TpmCredential = ShapeOf<typeof credential>
export type AttestResult = ShapeOf<typeof result>
export type ShownEvidence = ShapeOf<typeof evidence>

export type AttestMessage =
  | ({ readonly type: 'ask' } & ShapeOf<typeof ask>)
  | ({ readonly type: 'identity' } & ShapeOf<typeof identity>)
  | ({ readonly type: 'challenge' } & ShapeOf<typeof challenge>)
  | ({ readonly type: 'evidence' } & ShapeOf<typeof evidence>)
  | ({ readonly type: 'result' } & AttestResult)

/** A message, or undefined for bytes that are none. */
export type AttestDecoded = AttestMessage | undefined

const TYPES = ['ask', 'identity', 'challenge', 'evidence', 'result'] as const
const SHAPES: Readonly<Record<AttestMessage['type'], Shape<unknown>>> = {
  ask,
  identity,
  challenge,
  evidence,
  result,
}

export function encodeAttestMessage(message: AttestMessage): Uint8Array {
  const kind = TYPES.indexOf(message.type) + 1
  return concatBytes([Uint8Array.of(kind), encodeShape(SHAPES[message.type], message)])
}

export function decodeAttestMessage(frame: Uint8Array): AttestDecoded {
  const type = TYPES[(frame[0] ?? 0) - 1]
  if (type === undefined) return undefined
  const decoded = decodeShape(SHAPES[type], frame.subarray(1))
  if (decoded.type === 'refused') return undefined
  return { type, ...(decoded.value as object) } as AttestMessage
}
