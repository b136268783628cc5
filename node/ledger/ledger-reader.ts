/**
 * Reads the ledger that is on the disk: entries, proofs, and the file in which it travels.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import { decodeShape } from '../../core/cbor-shape.ts'
import type { Signer } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  type ChainedEntry,
  consistencyProof,
  decodeEntry,
  decodeHead,
  edgeItem,
  edgeNodes,
  endItem,
  entryId,
  entryItem,
  type Growth,
  type Half,
  halfItem,
  halfKindOf,
  headItem,
  inclusionProof,
  type LeafPlace,
  type LedgerContext,
  type NodePlace,
  type NodeSource,
  openHalf,
  openHead,
  OTHER_HALF,
  preambleItem,
  precedingId,
  rangeRoot,
  ReceiptBook,
  SIGNED_HEAD,
} from '../../ledger/index.ts'
import {
  answerKey,
  entryKey,
  halfKey,
  HEAD_KEY,
  incarnationKey,
  lastNumber,
  prefixRange,
  rolloverKey,
  taskKey,
} from './ledger-keys.ts'
import { ownHalf, taskOf } from './entry-rows.ts'
import { readNode } from './node-rows.ts'
import type { LedgerRows } from './rows.ts'

/** Rows that are read at once. */
const PAGE_ROWS = 256
/** Answers to one half that are looked at: one is right, more would contradict it. */
const ANSWERS_MAX = 4

export interface LedgerReaderComponents {
  readonly rows: LedgerRows
  readonly context: LedgerContext
  readonly signer: Pick<Signer, 'peer'>
}

export class LedgerReader {
  readonly #parts: LedgerReaderComponents

  constructor(components: LedgerReaderComponents) {
    this.#parts = components
  }

  /** The last signed head; undefined when nothing was written. */
  async head(): Promise<SignedRecord | undefined> {
    const [value] = await this.#parts.rows.get([HEAD_KEY])
    const signed = value === undefined ? undefined : decodeShape(SIGNED_HEAD, value)
    return signed?.type === 'value' ? signed.value : undefined
  }

