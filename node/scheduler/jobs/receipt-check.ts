/**
 * Whether the stages' receipts say the same as what the requester saw, and as one another.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../../core/bytes.ts'
import type { Crypto } from '../../../core/crypto.ts'
import type { SessionId } from '../../../core/ids.ts'
import type { Tensor } from '../../../core/tensor.ts'
import {
  leafOf,
  receiptHash,
  receiptMessage,
  rootOf,
  type Receipt,
  type SignedReceipt,
} from '../../../protocols/inference/index.ts'

export class ReceiptCheck {
  readonly #session: SessionId
  readonly #crypto: Crypto
  readonly #inputs = new Map<number, Uint8Array>()
  readonly #outputs = new Map<number, Uint8Array>()
  readonly #receipts: Receipt[] = []
  /** After a replacement no single receipt of that stage covers all requests. */
  #whole = true

  constructor(session: SessionId, crypto: Crypto) {
    this.#session = session
    this.#crypto = crypto
  }

  input(request: number, tensors: readonly Tensor[]): void {
    this.#inputs.set(request, leafOf(tensors, this.#crypto.sha256))
  }

  output(request: number, tensors: readonly Tensor[]): void {
    this.#outputs.set(request, leafOf(tensors, this.#crypto.sha256))
  }

  interrupted(): void {
    this.#whole = false
  }

  /** The hash of a receipt, in hex; undefined when it is not signed by the device that it names. */
  receipt(stage: number, { receipt, signature }: SignedReceipt): string | undefined {
    const message = receiptMessage(receipt)
    const own = receipt.session === this.#session && receipt.stage === stage
    if (!own || !this.#crypto.verify(receipt.provider, message, signature)) return undefined
    this.#receipts[stage] = receipt
    return toHex(receiptHash(message, signature, this.#crypto.sha256))
  }

  /** What the receipts together say; undefined when there is nothing to compare. */
  verdict(): string | undefined {
    if (!this.#whole || this.#receipts.length === 0) return undefined
    const { sha256 } = this.#crypto
    let before = rootOf(this.#inputs, this.#outputs, sha256)
    for (const [stage, receipt] of this.#receipts.entries()) {
      if (receipt === undefined) return `the receipt of stage ${stage} is missing`
      if (!bytesEqual(receipt.inputRoot, before)) {
        return `the receipt of stage ${stage} names other inputs than it was sent`
      }
      before = receipt.outputRoot
    }
    const agrees = bytesEqual(before, rootOf(this.#outputs, this.#outputs, sha256))
    return agrees ? undefined : 'the last receipt names other outputs than came back'
  }
}
