/**
 * The ledger that this device writes: what it appends is on the disk before anybody hears of it.
 *
 * Records that come close together share one write and one signed head. Whoever appends waits
 * for that write, and sends, answers or acknowledges nothing before. When the disk fails once,
 * nothing is written any more: what a failed write left behind can only be known after a restart.
 *
 * @module
 */

import { encodeShape } from '../../core/cbor-shape.ts'
import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Random } from '../../core/random.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  Chain,
  type ChainedEntry,
  decideRecall,
  type Entry,
  ENTRY_KINDS,
  genesisBody,
  type Half,
  type LedgerContext,
  type NewEntry,
  nextIncarnation,
  type RecallDecision,
  type RecalledHead,
  rolloverBody,
  ROLLOVER_REASONS,
  SIGNED_HALF,
  signHead,
} from '../../ledger/index.ts'
import { LedgerStoreError } from './errors.ts'
import { halfRows, headRows } from './entry-rows.ts'
import { LedgerReader } from './ledger-reader.ts'
import { type EntrySupply, metaRow, recover, type Recovered } from './ledger-recovery.ts'
import type { LedgerRows, RowChange } from './rows.ts'
import { WriteBatch } from './write-batch.ts'

/** Records that wait for the disk, at most. */
export const PENDING_RECORDS_MAX = 65_536
/** Records of one write, at most: more would only make the first wait longer. */
const WRITE_RECORDS_MAX = 512

export interface LedgerStoreComponents {
  readonly rows: LedgerRows
  readonly context: LedgerContext
  readonly signer: Signer
  readonly clock: Clock
  readonly random: Random
  /** Told once, when the disk failed: the process has to end. */
  readonly onFailure: (error: unknown) => void
  /** Told of each new head once it is on the disk. */
  readonly onHead?: () => void
}

export interface LedgerStoreInit {
  /** Records that are written at once when so many wait. */
  readonly flushRecords: number
  /** How long a record waits for others, at most, in milliseconds. */
  readonly flushDelayMs: number
  /** What says where the store lies: a copy elsewhere has another. */
  readonly home: Uint8Array
  /** True when the device's key was made just now: then nobody can hold anything of this log. */
  readonly fresh: boolean
  /** Where a damaged entry may be had. */
  readonly supply?: EntrySupply | undefined
}

/** An entry to append. */
export type NewRecord = Pick<Entry, 'kind' | 'body'>

const NOWHERE = new Uint8Array()

/** `now` writes at once, with whatever else waits; `soon` waits for others. */
export type Urgency = 'now' | 'soon'

interface Pending {
  /** The rows of the record, and what to hand to who waits. */
  write(batch: WriteBatch): ChainedEntry | undefined
  readonly resolve: (entry: ChainedEntry | undefined) => void
  readonly reject: (error: unknown) => void
}

export class LedgerStore implements Startable {
  readonly #parts: LedgerStoreComponents
  readonly #init: LedgerStoreInit
  readonly #pending: Pending[] = []
  readonly #stopping = new AbortController()
  #chain: Chain
  #head: SignedRecord | undefined
  #recovered: Recovered | undefined
  /** True from the moment when it is known that nobody holds a later head. */
  #confirmed = false
  #due = false
  #timing = false
  #writing: Promise<void> | undefined
  #failed = false
  #writes = 0

  constructor(components: LedgerStoreComponents, init: LedgerStoreInit) {
    this.#parts = components
    this.#init = init
    this.#chain = new Chain(components.context, components.signer.peer)
  }