  /** The entries in [from, to), as far as they are there. */
  async *entries(from: number, to: number): AsyncGenerator<ChainedEntry, void> {
    for (let at = from; at < to; at += PAGE_ROWS) {
      const count = Math.min(PAGE_ROWS, to - at)
      const keys = Array.from({ length: count }, (_, index) => entryKey(at + index))
      for (const encoded of await this.#parts.rows.get(keys)) {
        if (encoded === undefined) return
        const entry = decodeEntry(encoded)
        invariant(entry.type === 'value', 'what the store holds was checked at its start')
        const id = entryId(this.#parts.context.crypto.sha256, encoded)
        yield { id, entry: entry.value, encoded }
      }
    }
  }

  /** The last entries of a task, the latest first. */
  async entriesOf(task: Uint8Array, limit: number): Promise<readonly ChainedEntry[]> {
    const prefix = taskKey(task, 0).subarray(0, -8)
    const rows = await this.#parts.rows.range({ ...prefixRange(prefix, limit), reverse: true })
    const found: ChainedEntry[] = []
    for (const { key } of rows) {
      const seq = lastNumber(key)
      for await (const chained of this.entries(seq, seq + 1)) found.push(chained)
    }
    // A row of an entry that was dropped after a crash may have stayed.
    return found.filter(({ entry }) => {
      const own = taskOf(this.#parts.context, entry)
      return own !== undefined && bytesEqual(own, task)
    })
  }

  /** A half that another party signed, by its id. */
  async half(id: Uint8Array): Promise<Half | undefined> {
    const [value] = await this.#parts.rows.get([halfKey(id)])
    const decoded = value === undefined ? undefined : decodeShape(OTHER_HALF, value)
    if (decoded === undefined || decoded.type === 'refused') return undefined
    const kind = halfKindOf(decoded.value.kind)
    if (kind === undefined) return undefined
    const { body, signature } = decoded.value
    const half = openHalf(this.#parts.context, kind, { body, signature })
    return half.type === 'value' ? half.value : undefined
  }

  /** Halves of others that answer the half `id`. */
  async answersTo(id: Uint8Array): Promise<readonly Half[]> {
    const prefix = answerKey(id, new Uint8Array())
    const rows = await this.#parts.rows.range(prefixRange(prefix, ANSWERS_MAX))
    const halves = await Promise.all(rows.map(({ key }) => this.half(key.subarray(-32))))
    return halves.filter((half) => half !== undefined)
  }

  /** The root of the tree when it had `size` leaves. */
  rootAt(size: number): Promise<Uint8Array> {
    const { sha256 } = this.#parts.context.crypto
    return this.#withNodes((source) => rangeRoot(sha256, [0, size], source))
  }

  inclusion(place: LeafPlace): Promise<readonly Uint8Array[]> {
    const { sha256 } = this.#parts.context.crypto
    return this.#withNodes((source) => inclusionProof(sha256, place, source))
  }

  consistency(growth: Growth): Promise<readonly Uint8Array[]> {
    const { sha256 } = this.#parts.context.crypto
    return this.#withNodes((source) => consistencyProof(sha256, growth, source))
  }

  /**
   * The items of a bundle with the entries from `from` on, up to the last head.
   *
   * What is yielded verifies: a half of another party is left out when it does not fit.
   */
  async *bundle(from = 0): AsyncGenerator<Uint8Array, void> {
    const { context, signer } = this.#parts
    const { network } = context
    const signed = await this.head()
    const head = signed === undefined ? undefined : decodeHead(signed)
    if (signed === undefined || head?.type !== 'value' || from > head.value.size) return
    const incarnation = await this.#incarnationAt(from)
    // The ledger may go on while it is read: its last head of this incarnation is then over more than is read here.
    const heads = new Map([...(await this.#heads()), [head.value.size, signed]])
    yield preambleItem({ network, device: signer.peer, from, incarnation })
    if (from > 0) yield edgeItem(await this.#edge(from))
    const book = new ReceiptBook(context, { owner: signer.peer, checkOwnSignatures: false })
    for await (const chained of this.entries(from, head.value.size)) {
      yield* this.#entryItems(book, chained)
      const signedThere = heads.get(chained.entry.seq + 1)
      if (signedThere !== undefined) yield headItem(signedThere)
    }
    yield endItem(head.value.size - from)
  }

  async *#entryItems(
    book: ReceiptBook,
    { entry, encoded }: ChainedEntry,
  ): AsyncGenerator<Uint8Array, void> {
    const half = ownHalf(this.#parts.context, entry)
    if (half === undefined) {
      yield entryItem(encoded)
      return
    }
    const order = await this.#orderBefore(book, half)
    if (order !== undefined) yield halfItem(order.signed)
    yield entryItem(encoded)
    book.takeOwn(half)
    yield* this.#answers(book, half)
  }

  /** The order of another party that an own half answers, where it was not seen yet. */
  async #orderBefore(book: ReceiptBook, half: Half): Promise<Half | undefined> {
    const preceding = precedingId(half)
    if (preceding === undefined || book.followed(half) !== undefined) return undefined
    const order = await this.half(preceding)
    return order?.kind === 'order' && book.takeOther(order) === undefined ? order : undefined
  }

  /** The halves of the other party that follow an own one, as far as they go. */
  async *#answers(book: ReceiptBook, half: Half): AsyncGenerator<Uint8Array, void> {
    let last: Half | undefined = half
    while (last !== undefined) {
      const answers: readonly Half[] = await this.answersTo(last.id)
      last = answers.find((answer) => book.takeOther(answer) === undefined)
      if (last !== undefined) yield halfItem(last.signed)
    }
  }

  /** The incarnation of the entry before `from`. */
  async #incarnationAt(from: number): Promise<number> {
    const range = { from: rolloverKey(0, 0), to: rolloverKey(from, 0), limit: 1, reverse: true }
    const [last] = await this.#parts.rows.range(range)
    return last === undefined ? 0 : lastNumber(last.key)
  }

  /** The last head of each incarnation that is whole, by its size. */
  async #heads(): Promise<ReadonlyMap<number, SignedRecord>> {
    const { context, signer } = this.#parts
    const range = { from: incarnationKey(0), to: incarnationKey(Number.MAX_SAFE_INTEGER) }
    const heads = new Map<number, SignedRecord>()
    for (const { value } of await this.#parts.rows.range({ ...range, limit: PAGE_ROWS })) {
      const signed = decodeShape(SIGNED_HEAD, value)
      if (signed.type === 'refused') continue
      const head = openHead(context, signer.peer, signed.value)
      if (head.type === 'value') heads.set(head.value.size, signed.value)
    }
    return heads
  }

  async #edge(size: number): Promise<readonly Uint8Array[]> {
    const { rows } = this.#parts
    const nodes = await Promise.all(edgeNodes(size).map((place) => readNode(rows, place)))
    return nodes.filter((node) => node !== undefined)
  }

  /** Runs `build` twice: once to learn which nodes it wants, once with them. */
  async #withNodes<T>(build: (source: NodeSource) => T): Promise<T> {
    const wanted = new Map<string, NodePlace>()
    const none = new Uint8Array()
    build((level, index) => {
      wanted.set(`${level}/${index}`, { level, index })
      return none
    })
    const { rows } = this.#parts
    const nodes = await Promise.all([...wanted.values()].map((place) => readNode(rows, place)))
    const found = new Map([...wanted.keys()].map((place, index) => [place, nodes[index]]))
    return build((level, index) => {
      const node = found.get(`${level}/${index}`)
      invariant(node !== undefined, 'a tree has all nodes over its complete leaves')
      return node
    })
  }
}
