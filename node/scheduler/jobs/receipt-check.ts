/**
 * Whether the stages' receipts say the same as what the requester saw, and as one another.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../../core/bytes.ts'
import type { Crypto } from '../../../core/crypto.ts'
import type { ModelId, PeerId, SessionId } from '../../../core/ids.ts'
import type { Tensor } from '../../../core/tensor.ts'
import {
  leafOf,
  type OpenRecord,
  receiptHash,
  receiptMessage,
  rootOf,
  type Receipt,
  type SignedReceipt,
} from '../../../protocols/inference/index.ts'
import type { DoneStage } from '../../audit/audits.ts'
import type { SessionVerdict } from '../../receipts/session-orders.ts'

/** What every receipt of one session must say. */
export interface ReceiptCheckInit {
  readonly session: SessionId
  readonly model: ModelId
  readonly requester: PeerId
  /** The layers of each stage. */
  readonly ranges: readonly { readonly fromLayer: number; readonly toLayer: number }[]
}

/** What the stage receipts of a session say together. */
export interface ReceiptVerdict extends SessionVerdict {
  /** What is wrong with them; undefined when nothing is, or nothing can be compared. */
  readonly text: string | undefined
}

export class ReceiptCheck {
  readonly #init: ReceiptCheckInit
  readonly #crypto: Crypto
  readonly #inputs = new Map<number, Uint8Array>()
  readonly #outputs = new Map<number, Uint8Array>()
  readonly #receipts: Receipt[] = []
  readonly #hashes = new Map<number, Uint8Array>()
  readonly #opens = new Map<number, OpenRecord>()
  readonly #signed = new Map<number, SignedReceipt>()
  /** After a replacement no single receipt of that stage covers all requests. */
  #whole = true

  constructor(crypto: Crypto, init: ReceiptCheckInit) {
    this.#init = init
    this.#crypto = crypto
  }

  input(request: number, tensors: readonly Tensor[]): void {
    this.#inputs.set(request, leafOf(tensors, this.#crypto.sha256))
  }

  output(request: number, tensors: readonly Tensor[]): void {
    this.#outputs.set(request, leafOf(tensors, this.#crypto.sha256))
  }

  /** A device holds a stage, as it was asked to by `open`. */
  seated(open: OpenRecord): void {
    this.#opens.set(open.stage, open)
  }

  interrupted(): void {
    this.#whole = false
  }

  /**
   * The hash of a receipt of `stage`, in hex; undefined when it is not signed by `holder`, or is
   * about something else than what that stage was asked for.
   */
  receipt(
    stage: number,
    holder: PeerId,
    { receipt, signature }: SignedReceipt,
  ): string | undefined {
    const message = receiptMessage(receipt)
    if (receipt.provider !== holder || !this.#isAsked(stage, receipt)) return undefined
    if (!this.#crypto.verify(holder, message, signature)) return undefined
    this.#receipts[stage] = receipt
    const hash = receiptHash(message, signature, this.#crypto.sha256)
    this.#hashes.set(stage, hash)
    this.#signed.set(stage, { receipt, signature })
    return toHex(hash)
  }

  #isAsked(stage: number, receipt: Receipt): boolean {
    const { session, model, requester, ranges } = this.#init
    return (
      receipt.session === session &&
      receipt.stage === stage &&
      receipt.model === model &&
      receipt.requester === requester &&
      receipt.fromLayer === ranges[stage]?.fromLayer &&
      receipt.toLayer === ranges[stage]?.toLayer
    )
  }

  /**
   * Stages whose work can be run again: each with its receipt, where the receipts agree. None after a
   * replacement: what a successor only repeated it did not draw.
   *
   * @param stages - What went into each and came out of it.
   */
  done(
    stages: readonly { readonly bytesIn: number; readonly bytesOut: number }[],
  ): readonly DoneStage[] {
    if (!this.#whole || this.verdict().text !== undefined) return []
    return [...this.#signed].flatMap(([stage, receipt]) => {
      const open = this.#opens.get(stage)
      const { bytesIn = 0, bytesOut = 0 } = stages[stage] ?? {}
      return open === undefined ? [] : [{ open, receipt, bytes: bytesIn + bytesOut }]
    })
  }

  /** What the receipts together say, and whose results are to be refused for it. */
  verdict(): ReceiptVerdict {
    const hashes = this.#hashes
    const good = { text: undefined, hashes, refused: new Set<number>() }
    if (!this.#whole || this.#outputs.size === 0) return good
    const { sha256 } = this.#crypto
    let before = rootOf(this.#inputs, this.#outputs, sha256)
    for (const stage of this.#init.ranges.keys()) {
      const receipt = this.#receipts[stage]
      if (receipt === undefined) {
        return { ...good, text: `the receipt of stage ${stage} is missing` }
      }
      if (!bytesEqual(receipt.inputRoot, before)) {
        const text = `the receipt of stage ${stage} names other inputs than it was sent`
        // One of the two lies, and nobody can tell which; what this device sent it knows.
        return { hashes, text, refused: new Set(stage === 0 ? [0] : [stage - 1, stage]) }
      }
      before = receipt.outputRoot
    }
    if (bytesEqual(before, rootOf(this.#outputs, this.#outputs, sha256))) return good
    const text = 'the last receipt names other outputs than came back'
    return { hashes, text, refused: new Set([this.#init.ranges.length - 1]) }
  }
}
