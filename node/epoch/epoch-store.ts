/**
 * What a device keeps of the epochs of one mesh: what was decided, what it said itself, and what it voted.
 *
 *     D epoch8   a decided epoch            S epoch8   the own statement about an epoch
 *     E hash32   a proof against somebody   V          votes of the epoch that is decided on
 *     B row4     a header that was proposed or voted for, and what is in it, until the epoch is decided
 *     R          the word of the founder that this device goes on by, until it is decided
 *     C          what this device wants the parameters of the mesh to be
 *     L hash32   the last word of a device that leaves, by the hash of its name
 *     Q key32    the last report of a device that this one speaks for
 *     O hash32   what this device says of who owns it, or whom it owns
 *     M          size and hash of what follows from the epochs, up to one
 *     N part4    a part of that
 *     P epoch8 round4 hash32   a polka of an epoch that took more than one round
 *
 * Every write is on the disk when it resolves.
 *
 * @module
 */

import { bytesEqual, concatBytes, utf8 } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { publicKeyOf } from '../../core/peer-key.ts'
import {
  decodeCertificate,
  decodeEpochRecord,
  encodeCertificate,
  encodeEpochRecord,
  type EpochRecord,
  type SignedHeader,
} from '../../protocols/epoch/index.ts'
import type { LedgerRows, RowChange } from '../ledger/rows.ts'
import type { KeptPolka } from './kept-polkas.ts'

/** Rows that are read at once: of these, few are long. */
const PAGE_ROWS = 64
/** Words of who leaves that are read again. */
const FAREWELLS_MAX = 4_096
/** Own words about owners, and reports, that are read. */
const OWNED_MAX = 256
/** Polkas that are kept. */
const POLKAS_MAX = 512
const VOTES_KEY = utf8('V')
const HASH_BYTES = 32
/** In the place of votes that cannot be read. */
const NO_RECORD = new Uint8Array(0)
const RESTART_KEY = utf8('R')
const CONSENT_KEY = utf8('C')
const SNAPSHOT_KEY = utf8('M')
/** A number of parts, and the hash of the whole. */
const SUMMARY_BYTES = 4 + 32
const PART_BYTES = 1_048_576
/** A letter and a number. */
const CUT_KEY_BYTES = 1 + 4

/** What is in a header, as it is kept. */
export interface CutRow {
  readonly row: number
  readonly encoded: Uint8Array
}

export class EpochStore {
  readonly #rows: LedgerRows
  readonly #sha256: Sha256

  constructor(rows: LedgerRows, sha256: Sha256) {
    this.#rows = rows
    this.#sha256 = sha256
  }

  open(): Promise<void> {
    return this.#rows.open()
  }

  close(): Promise<void> {
    return this.#rows.close()
  }

