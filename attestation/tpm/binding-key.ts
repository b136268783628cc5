/**
 * A key that lives in the TPM, works only while the registers are as they were quoted, and signs each question.
 *
 * A program with a TPM may quote for whom it likes: its owner could lend quotes to a device that runs elsewhere.
 * The lender would now have to keep a key in that state at hand, and sign for each question with it
 * (TPM 2.0 Library, part 3, sections 18.2 TPM2_Certify and 23.7 TPM2_PolicyPCR). He can still do so.
 *
 * @module
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { concatBytes, toHex, utf8 } from '../../core/bytes.ts'
import { ByteReader } from '../encoding/byte-reader.ts'
import { demand } from '../errors.ts'
import { readPublic, type TpmPublic } from './public-area.ts'
import { checkTpmSignature } from './quote.ts'

export interface BindingKeyEvidence {
  /** TPM2B_PUBLIC. */
  readonly keyPublic: Uint8Array
  /** TPMS_ATTEST of TPM2_Certify, by the attestation key, with the binding as its extra data. */
  readonly certified: Uint8Array
  /** TPMT_SIGNATURE of the attestation key. */
  readonly signature: Uint8Array
  /** TPMT_SIGNATURE of the key itself over {@link bindingKeyMessage}. */
  readonly proof: Uint8Array
}

/** What it must be certified by, and for. */
export interface BindingKeyRules {
  readonly ak: TpmPublic
  /** Extra data of the quote that it stands beside. */
  readonly extraData: Uint8Array
  readonly pcrs: ReadonlyMap<number, Uint8Array>
}

const MAGIC = 0xff54_4347
const ATTEST_CERTIFY = 0x8017
/** fixedTPM, fixedParent, sensitiveDataOrigin, sign, and no dictionary attacks: used by its policy alone. */
const ATTRIBUTES = 0x0004_0432
const POLICY_PCR = [0, 0, 0x01, 0x7f] as const
const SELECT_BYTES = 3

/** What the key signs: the binding of the evidence, for this use. */
export function bindingKeyMessage(binding: Uint8Array): Uint8Array {
  return concatBytes([utf8('brume/attest-binding-key/v1\0'), binding])
}

/** The policy digest of a key that works only while registers of the SHA-256 bank have these values. */
export function registersPolicy(pcrs: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const indexes = [...pcrs.keys()].toSorted((a, b) => a - b)
  const bits = new Uint8Array(SELECT_BYTES)
  for (const index of indexes) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7))
  const values = sha256(concatBytes(indexes.map((index) => pcrs.get(index) ?? new Uint8Array())))
  const selection = concatBytes([Uint8Array.of(0, 0, 0, 1, 0, 0x0b, SELECT_BYTES), bits])
  return sha256(concatBytes([new Uint8Array(32), Uint8Array.from(POLICY_PCR), selection, values]))
}

/**
 * Refuses unless the key lives in the TPM of the attestation key, is tied to the quoted registers and signed this question.
 *
 * @returns its name, in hex.
 * @throws {AttestationError} `TPM_BINDING_KEY`, and codes of what is malformed or not signed.
 */
export function checkBindingKey(evidence: BindingKeyEvidence, rules: BindingKeyRules): string {
  const { ak, extraData, pcrs } = rules
  const key = readPublic(evidence.keyPublic)
  demand(key.attributes === ATTRIBUTES, 'TPM_BINDING_KEY', 'key that may be used in other ways')
  const policy = registersPolicy(pcrs)
  demand(equal(key.authPolicy, policy), 'TPM_BINDING_KEY', 'key of another state of the registers')
  checkTpmSignature(ak, evidence.certified, evidence.signature)
  const { name, bound } = readCertified(evidence.certified)
  demand(equal(bound, extraData), 'TPM_BINDING_KEY', 'certified for another question')
  demand(toHex(name) === key.name, 'TPM_BINDING_KEY', 'another key was certified')
  checkTpmSignature(key, bindingKeyMessage(extraData), evidence.proof)
  return key.name
}

function readCertified(attest: Uint8Array): { name: Uint8Array; bound: Uint8Array } {
  const reader = new ByteReader(attest, { code: 'TPM_MALFORMED', littleEndian: false })
  const [magic, type] = [reader.u32(), reader.u16()]
  demand(magic === MAGIC && type === ATTEST_CERTIFY, 'TPM_MAGIC', 'no certificate of a TPM')
  reader.sized()
  const bound = reader.sized()
  // Clock, counts of starts, whether the clock is safe, and the firmware: the quote has them, too.
  reader.take(8 + 4 + 4 + 1 + 8)
  const name = reader.sized()
  reader.sized()
  reader.end()
  return { name, bound }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}
