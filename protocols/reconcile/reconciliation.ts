/**
 * Finds out what each of two sets lacks, in messages that go to and fro.
 *
 * Range-based set reconciliation (Meyer, arXiv 2212.13567) as Negentropy's version 1 has it: whoever
 * begins tells fingerprints of runs of its items. For a run whose fingerprint differs, the other tells
 * those of smaller runs, or lists its items when they are few. Whoever answers learns nothing and keeps
 * nothing between two messages; whoever began knows in the end what it has and the other needs, and
 * the other way round.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import { accept, refuse, type Result } from './errors.ts'
import { type Bound, END, type ItemSet } from './item-set.ts'
import { BUCKETS, ID_BYTES, MESSAGE_BYTES_MAX, ROUNDS_MAX } from './limits.ts'
import { decodeRanges, MessageWriter, type Range } from './message.ts'

/** Room that is kept for the range that says what is left out. */
const RESERVE_BYTES = 128
/** What a range is cut into takes no more: sixteen fingerprints, or as many items as are listed. */
const RANGE_BYTES_MAX: number = 2 * BUCKETS * (ID_BYTES + 32)

/** The first message: what `set` holds of everything. */
export function beginReconciliation(set: ItemSet): Uint8Array {
  const writer = new MessageWriter()
  for (const range of cut(set, { from: 0, to: set.items.length })) writer.add(range)
  return writer.end()
}

/** What whoever has `set` answers to a message. */
export function answerReconciliation(set: ItemSet, message: Uint8Array): Result<Uint8Array> {
  const ranges = decodeRanges(message)
  if (ranges.type === 'refused') return ranges
  return accept(
    reply(set, ranges.value, ({ run: { from, to }, end, roomBytes }) => {
      const shown = Math.min(to - from, Math.max(0, Math.floor(roomBytes / ID_BYTES)))
      const ids = set.items.slice(from, from + shown).map(({ id }) => id)
      const upTo = from + shown
      return { upTo, range: { mode: 'list', end: upTo < to ? set.boundAt(upTo) : end, ids } }
    }),
  )
}

/** The side that asks. */
export class Reconciliation {
  readonly #set: ItemSet
  /** Ids that the other lacks, and that this side lacks, in hexadecimal. */
  readonly have = new Map<string, Uint8Array>()
  readonly need = new Map<string, Uint8Array>()
  #rounds = 0

  constructor(set: ItemSet) {
    this.#set = set
  }

  begin(): Uint8Array {
    return beginReconciliation(this.#set)
  }

  /** The next message; undefined when all is known. */
  next(answer: Uint8Array): Result<Uint8Array | undefined> {
    const ranges = decodeRanges(answer)
    if (ranges.type === 'refused') return ranges
    if (++this.#rounds > ROUNDS_MAX) {
      return refuse('RECONCILE_ROUNDS_EXCEEDED', `expected an end after ${ROUNDS_MAX} rounds`)
    }
    const message = reply(this.#set, ranges.value, ({ run, end, ids }) => {
      this.#compare(run, ids)
      return { upTo: run.to, range: { mode: 'skip', end } }
    })
    // Nothing but the version: there is nothing left to ask.
    return accept(message.length === 1 ? undefined : message)
  }

  #compare({ from, to }: Run, theirs: readonly Uint8Array[]): void {
    const other = new Map(theirs.map((id) => [toHex(id), id]))
    for (const { id } of this.#set.items.slice(from, to)) {
      if (!other.delete(toHex(id))) this.have.set(toHex(id), id)
    }
    for (const [name, id] of other) this.need.set(name, id)
  }
}

interface Run {
  readonly from: number
  readonly to: number
}

/** A range in which the other side lists what it has. */
interface Listed {
  readonly run: Run
  readonly end: Bound
  readonly ids: readonly Uint8Array[]
  /** What is left of the message. */
  readonly roomBytes: number
}

/** What follows a list, and up to which item it goes. */
type OnList = (listed: Listed) => { readonly upTo: number; readonly range: Range }

/** Answers each range of a message by what `set` has in it. */
function reply(set: ItemSet, ranges: readonly Range[], onList: OnList): Uint8Array {
  const writer = new MessageWriter()
  let from = 0
  let skipped: Range | undefined
  const add = (range: Range): void => {
    if (range.mode === 'skip') {
      skipped = range
      return
    }
    if (skipped !== undefined) writer.add(skipped)
    skipped = undefined
    writer.add(range)
  }
  for (const range of ranges) {
    const roomBytes = MESSAGE_BYTES_MAX - RESERVE_BYTES - writer.bytes
    const run = { from, to: set.indexOf(range.end, from) }
    const answered = told(set, { range, run, roomBytes, onList })
    for (const answer of answered.ranges) add(answer)
    if (answered.upTo < run.to || answered.ranges.length === 0) {
      // The rest is told as one, and asked about again in the next round.
      const fingerprint = set.fingerprint(answered.upTo, set.items.length)
      add({ mode: 'fingerprint', end: END, fingerprint })
      return writer.end()
    }
    from = run.to
  }
  return writer.end()
}

/** What is told of a range, and up to which item; nothing when there is no room for all of it. */
function told(
  set: ItemSet,
  {
    range,
    run,
    roomBytes,
    onList,
  }: {
    readonly range: Range
    readonly run: Run
    readonly roomBytes: number
    readonly onList: OnList
  },
): { readonly upTo: number; readonly ranges: readonly Range[] } {
  if (roomBytes < RANGE_BYTES_MAX) return { upTo: run.from, ranges: [] }
  if (range.mode !== 'list') return { upTo: run.to, ranges: answersTo(set, range, run) }
  const { end, ids } = range
  const listed = onList({ run, end, ids, roomBytes: roomBytes - RESERVE_BYTES })
  return { upTo: listed.upTo, ranges: [listed.range] }
}

function answersTo(
  set: ItemSet,
  range: Exclude<Range, { mode: 'list' }>,
  run: Run,
): readonly Range[] {
  const same =
    range.mode === 'skip' || bytesEqual(range.fingerprint, set.fingerprint(run.from, run.to))
  return same ? [{ mode: 'skip', end: range.end }] : cut(set, run, range)
}

/** What is told of a run: its items when they are few, else the fingerprints of its parts. */
function cut(
  set: ItemSet,
  { from, to }: Run,
  { end }: { readonly end: Range['end'] } = { end: END },
): readonly Range[] {
  const count = to - from
  if (count < 2 * BUCKETS) {
    const ids = set.items.slice(from, to).map(({ id }) => id)
    return [{ mode: 'list', end, ids }]
  }
  const [each, more] = [Math.floor(count / BUCKETS), count % BUCKETS]
  let at = from
  return Array.from({ length: BUCKETS }, (_, bucket) => {
    const start = at
    at += each + (bucket < more ? 1 : 0)
    const bound = bucket === BUCKETS - 1 ? end : set.boundAt(at)
    return { mode: 'fingerprint' as const, end: bound, fingerprint: set.fingerprint(start, at) }
  })
}
