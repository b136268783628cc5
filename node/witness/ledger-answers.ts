/**
 * Answers what other devices ask about ledgers: one's own, and those that are witnessed.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { decodeHead } from '../../ledger/index.ts'
import {
  LEDGER_LIMITS,
  type LedgerAnswer,
  type LedgerQuestion,
} from '../../protocols/ledger/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import type { WitnessBook } from './witness-book.ts'

const { ANSWER_BYTES_MAX, ENTRIES_PER_ANSWER_MAX, EVIDENCE_PER_ANSWER_MAX } = LEDGER_LIMITS

export interface LedgerAnswersInit {
  readonly book: WitnessBook
  readonly self: PeerId
  /** The ledger of this device, once it may be written. */
  readonly own: () => OpenLedger | undefined
}

/** The answers on one link: a bundle goes on where it was. */
export class LedgerAnswers {
  readonly #init: LedgerAnswersInit
  #bundle: AsyncGenerator<Uint8Array, void> | undefined

  constructor(init: LedgerAnswersInit) {
    this.#init = init
  }

  /** Undefined for what this device cannot answer. */
  async answer(question: LedgerQuestion): Promise<LedgerAnswer | undefined> {
    switch (question.type) {
      case 'heads-of':
        return this.#heads(question.device)
      case 'entries-of':
        return { type: 'entries', entries: await this.#entries(question) }
      case 'growth-of':
        return { type: 'growth', growth: await this.#growth(question) }
      case 'evidence-from': {
        const proofs = this.#init.book.evidence.proofs().slice(question.from)
        const page = proofs.slice(0, EVIDENCE_PER_ANSWER_MAX)
        return { type: 'evidence', proofs: page.map(({ encoded }) => encoded) }
      }
      case 'bundle-part':
        return this.#bundlePart(question.begin)
    }
  }

  async #heads(device: PeerId): Promise<LedgerAnswer> {
    const { book, self, own } = this.#init
    if (device === self) {
      const head = own()?.store.head
      return { type: 'heads', newest: head, whole: head }
    }
    const mirror = await book.held(device)
    const newest = await mirror?.newest()
    return { type: 'heads', newest: newest?.signed, whole: mirror?.whole?.signed }
  }

  async #entries({
    device,
    from,
    to,
  }: LedgerQuestion & { readonly type: 'entries-of' }): Promise<readonly Uint8Array[]> {
    const { book, self, own } = this.#init
    const end = Math.min(to, from + ENTRIES_PER_ANSWER_MAX)
    if (device !== self) {
      return (await (await book.held(device))?.entries(from, end, ANSWER_BYTES_MAX)) ?? []
    }
    const { store } = own() ?? {}
    const size = store === undefined ? 0 : sizeOf(store.head)
    const entries: Uint8Array[] = []
    let bytes = 0
    if (store === undefined) return entries
    for await (const { encoded } of store.reader.entries(from, Math.min(end, size))) {
      bytes += encoded.length
      if (entries.length > 0 && bytes > ANSWER_BYTES_MAX) break
      entries.push(encoded)
    }
    return entries
  }

  async #growth({ device, first, second }: LedgerQuestion & { readonly type: 'growth-of' }) {
    const { book, self, own } = this.#init
    if (device !== self) return (await book.held(device))?.growth({ first, second })
    const { store } = own() ?? {}
    const size = sizeOf(store?.head)
    if (store === undefined || first < 1 || first > second || second > size) return undefined
    const { reader } = store
    const rootThen = await reader.rootAt(first)
    return { rootThen, proof: await reader.consistency({ first, second }) }
  }

  async #bundlePart(begin: boolean): Promise<LedgerAnswer | undefined> {
    const { own } = this.#init
    if (begin) this.#bundle = own()?.store.reader.bundle()
    const bundle = this.#bundle
    if (bundle === undefined) return undefined
    const parts: Uint8Array[] = []
    let count = 0
    while (count < ANSWER_BYTES_MAX) {
      const item = await bundle.next()
      if (item.done === true) {
        this.#bundle = undefined
        return { type: 'bundle', bytes: concatBytes(parts), last: true }
      }
      parts.push(item.value)
      count += item.value.length
    }
    return { type: 'bundle', bytes: concatBytes(parts), last: false }
  }
}

/** Entries under a head of one's own. */
function sizeOf(signed: OpenLedger['store']['head']): number {
  const head = signed === undefined ? undefined : decodeHead(signed)
  return head?.type === 'value' ? head.value.size : 0
}
