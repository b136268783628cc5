/**
 * The check of a ledger's store when it is opened: what is there, whether it holds, and what can be repaired.
 *
 * The last head is the truth: entries beyond it were never told to anybody and go. The tree is
 * computed again from its entries where a node is damaged. An entry that is damaged is asked of
 * peers, who can give nothing but the right one.
 *
 * @module
 */

import { bytesEqual, concatBytes } from '../../core/bytes.ts'
import { bytes, decodeShape, encodeShape, record, uint } from '../../core/cbor-shape.ts'
import type { PeerId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  Chain,
  type ChainStart,
  decodeEntry,
  edgeNodes,
  entryId,
  HASH_BYTES,
  type Head,
  type LedgerContext,
  openHead,
  SIGNED_HEAD,
} from '../../ledger/index.ts'
import { LedgerStoreError } from './errors.ts'
import { headRows } from './entry-rows.ts'
import {
  entryKey,
  HEAD_KEY,
  incarnationKey,
  lastNumber,
  META_KEY,
  nodesKey,
  rolloverKey,
} from './ledger-keys.ts'
import { nodeCount, nodesRow, readNode, readNodes } from './node-rows.ts'
import type { LedgerRows, RowChange } from './rows.ts'

/** Entries that are read at every start, the last ones. */
const CHECKED_ENTRIES = 1_024
/** Rows that are read at once. */
const PAGE_ROWS = 256
const SCHEMA = 1

/** What says where a store lies, so that a copy of it is noticed. */
export const HOME_BYTES_MAX = 64

const META = record({ schema: uint(), home: bytes(0, HOME_BYTES_MAX) })

/** The row that says which version and where. */
export function metaRow(home: Uint8Array): RowChange {
  return { type: 'put', key: META_KEY, value: encodeShape(META, { schema: SCHEMA, home }) }
}

/** An entry of this device's own log, by its place, from whoever has it. */
export type EntrySupply = (seq: number) => Promise<Uint8Array | undefined>

export interface RecoveryInit {
  readonly context: LedgerContext
  readonly device: PeerId
  /** Where the store lies now. */
  readonly home: Uint8Array
  /** True when the device is new: an empty store is then right. */
  readonly fresh: boolean
  readonly supply?: EntrySupply | undefined
}

/** A store that holds. */
export interface Recovered {
  /** Where the chain goes on; undefined when there is none yet. */
  readonly start: ChainStart | undefined
  readonly head: RecoveredHead | undefined
  /** Why the store may not be the latest; undefined when nothing speaks for it. */
  readonly suspect: 'copied' | 'empty' | 'head lost' | 'entries lost' | undefined
  /** What was mended: entries after the head that went, and entries that were damaged. */
  readonly dropped: number
  readonly entriesRepaired: number
  /** True when nodes of the tree were computed again. */
  readonly treeRepaired: boolean
}

export interface RecoveredHead {
  readonly head: Head
  readonly signed: SignedRecord
}

/** @throws {LedgerStoreError} `LEDGER_STORE_DAMAGED`, `LEDGER_STORE_UNSUPPORTED`. */
export async function recover(rows: LedgerRows, init: RecoveryInit): Promise<Recovered> {
  const [meta] = await rows.get([META_KEY])
  const copied = isCopied(meta, init.home) ? 'copied' : undefined
  const heads = await readHeads(rows, init)
  let damage: Damage | undefined
  for (const [index, recovered] of heads.entries()) {
    const checked = await checkEntries(rows, init, recovered.head)
    if (checked.type === 'damage') {
      damage ??= checked
      continue
    }
    const dropped = await dropAfter(rows, recovered)
    // An earlier head holds and the last one does not: a write that broke off, or entries that went bad.
    const suspect = index > 0 ? 'entries lost' : copied
    return { ...checked.found, head: recovered, suspect, dropped }
  }
  if (damage !== undefined) throw damaged(damage)
  return recoverHeadless(rows, init, meta !== undefined)
}

/** A new store, or one whose heads are gone: then the entries that follow one another are all there is. */
async function recoverHeadless(
  rows: LedgerRows,
  init: RecoveryInit,
  used: boolean,
): Promise<Recovered> {
  const size = await entryCount(rows)
  const nothing = { start: undefined, treeRepaired: false, entriesRepaired: 0 }
  const empty = init.fresh ? undefined : 'empty'
  const suspect = used || size > 0 ? 'head lost' : empty
  if (size === 0) return { ...nothing, head: undefined, suspect, dropped: 0 }
  const checked = await followEntries(rows, init, { size, head: undefined, start: undefined })
  if (checked.type === 'damage') throw damaged(checked)
  return { ...checked.found, head: undefined, suspect, dropped: 0 }
}

