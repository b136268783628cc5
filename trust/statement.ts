/**
 * What a domain says of one epoch: where its ledgers stand, and how much it did for whom since the day began.
 *
 * Sums run from the beginning of the day of the epoch, so that a statement that is lost or late
 * loses nothing: the next one says it again. What counts is the smaller of what the two parties of
 * a pair say (work-graph.ts).
 *
 * @module
 */

import { bytesEqual, compareBytes, toHex } from '../core/bytes.ts'
import {
  bytes,
  encodeShape,
  list,
  record,
  type Shape,
  type ShapeOf,
  uint,
} from '../core/cbor-shape.ts'
import type { Sha256, Signer, Verify } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { isSignedBy, type SignedRecord, signRecord } from '../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import {
  DOMAIN_DEVICES_MAX,
  EPOCH_MAX,
  EPOCHS_PER_DAY,
  HASH_BYTES,
  MILLI_CREDITS_MAX,
  STATEMENT_BYTES_MAX,
  STATEMENT_ROWS_MAX,
  TRUST_VERSION,
} from './limits.ts'
import { decodeVersioned, version } from './versioned.ts'

const KIND = 'epoch-statement'

const ROW = record({
  /** The other domain. */
  peer: bytes(HASH_BYTES),
  /** Settled since the day of the epoch began, in thousandths of a credit; at least 1. */
  milliCredits: uint(MILLI_CREDITS_MAX),
})

/** A row of a statement, and of what a device tells who speaks for it. */
export function statementRow(): Shape<StatementRow> {
  return ROW
}

const STATEMENT = record({
  v: version(),
  network: bytes(HASH_BYTES),
  /** The epoch that is over. */
  epoch: uint(EPOCH_MAX),
  domain: bytes(HASH_BYTES),
  /** The top of the ledger of each device, by device. */
  heads: list(
    record({ device: peerId(), size: uint(), root: bytes(HASH_BYTES) }),
    DOMAIN_DEVICES_MAX,
  ),
  /** What this domain did for others, by their id. */
  provided: list(ROW, STATEMENT_ROWS_MAX),
  /** What others did for it, by their id. */
  consumed: list(ROW, STATEMENT_ROWS_MAX),
  /** The next layer of the domain's onion: its part of the beacon (beacon.ts). */
  onion: bytes(HASH_BYTES),
})

export type Statement = Omit<ShapeOf<typeof STATEMENT>, 'v'>
export type StatementRow = ShapeOf<typeof ROW>

/** What is needed to read a statement. */
export interface StatementContext {
  readonly verify: Verify
  readonly network: Uint8Array
  /** Who signs for a domain; undefined when nobody introduced it. */
  readonly ownerOf: (domain: Uint8Array) => PeerId | undefined
}

/** The day that the sums of a statement of `epoch` are about. */
export function dayOf(epoch: number): number {
  return Math.floor(epoch / EPOCHS_PER_DAY)
}

/** The statement, signed by the owner of its domain. */
export function signStatement(signer: Signer, statement: Statement): SignedRecord {
  return signRecord(signer, KIND, encodeShape(STATEMENT, { v: TRUST_VERSION, ...statement }))
}

/** The id of a statement: SHA-256 of its body, which no choice of signature changes. */
export function statementId(sha256: Sha256, signed: SignedRecord): Uint8Array {
  return sha256(signed.body)
}

