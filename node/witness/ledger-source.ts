/**
 * What one other device says about ledgers, asked over one link.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import { type Growth, type LedgerContext, openHead, type RecalledHead } from '../../ledger/index.ts'
import type { LedgerAnswer, LedgerAnswerTo, LedgerQuestion } from '../../protocols/ledger/index.ts'
import type { KnownGrowth } from './fork-finder.ts'
import { ledgerProtocol } from './ledger-protocols.ts'
import { openQuestions, type QuestionComponents, type QuestionLink } from './question-link.ts'

/** The heads of one ledger that a device holds; only such as that ledger's device signed. */
export interface HeldBySource {
  readonly newest: RecalledHead | undefined
  readonly whole: RecalledHead | undefined
}

export class LedgerSource implements AsyncDisposable {
  readonly peer: PeerId
  readonly #link: QuestionLink<LedgerQuestion, LedgerAnswer>
  readonly #context: LedgerContext

  private constructor(
    peer: PeerId,
    link: QuestionLink<LedgerQuestion, LedgerAnswer>,
    context: LedgerContext,
  ) {
    this.peer = peer
    this.#link = link
    this.#context = context
  }

  /** @throws {NetworkError} when `peer` cannot be reached. */
  static async open(
    components: QuestionComponents,
    context: LedgerContext,
    peer: PeerId,
  ): Promise<LedgerSource> {
    return new LedgerSource(peer, await openQuestions(components, peer, ledgerProtocol), context)
  }

  // Each of these throws a QuestionError when no answer comes.

  async heads(device: PeerId): Promise<HeldBySource> {
    const { newest, whole } = await this.#ask({ type: 'heads-of', device })
    return { newest: this.#opened(device, newest), whole: this.#opened(device, whole) }
  }

  async entries(device: PeerId, from: number, to: number): Promise<readonly Uint8Array[]> {
    const { entries } = await this.#ask({ type: 'entries-of', device, from, to })
    return entries
  }

  async growth(device: PeerId, growth: Growth): Promise<KnownGrowth | undefined> {
    const answer = await this.#ask({ type: 'growth-of', device, ...growth })
    return answer.growth
  }

  async proofs(from: number): Promise<readonly Uint8Array[]> {
    const { proofs } = await this.#ask({ type: 'evidence-from', from })
    return proofs
  }

  /** The other's own ledger as a file. */
  async *bundle(): AsyncGenerator<Uint8Array, void> {
    for (let begin = true; ; begin = false) {
      const { bytes, last } = await this.#ask({ type: 'bundle-part', begin })
      yield bytes
      if (last) return
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]()
  }

  async #ask<Q extends LedgerQuestion>(question: Q): Promise<LedgerAnswerTo<Q['type']>> {
    // The protocol lets only the answer to a question of this type pass.
    return (await this.#link.ask(question)) as LedgerAnswerTo<Q['type']>
  }

  #opened(device: PeerId, signed: SignedRecord | undefined): RecalledHead | undefined {
    const head = signed === undefined ? undefined : openHead(this.#context, device, signed)
    return signed === undefined || head?.type !== 'value' ? undefined : { head: head.value, signed }
  }
}