/** @throws {LedgerStoreError} `LEDGER_STORE_UNSUPPORTED`. */
function isCopied(value: Uint8Array | undefined, home: Uint8Array): boolean {
  const meta = value === undefined ? undefined : decodeShape(META, value)
  if (meta === undefined || meta.type === 'refused') return value !== undefined
  if (meta.value.schema > SCHEMA) {
    throw new LedgerStoreError({ code: 'LEDGER_STORE_UNSUPPORTED', schema: meta.value.schema })
  }
  return !bytesEqual(meta.value.home, home)
}

/** The last head, of which there are two copies, and the one before where only one of them was written; the latest first. */
async function readHeads(rows: LedgerRows, init: RecoveryInit): Promise<readonly RecoveredHead[]> {
  const [last] = await rows.get([HEAD_KEY])
  const range = { from: incarnationKey(0), to: incarnationKey(Number.MAX_SAFE_INTEGER), limit: 1 }
  const [ofIncarnation] = await rows.range({ ...range, reverse: true })
  const read = [last, ofIncarnation?.value]
    .map((value) => (value === undefined ? undefined : readHead(init, value)))
    .filter((head) => head !== undefined)
    .toSorted((a, b) => compareHeads(b.head, a.head))
  const [first, second] = read
  const same =
    first !== undefined && second !== undefined && compareHeads(first.head, second.head) === 0
  return same ? [first] : read
}

function compareHeads(a: Head, b: Head): number {
  return a.incarnation - b.incarnation || a.size - b.size
}

function readHead({ context, device }: RecoveryInit, value: Uint8Array): RecoveredHead | undefined {
  const signed = decodeShape(SIGNED_HEAD, value)
  if (signed.type === 'refused') return undefined
  const head = openHead(context, device, signed.value)
  return head.type === 'refused' ? undefined : { head: head.value, signed: signed.value }
}

/** One more than the last entry's place. */
async function entryCount(rows: LedgerRows): Promise<number> {
  const range = { from: entryKey(0), to: entryKey(Number.MAX_SAFE_INTEGER), limit: 1 }
  const [last] = await rows.range({ ...range, reverse: true })
  return last === undefined ? 0 : lastNumber(last.key) + 1
}

/** Removes what lies beyond a head: the write that brought it was never finished, so nobody heard of it. */
async function dropAfter(rows: LedgerRows, { head, signed }: RecoveredHead): Promise<number> {
  const { size, incarnation } = head
  const last = Number.MAX_SAFE_INTEGER
  const dropped = await dropRange(rows, entryKey(size), entryKey(last))
  await dropRange(rows, nodesKey(size), nodesKey(last))
  await dropRange(rows, rolloverKey(size, 0), rolloverKey(last, 0))
  await dropRange(rows, incarnationKey(incarnation + 1), incarnationKey(last))
  const changes = headRows(head, signed)
  const kept = await rows.get(changes.map(({ key }) => key))
  const stale = changes.filter((change, index) => {
    const value = kept[index]
    return change.type === 'put' && (value === undefined || !bytesEqual(value, change.value))
  })
  if (stale.length > 0) await rows.write(stale)
  return dropped
}

/** Removes the rows in [from, to), and returns how many there were. */
async function dropRange(rows: LedgerRows, from: Uint8Array, to: Uint8Array): Promise<number> {
  let dropped = 0
  for (;;) {
    const page = await rows.range({ from, to, limit: PAGE_ROWS })
    if (page.length === 0) return dropped
    await rows.write(page.map(({ key }) => ({ type: 'del', key })))
    dropped += page.length
  }
}

interface Damage {
  readonly type: 'damage'
  readonly seq: number
  readonly reason: string
}

function damaged({ seq, reason }: Damage): LedgerStoreError {
  return new LedgerStoreError({ code: 'LEDGER_STORE_DAMAGED', seq, reason })
}

interface Found {
  readonly type: 'found'
  readonly found: Pick<Recovered, 'start' | 'treeRepaired' | 'entriesRepaired'>
}

/** Checks the last entries; all of them where that does not lead to the head. */
async function checkEntries(
  rows: LedgerRows,
  init: RecoveryInit,
  head: Head,
): Promise<Found | Damage> {
  const { size } = head
  const from = Math.max(0, size - CHECKED_ENTRIES)
  const start = from === 0 ? undefined : await startAt(rows, from)
  if (start !== undefined) {
    const checked = await followEntries(rows, init, { size, head, start })
    if (checked.type === 'found') return checked
  }
  return followEntries(rows, init, { size, head, start: undefined })
}

/** Where a chain that is not read from its beginning goes on, by the nodes that are kept. */
async function startAt(rows: LedgerRows, from: number): Promise<ChainStart | undefined> {
  const places = edgeNodes(from)
  const nodes = await Promise.all(places.map((place) => readNode(rows, place)))
  const edge = nodes.filter((node) => node !== undefined)
  if (edge.length !== places.length) return undefined
  const range = { from: rolloverKey(0, 0), to: rolloverKey(from, 0), limit: 1, reverse: true }
  const [rollover] = await rows.range(range)
  const incarnation = rollover === undefined ? 0 : lastNumber(rollover.key)
  return { size: from, edge, incarnation, tip: undefined }
}

