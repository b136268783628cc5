/**
 * The attestation report of SEV-SNP, versions 2 to 5 (AMD SEV-SNP firmware ABI, 56860, section 7.3).
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { ByteReader } from '../encoding/byte-reader.ts'
import { demand } from '../errors.ts'

export interface SnpReport {
  readonly version: number
  /** What the owner of the guest allowed. */
  readonly policy: { readonly debug: boolean; readonly migration: boolean; readonly smt: boolean }
  /** Privilege level of whoever asked for the report; 0 is the most privileged. */
  readonly vmpl: number
  /** What the platform says of itself. */
  readonly platform: { readonly aliasCheck: boolean; readonly ciphertextHiding: boolean }
  readonly chipKeyMasked: boolean
  readonly signer: 'vcek' | 'vlek'
  readonly reportData: Uint8Array
  readonly measurement: string
  readonly hostData: string
  readonly idKeyDigest: string
  readonly authorKeyDigest: string
  /** Octets, lowest first. */
  readonly reportedTcb: Uint8Array
  readonly currentTcb: Uint8Array
  readonly committedTcb: Uint8Array
  /** Family and model; undefined in version 2, which does not tell. */
  readonly cpuid: { readonly family: number; readonly model: number } | undefined
  readonly chipId: Uint8Array
  readonly signedBytes: Uint8Array
  /** r and s, each big endian in 48 bytes. */
  readonly signature: Uint8Array
}

const REPORT_BYTES = 0x4a0
const SIGNED_BYTES = 0x2a0
const SIGNATURE_NUMBER_BYTES = 72
const NUMBER_BYTES = 48
const ECDSA_P384_SHA384 = 1
const VERSION_MIN = 2
const VERSION_MAX = 5

/** @throws {AttestationError} `SNP_MALFORMED`, `SNP_SIGNING_KEY`. */
export function readReport(bytes: Uint8Array): SnpReport {
  demand(
    bytes.length === REPORT_BYTES,
    'SNP_MALFORMED',
    `expected ${REPORT_BYTES} bytes, got ${bytes.length}`,
  )
  const reader = new ByteReader(bytes, { code: 'SNP_MALFORMED', littleEndian: true })
  const version = reader.u32()
  const known = version >= VERSION_MIN && version <= VERSION_MAX
  demand(known, 'SNP_MALFORMED', `version ${version}`)
  reader.u32()
  const policy = reader.u64()
  demand(bit(policy, 17), 'SNP_MALFORMED', 'policy bit 17 must be set')
  reader.take(32)
  const vmpl = reader.u32()
  const algorithm = reader.u32()
  demand(algorithm === ECDSA_P384_SHA384, 'SNP_MALFORMED', `signature algorithm ${algorithm}`)
  const currentTcb = reader.take(8)
  const platform = reader.u64()
  const keyInfo = reader.u32()
  mustBeZero(reader.take(4))
  const reportData = reader.take(64)
  const measurement = reader.take(48)
  const hostData = reader.take(32)
  const [idKeyDigest, authorKeyDigest] = [reader.take(48), reader.take(48)]
  reader.take(64)
  const reportedTcb = reader.take(8)
  const cpuid = { family: reader.u8(), model: reader.u8() }
  const chipId = bytes.subarray(0x1a0, 0x1e0)
  const committedTcb = bytes.subarray(0x1e0, 0x1e8)
  return {
    version,
    policy: { debug: bit(policy, 19), migration: bit(policy, 18), smt: bit(policy, 16) },
    vmpl,
    platform: { aliasCheck: bit(platform, 5), ciphertextHiding: bit(platform, 4) },
    chipKeyMasked: (keyInfo & 2) !== 0,
    signer: signerOf((keyInfo >> 2) & 7),
    reportData,
    measurement: toHex(measurement),
    hostData: toHex(hostData),
    idKeyDigest: toHex(idKeyDigest),
    authorKeyDigest: toHex(authorKeyDigest),
    reportedTcb,
    currentTcb,
    committedTcb,
    cpuid: version >= 3 ? cpuid : undefined,
    chipId,
    signedBytes: bytes.subarray(0, SIGNED_BYTES),
    signature: readSignature(bytes),
  }
}

/** Both numbers are little endian in fields that are too long; nothing signs the rest, so it must be zero. */
function readSignature(bytes: Uint8Array): Uint8Array {
  const signature = new Uint8Array(2 * NUMBER_BYTES)
  for (const index of [0, 1]) {
    const start = SIGNED_BYTES + index * SIGNATURE_NUMBER_BYTES
    const field = bytes.subarray(start, start + SIGNATURE_NUMBER_BYTES)
    mustBeZero(field.subarray(NUMBER_BYTES))
    signature.set(field.slice(0, NUMBER_BYTES).toReversed(), index * NUMBER_BYTES)
  }
  mustBeZero(bytes.subarray(SIGNED_BYTES + 2 * SIGNATURE_NUMBER_BYTES))
  return signature
}

function signerOf(value: number): SnpReport['signer'] {
  demand(value <= 1, 'SNP_SIGNING_KEY', `signing key of kind ${value}`)
  return value === 0 ? 'vcek' : 'vlek'
}

function mustBeZero(bytes: Uint8Array): void {
  const zero = bytes.every((byte) => byte === 0)
  demand(zero, 'SNP_MALFORMED', 'something stands where the report must be zero')
}

function bit(value: bigint, position: number): boolean {
  return ((value >> BigInt(position)) & 1n) === 1n
}