  /** Decided epochs from `from` on, in order, as they are kept. A mesh that began again has none of the epochs that it stood still in. */
  async *encoded(from: number): AsyncGenerator<Uint8Array, void> {
    for (let at = key('D', from); ;) {
      const rows = await this.#rows.range({ from: at, to: utf8('E'), limit: PAGE_ROWS })
      for (const { value } of rows) yield value
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE_ROWS) return
      at = concatBytes([last.key, Uint8Array.of(0)])
    }
  }

  async record(epoch: number): Promise<EpochRecord | undefined> {
    const [value] = await this.#rows.get([key('D', epoch)])
    const decoded = value === undefined ? undefined : decodeEpochRecord(value)
    return decoded?.type === 'value' ? decoded.value : undefined
  }

  /** Headers of decided epochs from `from` on, with what decided them, in order: at most `count`, up to one that is damaged. */
  async headers(from: number, count: number): Promise<readonly SignedHeader[]> {
    const range = { from: key('D', from), to: utf8('E'), limit: count }
    const headers: SignedHeader[] = []
    for (const { value: encoded } of await this.#rows.range(range)) {
      const decoded = decodeEpochRecord(encoded)
      if (decoded.type === 'refused') return headers
      const { value, certificate, committee } = decoded.value
      headers.push({ value, certificate, committee })
    }
    return headers
  }

  /** Keeps a decided epoch; the votes on it are of no use any more, but that they were, and `cuts` of it are given up. */
  keep(epoch: number, decided: EpochRecord, cuts: readonly number[]): Promise<void> {
    const value = encodeEpochRecord(decided)
    return this.#write([{ type: 'put', key: key('D', epoch), value }, ...droppedCuts(cuts)])
  }

  /** What this device said of an epoch: it says nothing else of it, ever. */
  async statement(epoch: number): Promise<Uint8Array | undefined> {
    const [value] = await this.#rows.get([key('S', epoch)])
    return value
  }

  keepStatement(epoch: number, statement: Uint8Array): Promise<void> {
    return this.#write([{ type: 'put', key: key('S', epoch), value: statement }])
  }

  /**
   * The votes of this device, behind their hash: with a bit of a vote turned round on the disk it would vote otherwise
   * in good faith. What is damaged is no record of anything.
   */
  async votes(): Promise<Uint8Array | undefined> {
    const [value] = await this.#rows.get([VOTES_KEY])
    if (value === undefined) return undefined
    const record = value.subarray(HASH_BYTES)
    const holds = bytesEqual(value.subarray(0, HASH_BYTES), this.#sha256(record))
    return holds ? record : NO_RECORD
  }

  keepVotes(record: Uint8Array): Promise<void> {
    const value = concatBytes([this.#sha256(record), record])
    return this.#write([{ type: 'put', key: VOTES_KEY, value }])
  }

  /** What is in headers that this device proposed or voted for, in the order in which it was kept. */
  async cuts(): Promise<readonly CutRow[]> {
    const rows = await this.#rows.range({ from: utf8('B'), to: utf8('C'), limit: PAGE_ROWS })
    return rows
      .filter(({ key: at }) => at.length === CUT_KEY_BYTES)
      .map(({ key: at, value }) => ({ row: uint32At(at, 1), encoded: value }))
  }

  /** Keeps what is in a header, in the place of the rows of `old`: nobody else may have it after a crash. */
  keepCut(row: number, encoded: Uint8Array, old: readonly number[]): Promise<void> {
    return this.#write([{ type: 'put', key: cutKey(row), value: encoded }, ...droppedCuts(old)])
  }

  dropCuts(rows: readonly number[]): Promise<void> {
    return this.#write(droppedCuts(rows))
  }

  async restart(): Promise<Uint8Array | undefined> {
    const [value] = await this.#rows.get([RESTART_KEY])
    return value
  }

  async consent(): Promise<Uint8Array | undefined> {
    const [value] = await this.#rows.get([CONSENT_KEY])
    return value
  }

  keepConsent(consent: Uint8Array): Promise<void> {
    return this.#write([{ type: 'put', key: CONSENT_KEY, value: consent }])
  }

  async ownerWords(): Promise<readonly Uint8Array[]> {
    const [from, to] = [utf8('O'), utf8('P')]
    const rows = await this.#rows.range({ from, to, limit: OWNED_MAX })
    return rows.map(({ value }) => value)
  }

  keepOwnerWord(id: Uint8Array, encoded: Uint8Array): Promise<void> {
    return this.#write([{ type: 'put', key: concatBytes([utf8('O'), id]), value: encoded }])
  }

  dropOwnerWord(id: Uint8Array): Promise<void> {
    return this.#write([{ type: 'del', key: concatBytes([utf8('O'), id]) }])
  }

  async reports(): Promise<readonly Uint8Array[]> {
    const [from, to] = [utf8('Q'), utf8('R')]
    const rows = await this.#rows.range({ from, to, limit: OWNED_MAX })
    return rows.map(({ value }) => value)
  }

  keepReport(device: PeerId, encoded: Uint8Array): Promise<void> {
    const name = publicKeyOf(device)
    invariant(name !== undefined, 'a device is named by its key')
    return this.#write([{ type: 'put', key: concatBytes([utf8('Q'), name]), value: encoded }])
  }

  keepRestart(restart: Uint8Array): Promise<void> {
    return this.#write([{ type: 'put', key: RESTART_KEY, value: restart }])
  }

  /** Proofs that wait to be in an epoch, a page at a time: whatever they are worth, all of them are looked at. */
  async *evidence(): AsyncGenerator<readonly Uint8Array[], void> {
    const to = utf8('F')
    for (let from = utf8('E'); ;) {
      const rows = await this.#rows.range({ from, to, limit: PAGE_ROWS })
      yield rows.map(({ value }) => value)
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE_ROWS) return
      from = concatBytes([last.key, Uint8Array.of(0)])
    }
  }

  keepEvidence(id: Uint8Array, encoded: Uint8Array): Promise<void> {
    return this.#write([{ type: 'put', key: concatBytes([utf8('E'), id]), value: encoded }])
  }

  dropEvidence(ids: readonly Uint8Array[]): Promise<void> {
    return this.#write(ids.map((id) => ({ type: 'del', key: concatBytes([utf8('E'), id]) })))
  }

  /** The last words of devices that leave. */
  async farewells(): Promise<readonly Uint8Array[]> {
    const [from, to] = [utf8('L'), utf8('M')]
    const rows = await this.#rows.range({ from, to, limit: FAREWELLS_MAX })
    return rows.map(({ value }) => value)
  }

  /** Keeps the word of a device, in the place of an earlier one. */
  keepFarewell(device: Uint8Array, encoded: Uint8Array): Promise<void> {
    return this.#write([{ type: 'put', key: concatBytes([utf8('L'), device]), value: encoded }])
  }

  /** Polkas that this device may have to answer with, those of the latest epochs. */
  async polkas(): Promise<readonly KeptPolka[]> {
    const rows = await this.#rows.range({ from: utf8('P'), to: utf8('Q'), limit: POLKAS_MAX })
    return rows.flatMap(({ key: at, value }) => {
      const polka = decodeCertificate(value)
      const epoch = Number(new DataView(at.buffer, at.byteOffset).getBigUint64(1))
      return polka === undefined ? [] : [{ epoch, polka }]
    })
  }

  /** Keeps polkas, and gives up the oldest where there are too many. */
  async keepPolkas(polkas: readonly KeptPolka[]): Promise<void> {
    const rows = await this.#rows.range({ from: utf8('P'), to: utf8('Q'), limit: POLKAS_MAX })
    const old = rows.slice(0, Math.max(0, rows.length + polkas.length - POLKAS_MAX))
    await this.#write([
      ...polkas.map(({ epoch, polka }) => ({
        type: 'put' as const,
        key: concatBytes([key('P', epoch), uint32(polka.round), polka.value]),
        value: encodeCertificate(polka),
      })),
      ...old.map(({ key: at }) => ({ type: 'del' as const, key: at })),
    ])
  }

  /** What followed from the epochs up to one, whole as it was kept; undefined when there is none, or it is damaged. */
  async snapshot(sha256: Sha256): Promise<Uint8Array | undefined> {
    const [summary] = await this.#rows.get([SNAPSHOT_KEY])
    if (summary?.length !== SUMMARY_BYTES) return undefined
    const parts: Uint8Array[] = []
    for (let part = 0; part < partsOf(summary); part++) {
      const [bytes] = await this.#rows.get([partKey(part)])
      if (bytes === undefined) return undefined
      parts.push(bytes)
    }
    const whole = concatBytes(parts)
    return bytesEqual(sha256(whole), summary.subarray(4)) ? whole : undefined
  }

  /** Keeps what follows from the epochs in the place of what was kept before. */
  async keepSnapshot(sha256: Sha256, whole: Uint8Array): Promise<void> {
    const [before] = await this.#rows.get([SNAPSHOT_KEY])
    const count = Math.ceil(whole.length / PART_BYTES)
    const summary = new Uint8Array(SUMMARY_BYTES)
    new DataView(summary.buffer).setUint32(0, count)
    summary.set(sha256(whole), 4)
    const parts = Array.from({ length: count }, (_, part) => ({
      type: 'put' as const,
      key: partKey(part),
      value: whole.subarray(part * PART_BYTES, (part + 1) * PART_BYTES),
    }))
    const known = before?.length === SUMMARY_BYTES ? partsOf(before) : 0
    const old = Array.from({ length: Math.max(0, known - count) }, (_, at) => ({
      type: 'del' as const,
      key: partKey(count + at),
    }))
    await this.#write([{ type: 'put', key: SNAPSHOT_KEY, value: summary }, ...parts, ...old])
  }

  #write(changes: readonly RowChange[]): Promise<void> {
    return this.#rows.write(changes)
  }
}

function key(letter: string, epoch: number): Uint8Array {
  const number = new Uint8Array(8)
  new DataView(number.buffer).setBigUint64(0, BigInt(epoch))
  return concatBytes([utf8(letter), number])
}

function uint32(value: number): Uint8Array {
  const number = new Uint8Array(4)
  new DataView(number.buffer).setUint32(0, value)
  return number
}

function cutKey(row: number): Uint8Array {
  return concatBytes([utf8('B'), uint32(row)])
}

function droppedCuts(rows: readonly number[]): readonly RowChange[] {
  return rows.map((row) => ({ type: 'del', key: cutKey(row) }))
}

function partKey(part: number): Uint8Array {
  return concatBytes([utf8('N'), uint32(part)])
}

function partsOf(summary: Uint8Array): number {
  return uint32At(summary, 0)
}

function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
}
