/**
 * Answers devices that show their heads: keeps what may be signed, then signs.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { type HeadFork, signCosignature } from '../../ledger/index.ts'
import type { ShowHead, WitnessAnswer } from '../../protocols/witness/index.ts'
import type { WitnessBook } from './witness-book.ts'

export interface CosignerComponents {
  readonly signer: Signer
  readonly clock: Clock
  /** A device proved its own fork: keeps and hands on the proof, and returns it encoded. */
  readonly onFork: (proof: HeadFork) => Promise<Uint8Array>
  /** A head of `device` was signed. */
  readonly onCosigned: (device: PeerId) => void
}

export class Cosigner {
  readonly #components: CosignerComponents

  constructor(components: CosignerComponents) {
    this.#components = components
  }

  /** What `device` hears for the head that it shows. */
  async answer(
    book: WitnessBook,
    device: PeerId,
    { head: signed, growth }: ShowHead,
  ): Promise<WitnessAnswer> {
    const { onFork, onCosigned, signer, clock } = this.#components
    const [known] = book.evidence.proofs(device)
    if (known !== undefined) return { type: 'forked', proof: known.encoded }
    const mirror = await book.begun(device)
    if (mirror === undefined) return { type: 'refused', reason: 'full' }
    const verdict = await mirror.judge({ signed, growth })
    switch (verdict.type) {
      case 'cosign': {
        // The head is on the disk: only now may anybody hear that it is held.
        const wallMs = Math.floor(clock.wallMs())
        const cosignature = signCosignature(book.context, signer, verdict.head, wallMs)
        onCosigned(device)
        return { type: 'cosigned', cosignature }
      }
      case 'held':
        return { type: 'held', head: verdict.held.signed }
      case 'fork':
        return { type: 'forked', proof: await onFork(verdict.proof) }
      case 'refused':
        return { type: 'refused', reason: 'invalid' }
    }
  }
}