/** The statement, without a look at its signature. */
export function decodeStatement(body: Uint8Array): Result<Statement> {
  const decoded = decodeVersioned(STATEMENT, body, STATEMENT_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const statement = decoded.value
  const { provided, consumed, domain, heads } = statement
  if (!areHeads(heads) || !areRows(provided, domain) || !areRows(consumed, domain)) {
    return refuse('TRUST_ROWS_INVALID', 'expected heads and rows about others, each once, in order')
  }
  return accept(statement)
}

/** The statement, when the owner of its domain signed it in this mesh. */
export function openStatement(context: StatementContext, signed: SignedRecord): Result<Statement> {
  const decoded = decodeStatement(signed.body)
  if (decoded.type === 'refused') return decoded
  const statement = decoded.value
  if (!bytesEqual(statement.network, context.network)) {
    return refuse('TRUST_NETWORK_MISMATCH', 'expected a statement of this mesh')
  }
  const owner = context.ownerOf(statement.domain)
  if (owner === undefined) {
    return refuse('TRUST_DOMAIN_UNKNOWN', 'expected a statement of a domain that is known')
  }
  return isSignedBy(context.verify, owner, KIND, signed)
    ? decoded
    : refuse('TRUST_SIGNATURE_INVALID', 'expected the signature of the owner of the domain')
}

/** What one device settled with another in one day. */
export interface SettledWork {
  readonly requester: PeerId
  readonly provider: PeerId
  readonly milliCredits: number
}

/** Both sides of a statement. */
export type StatementRows = Pick<Statement, 'provided' | 'consumed'>

/**
 * Contracts the work of a domain's devices to rows between domains: what owners do for themselves earns nothing.
 *
 * @param self - The domain whose statement it will be.
 * @param domainOf - The domain of a device; undefined for none, whose work counts nothing.
 */
export function statementRows<Work extends SettledWork>(
  self: Uint8Array,
  settled: readonly Work[],
  domainOf: (device: PeerId, work: Work) => Uint8Array | undefined,
): StatementRows {
  const provided = new Map<string, StatementRow>()
  const consumed = new Map<string, StatementRow>()
  for (const work of settled) {
    const { requester, provider, milliCredits } = work
    const [from, to] = [domainOf(requester, work), domainOf(provider, work)]
    if (from === undefined || to === undefined || bytesEqual(from, to)) continue
    if (bytesEqual(to, self)) add(provided, from, milliCredits)
    else if (bytesEqual(from, self)) add(consumed, to, milliCredits)
  }
  return { provided: largest(provided), consumed: largest(consumed) }
}

/** What all devices of a domain did, as each of them tells it. */
export function summedRows(told: readonly StatementRows[]): StatementRows {
  const provided = new Map<string, StatementRow>()
  const consumed = new Map<string, StatementRow>()
  for (const rows of told) {
    for (const { peer, milliCredits } of rows.provided) add(provided, peer, milliCredits)
    for (const { peer, milliCredits } of rows.consumed) add(consumed, peer, milliCredits)
  }
  return { provided: largest(provided), consumed: largest(consumed) }
}

function add(rows: Map<string, StatementRow>, peer: Uint8Array, milliCredits: number): void {
  const key = toHex(peer)
  const before = rows.get(key)?.milliCredits ?? 0
  rows.set(key, { peer, milliCredits: Math.min(before + milliCredits, MILLI_CREDITS_MAX) })
}

/** As many as a statement has room for, by the id of the peer. */
function largest(rows: ReadonlyMap<string, StatementRow>): readonly StatementRow[] {
  return [...rows.values()]
    .filter(({ milliCredits }) => milliCredits > 0)
    .toSorted((a, b) => b.milliCredits - a.milliCredits || compareBytes(a.peer, b.peer))
    .slice(0, STATEMENT_ROWS_MAX)
    .toSorted((a, b) => compareBytes(a.peer, b.peer))
}

/** True when each device is there once, in the order of their names. */
function areHeads(heads: Statement['heads']): boolean {
  return heads.every(({ device }, at) => at === 0 || (heads[at - 1]?.device ?? device) < device)
}

/** True for rows about others than `domain`, each once, in their order. */
export function areRows(rows: readonly StatementRow[], domain: Uint8Array): boolean {
  return rows.every(({ peer, milliCredits }, index) => {
    const before = rows[index - 1]
    const inOrder = before === undefined || compareBytes(before.peer, peer) < 0
    return inOrder && milliCredits > 0 && !bytesEqual(peer, domain)
  })
}
