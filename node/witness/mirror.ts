/**
 * The ledger of another device as far as this one holds it: the heads that it showed, and the entries under them.
 *
 * Heads are kept before they are signed. Entries are fetched afterwards: they are what the device
 * gets back when it was restored from an old copy, and what proves a fork that it would not prove.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import type { PeerId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  Chain,
  type ChainedEntry,
  type Growth,
  type HeldHeads,
  judgeHead,
  type LedgerContext,
  openHead,
  type RecalledHead,
  type ShownGrowth,
  type ShownHead,
  SIGNED_HEAD,
  type WitnessVerdict,
} from '../../ledger/index.ts'
import { LedgerStoreError } from '../ledger/errors.ts'
import { headRows } from '../ledger/entry-rows.ts'
import { HEAD_KEY, lastNumber, shownKey } from '../ledger/ledger-keys.ts'
import { LedgerReader } from '../ledger/ledger-reader.ts'
import { recover, type Recovered } from '../ledger/ledger-recovery.ts'
import type { LedgerRows, RowChange } from '../ledger/rows.ts'
import { WriteBatch } from '../ledger/write-batch.ts'

/** Entries of one device that are kept; of a longer ledger, only heads are. */
const MIRROR_ENTRIES_MAX = 65_536
/** Bytes of them. */
const MIRROR_BYTES_MAX = 32 * 1024 * 1024
/** Incarnations whose last head is kept, the latest ones. */
const INCARNATIONS_MAX = 16
/** Rows that are read or removed at once. */
const PAGE_ROWS = 256

/** Fetches entries in [from, to) of the ledger; some of them from the first on, or none. */
export type FetchEntries = (from: number, to: number) => Promise<readonly Uint8Array[]>

export interface MirrorInit {
  readonly rows: LedgerRows
  readonly context: LedgerContext
  readonly device: PeerId
}

export class Mirror {
  readonly device: PeerId
  readonly #rows: LedgerRows
  readonly #context: LedgerContext
  #chain: Chain
  /** The latest head under which all entries are here. */
  #whole: RecalledHead | undefined
  #bytes = 0
  /** One change at a time: what is judged is what is kept. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor({ rows, context, device }: MirrorInit) {
    this.device = device
    this.#rows = rows
    this.#context = context
    this.#chain = new Chain(context, device)
  }

  /** Opens what is kept of the ledger of `device`, and checks it. */
  static async open(init: MirrorInit): Promise<Mirror> {
    const mirror = new Mirror(init)
    await mirror.#recover()
    return mirror
  }

  /** The latest head under which all entries are here; undefined when there is none. */
  get whole(): RecalledHead | undefined {
    return this.#whole
  }

  /** The last head that the device showed, of its latest incarnation. */
  async newest(): Promise<RecalledHead | undefined> {
    const [row] = await this.#shown(1)
    return row === undefined ? undefined : this.#headOf(row.value)
  }

  /** The last head that it showed of one incarnation. */
  async shownOf(incarnation: number): Promise<RecalledHead | undefined> {
    const [value] = await this.#rows.get([shownKey(incarnation)])
    return value === undefined ? undefined : this.#headOf(value)
  }