interface Followed {
  readonly size: number
  readonly head: Head | undefined
  readonly start: ChainStart | undefined
}

/** Appends what is kept to a chain up to `size`, and mends what is damaged when that leads to the head. */
async function followEntries(
  rows: LedgerRows,
  init: RecoveryInit,
  { size, head, start }: Followed,
): Promise<Found | Damage> {
  const chain = new Chain(init.context, init.device, start)
  const repairs: (readonly RowChange[])[] = []
  let entriesRepaired = 0
  let treeRepaired = false
  while (chain.size < size) {
    const from = chain.size
    const page = await readPage(rows, from, size)
    const hashes: Uint8Array[] = []
    const changes: RowChange[] = []
    for (const { seq, value, ids } of page.entries) {
      const entry = await wholeEntry(init, chain, { seq, value, ids })
      if (entry === undefined) return { type: 'damage', seq, reason: reasonFor(value) }
      chain.append(entry, (_level, _index, hash) => hashes.push(hash))
      if (value !== undefined && bytesEqual(value, entry)) continue
      entriesRepaired++
      changes.push({ type: 'put', key: entryKey(seq), value: entry })
    }
    // From the first node on that is wrong, all are written anew: rows of nodes hold more than a page.
    treeRepaired ||= !bytesEqual(concatBytes(hashes), page.nodes)
    if (treeRepaired)
      changes.push(...(await nodesAnew(rows, from, chain.size)), nodesRow(from, hashes))
    if (changes.length > 0) repairs.push(changes)
  }
  if (head !== undefined && chain.headProblem(head) !== undefined) {
    return { type: 'damage', seq: size - 1, reason: 'the entries are not those of the head' }
  }
  for (const changes of repairs) await rows.write(changes)
  return { type: 'found', found: { start: chain.position, treeRepaired, entriesRepaired } }
}

/** Removes the rows of nodes that begin in a page that is written as one row. */
async function nodesAnew(
  rows: LedgerRows,
  from: number,
  to: number,
): Promise<readonly RowChange[]> {
  const range = { from: nodesKey(from), to: nodesKey(to), limit: to - from }
  return (await rows.range(range)).map(({ key }) => ({ type: 'del', key }))
}

interface KeptEntry {
  readonly seq: number
  readonly value: Uint8Array | undefined
  /** What its id should be: as the tree has it, and as the entry after it says. */
  readonly ids: readonly Uint8Array[]
}

interface Page {
  readonly entries: readonly KeptEntry[]
  /** The nodes that they completed, as they are kept. */
  readonly nodes: Uint8Array
}

/** The next entries below `size`, each with what others say its id is. */
async function readPage(rows: LedgerRows, from: number, size: number): Promise<Page> {
  const seqs = Array.from({ length: Math.min(PAGE_ROWS, size - from) }, (_, index) => from + index)
  const nodes = await readNodes(rows, from, from + seqs.length)
  const values = await rows.get([...seqs, from + seqs.length].map(entryKey))
  const entries = seqs.map((seq, index) => {
    const at = (nodeCount(seq) - nodeCount(from)) * HASH_BYTES
    const leaf = nodes.subarray(at, at + HASH_BYTES)
    const following = seq + 1 < size ? values[index + 1] : undefined
    const decoded = following === undefined ? undefined : decodeEntry(following)
    const named = decoded?.type === 'value' ? decoded.value.prev : undefined
    const ids = [leaf, named].filter((id) => id?.length === HASH_BYTES) as Uint8Array[]
    return { seq, value: values[index], ids }
  })
  return { entries, nodes }
}

/** The entry as it is kept or, when that is not the one that its neighbours know, as a peer has it. */
async function wholeEntry(
  { context, supply }: RecoveryInit,
  chain: Chain,
  { seq, value, ids }: KeptEntry,
): Promise<Uint8Array | undefined> {
  const isKnown = (candidate: Uint8Array): boolean => {
    const id = entryId(context.crypto.sha256, candidate)
    return ids.some((known) => bytesEqual(known, id))
  }
  if (value !== undefined && chain.wouldTake(value) && isKnown(value)) return value
  const supplied = await supply?.(seq)
  if (supplied !== undefined && chain.wouldTake(supplied) && isKnown(supplied)) return supplied
  // Where tree and next entry do not both speak against it, the head decides: one of them may be damaged.
  return value !== undefined && ids.length < 2 && chain.wouldTake(value) ? value : undefined
}

function reasonFor(value: Uint8Array | undefined): string {
  return value === undefined ? 'it is missing' : 'it is not what the tree says'
}
