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
import type { DcapEvidence } from './dcap/dcap.ts'
import type { NitroEvidence } from './nitro/nitro.ts'
import type { SelfEvidence } from './self/self.ts'
import type { SnpEvidence } from './sev-snp/sev-snp.ts'
import type { TpmEvidence } from './tpm/tpm.ts'

/** Kinds that travel. */
export type TravellingEvidence =
  | SelfEvidence
  | TpmEvidence
  | SnpEvidence
  | DcapEvidence
  | NitroEvidence

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
  bindingKey: optional(
    record({ keyPublic: structure, certified: structure, signature: structure, proof: structure }),
  ),
})
const self = record({ statement: bytes(1, 70_000) })
const snp = record({ report: structure, certificates: list(structure, CERTIFICATES_MAX) })
const dcap = record({ quote: bytes(1, 64 * 1024), eventLog: optional(bytes(1, LOG_BYTES_MAX)) })
const nitro = record({ document: bytes(1, 32 * 1024) })
const piece = record({
  kind: word('tpm', 'self', 'sev-snp', 'sgx', 'tdx', 'nitro'),
  body: bytes(1, PIECE_BYTES_MAX),
})

export function encodeEvidence(evidence: TravellingEvidence): Uint8Array {
  return encodeShape(piece, { kind: evidence.kind, body: bodyOf(evidence) })
}

/** @throws {AttestationError} `CBOR_MALFORMED`. */
export function decodeEvidence(encoded: Uint8Array): TravellingEvidence {
  const { kind, body } = decoded(piece, encoded)
  switch (kind) {
    case 'tpm':
      return tpmOf(decoded(tpm, body))
    case 'self':
      return { kind, ...decoded(self, body) }
    case 'nitro':
      return { kind, ...decoded(nitro, body) }
    case 'sev-snp':
      return { kind, ...decoded(snp, body) }
    case 'sgx':
    case 'tdx':
      return { kind, ...decoded(dcap, body) }
  }
}

function bodyOf(evidence: TravellingEvidence): Uint8Array {
  switch (evidence.kind) {
    case 'tpm':
      return encodeShape(tpm, tpmFields(evidence))
    case 'self':
      return encodeShape(self, evidence)
    case 'nitro':
      return encodeShape(nitro, evidence)
    case 'sev-snp':
      return encodeShape(snp, evidence)
    case 'sgx':
    case 'tdx':
      return encodeShape(dcap, { quote: evidence.quote, eventLog: evidence.eventLog })
  }
}

function tpmFields(evidence: TpmEvidence): ShapeOf<typeof tpm> {
  const { attest, signature, akPublic, endorsement, pcrs, eventLog, bindingKey } = evidence
  return {
    attest,
    signature,
    akPublic,
    ekPublic: endorsement.type === 'endorsement-key' ? endorsement.ekPublic : undefined,
    certificates: endorsement.certificates,
    pcrs: [...pcrs].map(([index, value]) => ({ index, value })),
    eventLog,
    bindingKey,
  }
}

function tpmOf(fields: ShapeOf<typeof tpm>): TpmEvidence {
  const { attest, signature, akPublic, ekPublic, certificates, pcrs } = fields
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
    eventLog: fields.eventLog,
    bindingKey: fields.bindingKey,
  }
}

function decoded<T>(shape: Shape<T>, encoded: Uint8Array): T {
  const result = decodeShape(shape, encoded)
  return result.type === 'value' ? result.value : refuse('CBOR_MALFORMED', result.reason)
}