  /** Judges a head that the device shows. One that may be signed is on the disk when this resolves. */
  judge(shown: ShownHead): Promise<WitnessVerdict> {
    return this.#inTurn(async () => {
      const held = await this.#held(shown.signed)
      const verdict = judgeHead(this.#context, this.device, held, shown)
      if (verdict.type === 'cosign') await this.#keepShown(shown.signed, verdict.head.incarnation)
      return verdict
    })
  }

  /**
   * Fetches the entries that are missing under the last head that was shown.
   *
   * @param onEntry - Told of each, once all of them are known to be the device's.
   * @returns True when all are here now.
   */
  catchUp(fetch: FetchEntries, onEntry: (entry: ChainedEntry) => Promise<void>): Promise<boolean> {
    return this.#inTurn(async () => {
      const target = await this.newest()
      if (target === undefined || target.head.size > MIRROR_ENTRIES_MAX) return false
      if (this.#isWhole(target)) return true
      const whole = this.#whole
      const fetched =
        (await this.#fetchTo(target, fetch)) ??
        // A device that lost entries went back and on another way: what it gave before is of no use.
        (whole?.head.incarnation === target.head.incarnation
          ? undefined
          : await this.#fetchAnew(target, fetch))
      if (fetched === undefined) return false
      for (const entry of fetched) await onEntry(entry)
      return true
    })
  }

  /** Entries in [from, to), encoded, as far as they are here and `bytesMax` allows, but for the first. */
  async entries(from: number, to: number, bytesMax: number): Promise<readonly Uint8Array[]> {
    const end = Math.min(to, this.#whole?.head.size ?? 0)
    const found: Uint8Array[] = []
    let bytes = 0
    for await (const { encoded } of this.reader.entries(from, Math.max(from, end))) {
      bytes += encoded.length
      if (found.length > 0 && bytes > bytesMax) break
      found.push(encoded)
    }
    return found
  }

  /** How the tree grew, as far as it is here. */
  async growth({ first, second }: Growth): Promise<ShownGrowth | undefined> {
    if (first < 1 || first > second || second > (this.#whole?.head.size ?? 0)) return undefined
    const { reader } = this
    const rootThen = await reader.rootAt(first)
    return { since: first, rootThen, proof: await reader.consistency({ first, second }) }
  }

  /** The tree's root when it had `size` leaves; undefined where that is not here. */
  async rootAt(size: number): Promise<Uint8Array | undefined> {
    const here = size > 0 && size <= (this.#whole?.head.size ?? 0)
    return here ? this.reader.rootAt(size) : undefined
  }

  /** Resolves when nothing is changed any more. */
  async idle(): Promise<void> {
    await this.#turn
  }

  get reader(): LedgerReader {
    return new LedgerReader({
      rows: this.#rows,
      context: this.#context,
      signer: { peer: this.device },
    })
  }

  async #held(signed: SignedRecord): Promise<HeldHeads> {
    const head = openHead(this.#context, this.device, signed)
    if (head.type === 'refused') return { same: undefined, latest: undefined }
    return {
      same: await this.shownOf(head.value.incarnation),
      latest: await this.newest(),
    }
  }

  async #keepShown(signed: SignedRecord, incarnation: number): Promise<void> {
    const value = encodeShape(SIGNED_HEAD, signed)
    const shown = await this.#shown(INCARNATIONS_MAX + 1)
    const known = shown.some(({ key }) => lastNumber(key) === incarnation)
    const dropped = known ? [] : shown.slice(INCARNATIONS_MAX - 1)
    await this.#rows.write([
      { type: 'put', key: shownKey(incarnation), value },
      ...dropped.map(({ key }): RowChange => ({ type: 'del', key })),
    ])
  }

  #shown(limit: number) {
    const range = { from: shownKey(0), to: shownKey(Number.MAX_SAFE_INTEGER) }
    return this.#rows.range({ ...range, limit, reverse: true })
  }

  #headOf(value: Uint8Array): RecalledHead | undefined {
    const signed = decodeShape(SIGNED_HEAD, value)
    if (signed.type === 'refused') return undefined
    const head = openHead(this.#context, this.device, signed.value)
    return head.type === 'refused' ? undefined : { head: head.value, signed: signed.value }
  }

  #isWhole({ head }: RecalledHead): boolean {
    const whole = this.#whole?.head
    return (
      whole?.size === head.size &&
      whole.incarnation === head.incarnation &&
      bytesEqual(whole.root, head.root)
    )
  }

  /** The entries that were fetched; undefined when they do not lead to the head, and nothing has changed then. */
  async #fetchTo(
    target: RecalledHead,
    fetch: FetchEntries,
  ): Promise<readonly ChainedEntry[] | undefined> {
    const { size } = target.head
    const chain = new Chain(this.#context, this.device, this.#position())
    const batches: WriteBatch[] = []
    const fetched: ChainedEntry[] = []
    let bytes = this.#bytes
    while (chain.size < size) {
      const page = await fetch(chain.size, size)
      if (page.length === 0) return undefined
      const batch = new WriteBatch(this.#context, chain.size)
      for (const encoded of page) {
        const entry = chain.append(encoded, batch.sink)
        bytes += encoded.length
        if (entry.type === 'refused' || bytes > MIRROR_BYTES_MAX) return undefined
        batch.take(chain, entry.value)
        fetched.push(entry.value)
      }
      batches.push(batch)
    }
    if (chain.headProblem(target.head) !== undefined) return undefined
    // The head comes last: without it, whatever came before is dropped when it is opened again.
    batches.at(-1)?.push(headRows(target.head, target.signed))
    for (const batch of batches) await this.#rows.write(batch.changes)
    if (batches.length === 0) await this.#rows.write(headRows(target.head, target.signed))
    this.#chain = chain
    this.#whole = target
    this.#bytes = bytes
    return fetched
  }

  /** Drops all entries, and fetches those that there are now. */
  async #fetchAnew(
    target: RecalledHead,
    fetch: FetchEntries,
  ): Promise<readonly ChainedEntry[] | undefined> {
    await this.#clear()
    return this.#fetchTo(target, fetch)
  }

  #position() {
    return this.#chain.size === 0 ? undefined : this.#chain.position
  }

  async #recover(): Promise<void> {
    const recovered = await this.#recovered()
    const { head, start } = recovered ?? {}
    // Entries without a head were on their way when the process ended.
    if (recovered === undefined || head === undefined) return this.#clear()
    this.#chain = new Chain(this.#context, this.device, start)
    this.#whole = head
    for await (const { encoded } of this.reader.entries(0, head.head.size)) {
      this.#bytes += encoded.length
    }
  }

  /** Undefined when entries are damaged: they can be fetched again. */
  async #recovered(): Promise<Recovered | undefined> {
    const home = new Uint8Array()
    try {
      return await recover(this.#rows, {
        context: this.#context,
        device: this.device,
        home,
        fresh: true,
      })
    } catch (error) {
      if (error instanceof LedgerStoreError && error.code === 'LEDGER_STORE_DAMAGED') {
        return undefined
      }
      throw error
    }
  }

  /** Removes everything but the heads that were shown. */
  async #clear(): Promise<void> {
    this.#chain = new Chain(this.#context, this.device)
    this.#whole = undefined
    this.#bytes = 0
    // Every letter before that of shown heads.
    const range = { from: HEAD_KEY, to: shownKey(0), limit: PAGE_ROWS }
    for (;;) {
      const page = await this.#rows.range(range)
      if (page.length === 0) return
      await this.#rows.write(page.map(({ key }): RowChange => ({ type: 'del', key })))
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}
