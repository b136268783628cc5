/**
 * Shows each new head of this device's ledger to its witnesses, and keeps what they sign.
 *
 * Heads that come close together are shown as one. A witness that is not there is shown the
 * next one: nothing waits for a witness.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  decodeHead,
  type Head,
  isCosignatureOf,
  openCosignature,
  openHead,
} from '../../ledger/index.ts'
import { WITNESS_LIMITS, type WitnessAnswer } from '../../protocols/witness/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import { witnessProtocol } from './ledger-protocols.ts'
import type { NearMembers } from './near-members.ts'
import { openQuestions, type QuestionComponents } from './question-link.ts'

/** Heads within this time are shown as one. */
const SHOW_AFTER_MS = 1_000
/** How often a head is shown to one witness that says that it holds another. */
const TRIES_MAX = 3

export interface HeadShowerComponents extends QuestionComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly signer: Signer
  readonly near: NearMembers
}

/** What a witness signed. */
export interface KeptCosignature {
  readonly witness: PeerId
  readonly head: Head
  readonly signed: SignedRecord
  readonly cosignature: SignedRecord
}

/** A head that is shown, and how it grew is looked up in its ledger. */
interface Shown {
  readonly ledger: OpenLedger
  readonly signed: SignedRecord
  readonly head: Head
}

export class HeadShower {
  readonly #components: HeadShowerComponents
  readonly #ledger: OpenLedger
  readonly #stopping = new AbortController()
  /** What each witness signed last. */
  readonly #cosigned = new Map<PeerId, KeptCosignature>()
  #due = false
  #showing: Promise<void> | undefined

  constructor(components: HeadShowerComponents, ledger: OpenLedger) {
    this.#components = components
    this.#ledger = ledger
  }

  /** What witnesses signed last, of the present incarnation. */
  get cosigned(): readonly KeptCosignature[] {
    return [...this.#cosigned.values()]
  }

  /** The head is another one, or a member is there that was not. */
  changed(): void {
    this.#due = true
    this.#showing ??= this.#show().finally(() => {
      this.#showing = undefined
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#showing
  }

  async #show(): Promise<void> {
    const { clock, near } = this.#components
    const { signal } = this.#stopping
    while (this.#due) {
      await clock.sleep(SHOW_AFTER_MS, signal)
      if (signal.aborted) return
      this.#due = false
      const signed = this.#ledger.store.head
      const head = signed === undefined ? undefined : decodeHead(signed)
      if (signed === undefined || head?.type !== 'value') return
      const shown = { ledger: this.#ledger, signed, head: head.value }
      const witnesses = near.inOrder(head.value.log).slice(0, WITNESS_LIMITS.WITNESSES)
      await Promise.all(witnesses.map((witness) => this.#showTo(witness, shown)))
    }
  }

  async #showTo(witness: PeerId, shown: Shown): Promise<void> {
    const { logger } = this.#components
    const known = this.#cosigned.get(witness)?.head
    let since = known?.incarnation === shown.head.incarnation ? known.size : undefined
    if (since === shown.head.size) return
    try {
      await using link = await openQuestions(this.#components, witness, witnessProtocol)
      for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
        const growth = await growthSince(shown, since)
        const answer = await link.ask({ head: shown.signed, growth })
        if (answer.type !== 'held') return this.#onAnswer(witness, shown, answer)
        const held = this.#heldSize(shown, answer.head)
        if (held === undefined) break
        since = held
      }
      logger.warn('witness holds another head', { witness, size: shown.head.size })
    } catch (error) {
      logger.debug('head not shown', { witness, error })
    }
  }

  /** Entries under a head that a witness holds instead, when the shown one can have grown out of it. */
  #heldSize({ ledger, head }: Shown, signed: SignedRecord): number | undefined {
    const held = openHead(ledger.context, this.#components.signer.peer, signed)
    if (held.type === 'refused' || held.value.incarnation !== head.incarnation) return undefined
    return held.value.size < head.size ? held.value.size : undefined
  }

  #onAnswer(
    witness: PeerId,
    { ledger, head, signed }: Shown,
    answer: Exclude<WitnessAnswer, { readonly type: 'held' }>,
  ): void {
    const { logger } = this.#components
    if (answer.type !== 'cosigned') {
      logger.warn('head not signed', { witness, answer: answer.type })
      return
    }
    const opened = openCosignature(ledger.context, witness, answer.cosignature)
    if (opened.type === 'refused' || !isCosignatureOf(opened.value, head)) {
      logger.warn('head not signed', { witness, answer: 'another head' })
      return
    }
    this.#cosigned.set(witness, { witness, head, signed, cosignature: answer.cosignature })
  }
}

/** How the tree under a head that is shown grew; undefined where it is shown as the first. */
async function growthSince({ ledger, head }: Shown, since: number | undefined) {
  if (since === undefined || since < 1 || since > head.size) return undefined
  const { reader } = ledger.store
  const rootThen = await reader.rootAt(since)
  const proof = await reader.consistency({ first: since, second: head.size })
  return { since, rootThen, proof }
}
