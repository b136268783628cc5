/**
 * Evidence as bytes, for the kinds that devices of a mesh show one another: canonical CBOR.
 *
 * What a vendor signed stands inside byte for byte; its own signature is what counts.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type Shape,
  type ShapeOf,
  uint,
  word,
} from '../core/cbor-shape.ts'
import { refuse } from './errors.ts'
import type { SelfEvidence } from './self/self.ts'
import type { TpmEvidence } from './tpm/tpm.ts'

/** Kinds that travel. */
export type TravellingEvidence = SelfEvidence | TpmEvidence

const STRUCTURE_BYTES_MAX = 8 * 1024
const LOG_BYTES_MAX = 512 * 1024
const PIECE_BYTES_MAX = 640 * 1024
const CERTIFICATES_MAX = 8
const structure = bytes(1, STRUCTURE_BYTES_MAX)
const tpm = record({
  attest: structure,
  signature: structure,
  akPublic: structure,
  /** Null where the attestation key has a certificate of its own. */
  ekPublic: optional(structure),
  certificates: list(structure, CERTIFICATES_MAX),
  pcrs: list(record({ index: uint(23), value: bytes(1, 64) }), 24),
  eventLog: optional(bytes(1, LOG_BYTES_MAX)),
})
const self = record({ statement: bytes(1, 70_000) })
const piece = record({ kind: word('tpm', 'self'), body: bytes(1, PIECE_BYTES_MAX) })

export function encodeEvidence(evidence: TravellingEvidence): Uint8Array {
  const body =
    evidence.kind === 'tpm'
      ? encodeShape(tpm, tpmFields(evidence))
      : encodeShape(self, { statement: evidence.statement })
  return encodeShape(piece, { kind: evidence.kind, body })
}

/** @throws {AttestationError} `CBOR_MALFORMED`. */
export function decodeEvidence(encoded: Uint8Array): TravellingEvidence {
  const { kind, body } = decoded(piece, encoded)
  return kind === 'tpm' ? tpmOf(decoded(tpm, body)) : { kind, ...decoded(self, body) }
}

function tpmFields(evidence: TpmEvidence): ShapeOf<typeof tpm> {
  const { attest, signature, akPublic, endorsement, pcrs, eventLog } = evidence
  return {
    attest,
    signature,
    akPublic,
    ekPublic: endorsement.type === 'endorsement-key' ? endorsement.ekPublic : undefined,
    certificates: endorsement.certificates,
    pcrs: [...pcrs].map(([index, value]) => ({ index, value })),
    eventLog,
  }
}

function tpmOf(fields: ShapeOf<typeof tpm>): TpmEvidence {
  const { attest, signature, akPublic, ekPublic, certificates, pcrs, eventLog } = fields
  return {
    kind: 'tpm',
    attest,
    signature,
    akPublic,
    endorsement:
      ekPublic === undefined
        ? { type: 'ak-certificate', certificates }
        : { type: 'endorsement-key', ekPublic, certificates },
    pcrs: new Map(pcrs.map(({ index, value }) => [index, value])),
    eventLog,
  }
}

function decoded<T>(shape: Shape<T>, encoded: Uint8Array): T {
  const result = decodeShape(shape, encoded)
  return result.type === 'value' ? result.value : refuse('CBOR_MALFORMED', result.reason)
}
