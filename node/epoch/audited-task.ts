/**
 * What an audit that others tell of proves: read and verified once, however often it is folded.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  decodeToldAudit,
  encodeAuditProof,
  encodeToldAudit,
  openAuditProof,
} from '../../protocols/audit/index.ts'
import {
  receiptHash,
  receiptMessage,
  type SignedReceipt,
  signedReceiptShape,
} from '../../protocols/inference/index.ts'

/** An audit whose signatures hold. Who was drawn for it remains to be looked at. */
export interface AuditedTask {
  /** SHA-256 of what travels. */
  readonly id: Uint8Array
  readonly encoded: Uint8Array
  /** Hash of the stage receipt. */
  readonly task: Uint8Array
  readonly provider: PeerId
  readonly requester: PeerId
  readonly auditors: readonly PeerId[]
  readonly passed: boolean
  /** Whose beacon drew it. */
  readonly epoch: number
  readonly beacon: Uint8Array
}

/** Audits that are remembered: those of some full epochs. */
const REMEMBERED_MAX = 1_024

/** An audit as it is told: `receipt` is that of the work, `verdicts` those that it was judged by. */
export function toldAudit(receipt: SignedReceipt, verdicts: readonly SignedRecord[]): Uint8Array {
  return encodeToldAudit({
    receipt: encodeShape(signedReceiptShape, receipt),
    proof: encodeAuditProof(verdicts),
  })
}

export class AuditReader {
  readonly #crypto: Crypto
  readonly #network: Uint8Array
  readonly #read = new RecentCache<string, AuditedTask | 'invalid'>(REMEMBERED_MAX)

  constructor(crypto: Crypto, network: Uint8Array) {
    this.#crypto = crypto
    this.#network = network
  }

  /** What an audit proves; undefined for bytes that prove nothing in this mesh. */
  read(encoded: Uint8Array): AuditedTask | undefined {
    const id = this.#crypto.sha256(encoded)
    const name = toHex(id)
    const known = this.#read.get(name) ?? this.#verified(id, encoded) ?? 'invalid'
    this.#read.set(name, known)
    return known === 'invalid' ? undefined : known
  }

  #verified(id: Uint8Array, encoded: Uint8Array): AuditedTask | undefined {
    const told = decodeToldAudit(encoded)
    if (told.type === 'refused') return undefined
    const receipt = decodeShape(signedReceiptShape, told.value.receipt)
    if (receipt.type === 'refused' || !this.#isSigned(receipt.value)) return undefined
    const proof = openAuditProof(this.#crypto, this.#network, told.value.proof)
    if (proof.type === 'refused' || !this.#isAbout(receipt.value, proof.value)) return undefined
    return { id, encoded: Uint8Array.from(encoded), ...proof.value }
  }

  #isSigned({ receipt, signature }: SignedReceipt): boolean {
    return this.#crypto.verify(receipt.provider, receiptMessage(receipt), signature)
  }

  #isAbout(
    { receipt, signature }: SignedReceipt,
    { provider, requester, task }: Pick<AuditedTask, 'provider' | 'requester' | 'task'>,
  ): boolean {
    const hash = receiptHash(receiptMessage(receipt), signature, this.#crypto.sha256)
    return (
      receipt.provider === provider && receipt.requester === requester && bytesEqual(hash, task)
    )
  }
}
