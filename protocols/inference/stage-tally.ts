/**
 * What one stage took and gave in one session, as its receipt will say it.
 *
 * @module
 */

import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import { leafOf, rootOf } from './receipt-roots.ts'
import type { OpenRecord, Receipt } from './records.ts'

/** Who keeps what went through a stage, so that it can be run again (docs/adr/0011). */
export interface StageTape {
  took(request: number, tensors: readonly Tensor[], leaf: Uint8Array): void
  gave(request: number, tensors: readonly Tensor[], leaf: Uint8Array): void
  /** Requests from `below` on are in no receipt: the requester never got them. */
  ended(below: number): void
}

export interface StageTallyInit {
  readonly open: OpenRecord
  readonly self: PeerId
  readonly requester: PeerId
  readonly sha256: Sha256
  /** Undefined where nobody will have it run again. */
  readonly tape?: StageTape | undefined
}

export class StageTally {
  readonly #init: StageTallyInit
  readonly #inputLeaves = new Map<number, Uint8Array>()
  readonly #outputLeaves = new Map<number, Uint8Array>()
  #computeUs = 0

  constructor(init: StageTallyInit) {
    this.#init = init
  }

  /** @param leaf - Of the tensors. */
  took(request: number, tensors: readonly Tensor[], leaf: Uint8Array): void {
    this.#inputLeaves.set(request, leaf)
    this.#init.tape?.took(request, tensors, leaf)
  }

  /** The leaf of what was given. */
  gave(request: number, tensors: readonly Tensor[], computeUs: number): Uint8Array {
    const leaf = leafOf(tensors, this.#init.sha256)
    this.#outputLeaves.set(request, leaf)
    this.#init.tape?.gave(request, tensors, leaf)
    this.#computeUs += computeUs
    return leaf
  }

  outputRoot(): Uint8Array {
    return rootOf(this.#outputLeaves, this.#outputLeaves, this.#init.sha256)
  }

  /** @param below - Requests from this one on are left out: what the requester never got of a text. */
  receipt(numericClass: Uint8Array, below: number): Receipt {
    const { open, self, requester, sha256 } = this.#init
    this.#init.tape?.ended(below)
    const given = new Map([...this.#outputLeaves].filter(([request]) => request < below))
    return {
      version: 1,
      session: open.session,
      stage: open.stage,
      model: open.model,
      fromLayer: open.fromLayer,
      toLayer: open.toLayer,
      provider: self,
      requester,
      numericClass,
      requests: given.size,
      inputRoot: rootOf(this.#inputLeaves, given, sha256),
      outputRoot: rootOf(given, given, sha256),
      computeUs: this.#computeUs,
    }
  }
}
