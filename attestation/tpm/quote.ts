/**
 * A quote: TPMS_ATTEST, and the signature under it (TPM 2.0 Library, part 2, sections 10.12 and 11.3).
 *
 * A restricted key refuses to sign outside data that begins with the magic value:
 * that is why the magic means that the TPM itself made this. Public verifiers
 * accepted forgeries because they left the magic or the selection out.
 *
 * @module
 */

import { constants, createHash, timingSafeEqual, verify } from 'node:crypto'
import { concatBytes } from '../../core/bytes.ts'
import { ByteReader } from '../encoding/byte-reader.ts'
import { demand, refuse } from '../errors.ts'
import {
  ALG_ECDSA,
  ALG_RSAPSS,
  ALG_RSASSA,
  HASH_BYTES,
  type TpmHash,
  tpmHash,
} from './algorithms.ts'
import { coordinate, type TpmPublic } from './public-area.ts'

export interface TpmQuote {
  readonly extraData: Uint8Array
  /** Milliseconds that the TPM has been on, ever. */
  readonly clockMs: bigint
  /** Boots, ever: a change means that registers began anew. */
  readonly resetCount: number
  readonly restartCount: number
  readonly firmwareVersion: bigint
  readonly bank: TpmHash
  /** Registers that the quote is about, ascending. */
  readonly selection: readonly number[]
  readonly pcrDigest: Uint8Array
}

const MAGIC = 0xff54_4347
const ATTEST_QUOTE = 0x8018
const SELECT_BYTES_MAX = 4

/** @throws {AttestationError} `TPM_MAGIC`, `TPM_MALFORMED`, `TPM_PCR_SELECTION`. */
export function readQuote(attest: Uint8Array): TpmQuote {
  const reader = new ByteReader(attest, { code: 'TPM_MALFORMED', littleEndian: false })
  const [magic, type] = [reader.u32(), reader.u16()]
  demand(magic === MAGIC, 'TPM_MAGIC', 'what was signed does not begin with TPM_GENERATED')
  demand(
    type === ATTEST_QUOTE,
    'TPM_MAGIC',
    `what was signed is no quote but 0x${type.toString(16)}`,
  )
  reader.sized()
  const extraData = reader.sized()
  const clockMs = reader.u64()
  const [resetCount, restartCount] = [reader.u32(), reader.u32()]
  reader.u8()
  const firmwareVersion = reader.u64()
  const banks = reader.u32()
  demand(banks === 1, 'TPM_PCR_SELECTION', `expected registers of one bank, got ${banks}`)
  const bank = tpmHash(reader.u16())
  const selection = readSelection(reader)
  const pcrDigest = reader.sized()
  reader.end()
  return {
    extraData,
    clockMs,
    resetCount,
    restartCount,
    firmwareVersion,
    bank,
    selection,
    pcrDigest,
  }
}

/**
 * Refuses unless `key` signed `attest`, by the scheme that the key itself is made for.
 *
 * @returns The hash of the signature, which is also that of the register digest, whatever the bank.
 * @throws {AttestationError} `TPM_SIGNATURE`, `TPM_SIGNATURE_SCHEME`, `TPM_MALFORMED`.
 */
export function checkTpmSignature(
  key: TpmPublic,
  attest: Uint8Array,
  signature: Uint8Array,
): TpmHash {
  const reader = new ByteReader(signature, { code: 'TPM_MALFORMED', littleEndian: false })
  const algorithm = reader.u16()
  const hash = tpmHash(reader.u16())
  const own = key.scheme?.algorithm === algorithm && key.scheme.hash === hash
  demand(own, 'TPM_SIGNATURE_SCHEME', `scheme 0x${algorithm.toString(16)} with ${hash}`)
  const holds = signatureHolds(key, algorithm, { hash, attest, reader })
  reader.end()
  demand(holds, 'TPM_SIGNATURE', 'signature of the quote does not hold')
  return hash
}

/**
 * Refuses unless the values of the selected registers are those that were signed.
 *
 * @throws {AttestationError} `TPM_PCR_DIGEST`, `TPM_PCR_SELECTION`.
 */
export function checkPcrs(
  quote: TpmQuote,
  hash: TpmHash,
  pcrs: ReadonlyMap<number, Uint8Array>,
): void {
  const { bank, selection, pcrDigest } = quote
  demand(pcrs.size === selection.length, 'TPM_PCR_SELECTION', 'values of other registers')
  const values = selection.map((index) => {
    const value = pcrs.get(index)
    if (value === undefined) refuse('TPM_PCR_SELECTION', `no value of register ${index}`)
    demand(value.length === HASH_BYTES[bank], 'TPM_PCR_DIGEST', `register ${index} is no ${bank}`)
    return value
  })
  const digest = createHash(hash).update(concatBytes(values)).digest()
  const equal = digest.length === pcrDigest.length && timingSafeEqual(digest, pcrDigest)
  demand(equal, 'TPM_PCR_DIGEST', 'digest of the registers is not the signed one')
}

function readSelection(reader: ByteReader): readonly number[] {
  const bytes = reader.u8()
  if (bytes > SELECT_BYTES_MAX) refuse('TPM_MALFORMED', `selection of ${bytes} bytes`)
  const selection: number[] = []
  for (const [at, octet] of reader.take(bytes).entries()) {
    for (let bit = 0; bit < 8; bit++) if ((octet & (1 << bit)) !== 0) selection.push(8 * at + bit)
  }
  return selection
}

interface Signed {
  readonly hash: TpmHash
  readonly attest: Uint8Array
  /** At the signature's values. */
  readonly reader: ByteReader
}

function signatureHolds({ key, curve }: TpmPublic, algorithm: number, signed: Signed): boolean {
  const { hash, attest, reader } = signed
  if (algorithm === ALG_ECDSA && curve !== undefined) {
    const [r, s] = [coordinate(reader.sized(), curve), coordinate(reader.sized(), curve)]
    return verify(hash, attest, { key, dsaEncoding: 'ieee-p1363' }, concatBytes([r, s]))
  }
  if (curve !== undefined || (algorithm !== ALG_RSASSA && algorithm !== ALG_RSAPSS)) {
    refuse('TPM_SIGNATURE_SCHEME', `scheme 0x${algorithm.toString(16)}`)
  }
  const padding =
    algorithm === ALG_RSASSA ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_PSS_PADDING
  return verify(
    hash,
    attest,
    { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
    reader.sized(),
  )
}
