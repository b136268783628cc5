/**
 * Quotes of Intel SGX (version 3) and TDX (versions 4 and 5): Intel DCAP ECDSA quoting library, appendix A.
 *
 * Bytes after the signature data are ignored, as real quotes are padded; that is why
 * a quote is named by the hash of what is signed, never by that of its file.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { ByteReader } from '../encoding/byte-reader.ts'
import { demand, refuse } from '../errors.ts'

export interface DcapQuote {
  readonly version: number
  readonly body: SgxBody | TdxBody
  /** Header and body: what the attestation key signs. */
  readonly signedBytes: Uint8Array
  readonly signature: Uint8Array
  /** x and y of the attestation key. */
  readonly attestationKey: Uint8Array
  readonly qeReport: SgxBody
  readonly qeReportBytes: Uint8Array
  readonly qeReportSignature: Uint8Array
  readonly qeAuthentication: Uint8Array
  /** The platform's certificate chain, in PEM form, leaf first. */
  readonly pckChain: Uint8Array
}

export interface SgxBody {
  readonly type: 'sgx'
  readonly miscSelect: Uint8Array
  readonly attributes: Uint8Array
  readonly mrEnclave: string
  readonly mrSigner: string
  readonly productId: number
  readonly securityVersion: number
  readonly reportData: Uint8Array
}

export interface TdxBody {
  readonly type: 'tdx'
  /** Security versions of the TDX module and of what is below it. */
  readonly teeTcbSvn: Uint8Array
  readonly mrSignerSeam: string
  readonly seamAttributes: Uint8Array
  readonly tdAttributes: Uint8Array
  readonly mrTd: string
  readonly mrConfigId: string
  readonly mrOwner: string
  /** Runtime measurements 0 to 3. */
  readonly rtmrs: readonly Uint8Array[]
  /** Of a service TD; undefined in TDX 1.0. */
  readonly mrServiceTd: string | undefined
  readonly reportData: Uint8Array
}

const SGX_BODY_BYTES = 384
const TDX_10_BODY_BYTES = 584
const TDX_15_BODY_BYTES = 648
const QUOTE_BYTES_MAX = 64 * 1024
const AUTHENTICATION_BYTES_MAX = 1024
const CHAIN_BYTES_MAX = 16 * 1024
const ECDSA_P256 = 2
const TEE_TDX = 0x81
const CERTIFICATE_QE_REPORT = 6
const CERTIFICATE_PCK_CHAIN = 5
const INTEL_VENDOR = '939a7233f79c4ca9940a0db3957f0607'
const code = 'DCAP_MALFORMED'
const layout = { code, littleEndian: true } as const

/** @throws {AttestationError} `DCAP_MALFORMED`, `ATTESTATION_LIMIT`. */
export function readDcapQuote(bytes: Uint8Array): DcapQuote {
  demand(bytes.length <= QUOTE_BYTES_MAX, 'ATTESTATION_LIMIT', 'quote too large')
  const reader = new ByteReader(bytes, layout)
  const version = reader.u16()
  const keyType = reader.u16()
  const tee = reader.u32()
  reader.take(4)
  const vendor = toHex(reader.take(16))
  reader.take(20)
  demand(keyType === ECDSA_P256, code, `attestation key of type ${keyType}`)
  demand(vendor === INTEL_VENDOR, code, 'quoting enclave of another vendor')
  const body = readBody(reader, version, tee)
  const signedBytes = bytes.subarray(0, reader.at)
  const signatureData = new ByteReader(reader.take(reader.u32()), layout)
  return { version, body, signedBytes, ...readSignatureData(signatureData, version) }
}

function readBody(reader: ByteReader, version: number, tee: number): SgxBody | TdxBody {
  if (version === 3) {
    demand(tee === 0, code, 'version 3 is of SGX only')
    return readSgxBody(reader.take(SGX_BODY_BYTES))
  }
  if (version === 4) {
    if (tee === 0) return readSgxBody(reader.take(SGX_BODY_BYTES))
    demand(tee === TEE_TDX, code, `environment 0x${tee.toString(16)}`)
    return readTdxBody(reader.take(TDX_10_BODY_BYTES))
  }
  demand(version === 5, code, `version ${version}`)
  const [type, size] = [reader.u16(), reader.u32()]
  const expected = [undefined, SGX_BODY_BYTES, TDX_10_BODY_BYTES, TDX_15_BODY_BYTES][type]
  const environment = type === 1 ? 0 : TEE_TDX
  demand(size === expected && tee === environment, code, `body of type ${type}, ${size} bytes`)
  return type === 1 ? readSgxBody(reader.take(size)) : readTdxBody(reader.take(size))
}

function readSignatureData(
  reader: ByteReader,
  version: number,
): Omit<DcapQuote, 'version' | 'body' | 'signedBytes'> {
  const [signature, attestationKey] = [reader.take(64), reader.take(64)]
  const nested = version === 3 ? reader : qeData(reader)
  const qeReportBytes = nested.take(SGX_BODY_BYTES)
  const qeReportSignature = nested.take(64)
  const authenticationBytes = nested.u16()
  demand(authenticationBytes <= AUTHENTICATION_BYTES_MAX, code, 'authentication data too large')
  const qeAuthentication = nested.take(authenticationBytes)
  const type = nested.u16()
  demand(type === CERTIFICATE_PCK_CHAIN, code, `certification data of type ${type}`)
  const size = nested.u32()
  demand(size <= CHAIN_BYTES_MAX, code, 'certificate chain too large')
  const pckChain = nested.take(size)
  nested.end()
  reader.end()
  return {
    signature,
    attestationKey,
    qeReport: readSgxBody(qeReportBytes),
    qeReportBytes,
    qeReportSignature,
    qeAuthentication,
    pckChain,
  }
}

/** From version 4 on, what the quoting enclave says is wrapped once more. */
function qeData(reader: ByteReader): ByteReader {
  const type = reader.u16()
  demand(type === CERTIFICATE_QE_REPORT, code, `certification data of type ${type}`)
  return new ByteReader(reader.take(reader.u32()), layout)
}

function readSgxBody(bytes: Uint8Array): SgxBody {
  const at = (start: number, length: number): Uint8Array => bytes.subarray(start, start + length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return {
    type: 'sgx',
    miscSelect: at(16, 4),
    attributes: at(48, 16),
    mrEnclave: toHex(at(64, 32)),
    mrSigner: toHex(at(128, 32)),
    productId: view.getUint16(256, true),
    securityVersion: view.getUint16(258, true),
    reportData: at(320, 64),
  }
}

function readTdxBody(bytes: Uint8Array): TdxBody {
  const at = (start: number, length: number): Uint8Array => bytes.subarray(start, start + length)
  const tdAttributes = at(120, 8)
  // Bits 1 to 7 must be zero: they would be further ways to be debugged.
  if (((tdAttributes[0] ?? 0) & 0xfe) !== 0) refuse(code, 'reserved attributes of the TD')
  return {
    type: 'tdx',
    teeTcbSvn: at(0, 16),
    mrSignerSeam: toHex(at(64, 48)),
    seamAttributes: at(112, 8),
    tdAttributes,
    mrTd: toHex(at(136, 48)),
    mrConfigId: toHex(at(184, 48)),
    mrOwner: toHex(at(232, 48)),
    rtmrs: [328, 376, 424, 472].map((start) => at(start, 48)),
    mrServiceTd: bytes.length === TDX_15_BODY_BYTES ? toHex(at(600, 48)) : undefined,
    reportData: at(520, 64),
  }
}