  /**
   * Opens the store, and checks and mends what is there.
   *
   * @throws {LedgerStoreError} `LEDGER_STORE_DAMAGED`, `LEDGER_STORE_UNSUPPORTED`.
   */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { rows, context, signer } = this.#parts
    const { home, fresh, supply } = this.#init
    await rows.open()
    try {
      const init = { context, device: signer.peer, home, fresh, supply }
      this.#recovered = await recover(rows, init)
    } catch (error) {
      await rows.close()
      throw error
    }
    this.#chain = new Chain(context, signer.peer, this.#recovered.start)
    this.#head = this.#recovered.head?.signed
  }

  /** Writes what waits, unless the disk has failed, and closes. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.flush()
    await this.#parts.rows.close()
  }

  /** What was found and mended at the start. */
  get recovered(): Recovered {
    invariant(this.#recovered !== undefined, 'a ledger is used after its start')
    return this.#recovered
  }

  /** The last head that is on the disk; undefined before the first write. */
  get head(): SignedRecord | undefined {
    return this.#head
  }

  /** Id of the log. */
  get log(): Uint8Array {
    return this.#chain.log
  }

  /** Entries that are on the disk or on their way there. */
  get size(): number {
    return this.#chain.size
  }

  get incarnation(): number {
    return this.#chain.incarnation
  }

  /** Grows with each write since the start: what was read is still all there is while it is the same. */
  get writes(): number {
    return this.#writes
  }

  /** Reads what is on the disk. */
  get reader(): LedgerReader {
    return new LedgerReader(this.#parts)
  }

  /** What to do before the first append, by what peers hold of this log. */
  async recall(answers: readonly (RecalledHead | undefined)[]): Promise<RecallDecision> {
    const own = this.recovered.head?.head
    const sizes = answers.map((answer) => answer?.head.size ?? 0)
    const held = sizes.filter((size) => size > 0 && size <= this.size)
    const roots = new Map<number, Uint8Array>()
    for (const size of held) roots.set(size, await this.reader.rootAt(size))
    return decideRecall({
      own,
      suspect: this.recovered.suspect !== undefined,
      answers,
      rootAt: (size) => roots.get(size),
    })
  }

  /**
   * Takes back entries of this log that a peer kept, under a head that it showed.
   *
   * @param suffix - Encoded entries from {@link size} on.
   * @returns False when they do not follow, or do not lead to that head: nothing is taken then.
   */
  async adopt({ head, signed }: RecalledHead, suffix: readonly Uint8Array[]): Promise<boolean> {
    invariant(!this.#confirmed, 'entries are taken back before any is written')
    const chain = new Chain(
      this.#parts.context,
      this.#parts.signer.peer,
      this.#chain.size === 0 ? undefined : this.#chain.position,
    )
    const { context } = this.#parts
    const batches = [new WriteBatch(context, chain.size)]
    for (const [index, encoded] of suffix.entries()) {
      if (index > 0 && index % WRITE_RECORDS_MAX === 0) {
        batches.push(new WriteBatch(context, chain.size))
      }
      const batch = batches.at(-1) as WriteBatch
      const entry = chain.append(encoded, batch.sink)
      if (entry.type === 'refused') return false
      batch.take(chain, entry.value)
    }
    if (chain.headProblem(head) !== undefined) return false
    // Until it has begun, the store lies nowhere: after a crash it is as suspect as it was.
    await this.#guarded([metaRow(NOWHERE)])
    // The head comes last: without it, whatever came before is dropped at the next start.
    batches.at(-1)?.push(headRows(head, signed))
    for (const batch of batches) await this.#guarded(batch.changes)
    this.#chain = chain
    this.#head = signed
    return true
  }

  /** Begins to write: nobody holds a later head. A new log gets its first entry. */
  async goOn(): Promise<void> {
    await this.#begin([])
  }

  /** Begins to write in a new incarnation: entries are lost, or may be. */
  async rollOver(
    reason: keyof typeof ROLLOVER_REASONS,
    lastKnown: RecalledHead | undefined,
  ): Promise<void> {
    const { clock, random } = this.#parts
    const known = Math.max(this.incarnation, lastKnown?.head.incarnation ?? 0)
    const body = rolloverBody({
      incarnation: nextIncarnation(known, clock.wallMs(), random.fraction()),
      size: Math.max(1, this.size),
      reason: ROLLOVER_REASONS[reason],
      lastKnown: lastKnown?.signed,
    })
    await this.#begin([{ wallMs: Math.floor(clock.wallMs()), kind: ENTRY_KINDS.rollover, body }])
  }

  /** The first writes: that the store lies here is written no sooner than the new incarnation is on the disk. */
  async #begin(entries: readonly NewEntry[]): Promise<void> {
    invariant(!this.#confirmed, 'a ledger is begun once')
    const { context, signer } = this.#parts
    // Without a time of its own, so that the first entry of a log is the same however often it is written.
    const genesis = {
      wallMs: 0,
      kind: ENTRY_KINDS.genesis,
      body: genesisBody(context.network, signer.peer),
    }
    const written = this.size === 0 ? [genesis, ...entries] : entries
    const batch = new WriteBatch(context, this.size)
    for (const entry of written) this.#writeEntry(entry, batch)
    const signed = this.#signedHead(batch)
    if (batch.grows) await this.#guarded(batch.changes)
    await this.#guarded([metaRow(this.#init.home)])
    this.#head = signed
    this.#confirmed = true
    this.#parts.onHead?.()
  }

  /**
   * Appends an entry. Resolves when it, and a signed head over it, are on the disk.
   *
   * @throws {LedgerStoreError} `LEDGER_STORE_OVERLOADED`, `LEDGER_STORE_FAILED`, `LEDGER_STORE_CLOSED`.
   */
  async append(record: NewRecord, urgency: Urgency = 'soon'): Promise<ChainedEntry> {
    const wallMs = Math.floor(this.#parts.clock.wallMs())
    const entry = await this.#enqueue(urgency, (batch) =>
      this.#writeEntry({ ...record, wallMs }, batch),
    )
    invariant(entry !== undefined, 'an entry that was appended is there')
    return entry
  }

  /** Appends an own half, as {@link append} does. */
  appendHalf({ kind, signed }: Half, urgency?: Urgency): Promise<ChainedEntry> {
    return this.append({ kind: ENTRY_KINDS[kind], body: encodeShape(SIGNED_HALF, signed) }, urgency)
  }

  /** Keeps a half that the other party signed. Resolves when it is on the disk; again for one that is there. */
  async keepHalf(half: Half, urgency: Urgency = 'soon'): Promise<void> {
    await this.#enqueue(urgency, (batch) => {
      batch.push(halfRows(half))
      return undefined
    })
  }

  /** Resolves when everything that was appended before is on the disk, or has failed. */
  async flush(): Promise<void> {
    while (this.#pending.length > 0 && !this.#failed) {
      this.#due = true
      this.#pump()
      await this.#writing
    }
    await this.#writing
  }

  #writeEntry(entry: NewEntry, batch: WriteBatch): ChainedEntry {
    const written = this.#chain.write(entry, batch.sink)
    invariant(written.type === 'value', 'an entry that is written follows the one before')
    batch.take(this.#chain, written.value)
    return written.value
  }

  #enqueue(urgency: Urgency, write: Pending['write']): Promise<ChainedEntry | undefined> {
    invariant(this.#confirmed, 'a ledger is written after it is known to be the latest')
    if (this.#failed) return Promise.reject(new LedgerStoreError({ code: 'LEDGER_STORE_FAILED' }))
    if (this.#stopping.signal.aborted) {
      return Promise.reject(new LedgerStoreError({ code: 'LEDGER_STORE_CLOSED' }))
    }
    const pending = this.#pending.length
    if (pending >= PENDING_RECORDS_MAX) {
      return Promise.reject(new LedgerStoreError({ code: 'LEDGER_STORE_OVERLOADED', pending }))
    }
    const { promise, resolve, reject } = Promise.withResolvers<ChainedEntry | undefined>()
    this.#pending.push({ write, resolve, reject })
    if (urgency === 'now' || this.#pending.length >= this.#init.flushRecords) this.#due = true
    else void this.#flushLater()
    this.#pump()
    return promise
  }

  async #flushLater(): Promise<void> {
    if (this.#timing) return
    this.#timing = true
    await this.#parts.clock.sleep(this.#init.flushDelayMs, this.#stopping.signal)
    this.#timing = false
    this.#due = true
    this.#pump()
  }

  /** One write at a time: what is appended meanwhile goes together into the next. */
  #pump(): void {
    if (this.#writing !== undefined || !this.#due || this.#pending.length === 0) return
    if (this.#failed) return
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
      this.#pump()
    })
  }

  async #write(): Promise<void> {
    const records = this.#pending.splice(0, WRITE_RECORDS_MAX)
    if (this.#pending.length === 0) this.#due = false
    const batch = new WriteBatch(this.#parts.context, this.#chain.size)
    const entries = records.map((record) => record.write(batch))
    const signed = this.#signedHead(batch)
    try {
      await this.#guarded(batch.changes)
    } catch (error) {
      for (const { reject } of records) reject(error)
      return
    }
    this.#head = signed
    this.#parts.onHead?.()
    for (const [index, { resolve }] of records.entries()) resolve(entries[index])
  }

  /** The head over what `batch` brings; the last one when that is no entry. */
  #signedHead(batch: WriteBatch): SignedRecord | undefined {
    if (!batch.grows) return this.#head
    const { context, signer, clock } = this.#parts
    const head = this.#chain.head(Math.floor(clock.wallMs()), 0)
    const signed = signHead(context, signer, head)
    batch.push(headRows(head, signed))
    return signed
  }

  /** Writes, and gives up for good when that fails. */
  async #guarded(changes: readonly RowChange[]): Promise<void> {
    try {
      await this.#parts.rows.write(changes)
      this.#writes++
    } catch (error) {
      this.#failed = true
      const refused = this.#pending.splice(0)
      for (const { reject } of refused) {
        reject(new LedgerStoreError({ code: 'LEDGER_STORE_FAILED' }, { cause: error }))
      }
      this.#parts.onFailure(error)
      throw error
    }
  }
}
