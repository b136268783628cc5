/**
 * Proofs that a device signed two things of which only one can be true.
 *
 * A proof needs nothing but itself, the mesh and the key that it accuses, and takes at most
 * 2 KiB. A device that lost what it wrote and said so (genesis.ts, rollover) cannot be accused:
 * only what was signed in one incarnation is compared.
 *
 * @module
 */

import { bytesEqual, toHex } from '../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  record,
  type ShapeOf,
  uint,
} from '../core/cbor-shape.ts'
import { peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { PROOF_HASHES_MAX, rootsOfConsistency } from '../core/merkle-proof.ts'
import { signedRecord, type SignedRecord } from '../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { logIdOf } from './genesis.ts'
import {
  type Half,
  type HalfKind,
  halfKindOf,
  type HalfOf,
  isSignedBy,
  openHalf,
} from './halves.ts'
import { openHead, SIGNED_HEAD } from './head.ts'
import { ENTRY_KINDS } from './entry.ts'
import { EVIDENCE_BYTES_MAX, HALF_BODY_BYTES_MAX } from './limits.ts'
import { HASH_BYTES, type LedgerContext } from './signing.ts'

/** Two heads of one log, and the root that the later one's tree has at the size of the earlier one. */
const HEAD_FORK = record({
  v: uint(1),
  type: uint(0),
  network: bytes(HASH_BYTES),
  accused: peerId(),
  earlier: SIGNED_HEAD,
  later: SIGNED_HEAD,
  /** Where the later tree stood when it had the size of the earlier: not the earlier's root. */
  rootThen: bytes(HASH_BYTES),
  /** RFC 9162 consistency proof from `rootThen` to the root of `later`. */
  proof: list(bytes(HASH_BYTES), PROOF_HASHES_MAX),
})

/** Two halves of one kind that answer the same half. */
const RECEIPT_CONTRADICTION = record({
  v: uint(1),
  type: uint(1),
  network: bytes(HASH_BYTES),
  accused: peerId(),
  /** The kind of entry that holds such a half. */
  kind: uint(255),
  one: signedRecord(HALF_BODY_BYTES_MAX),
  other: signedRecord(HALF_BODY_BYTES_MAX),
})

export type HeadFork = Omit<ShapeOf<typeof HEAD_FORK>, 'v' | 'type' | 'network'> & {
  readonly type: 'head-fork'
}

export type ReceiptContradiction = Omit<
  ShapeOf<typeof RECEIPT_CONTRADICTION>,
  'v' | 'type' | 'network'
> & { readonly type: 'receipt-contradiction' }

export type Equivocation = HeadFork | ReceiptContradiction

/** The one encoding of a proof: at most {@link EVIDENCE_BYTES_MAX} bytes. */
export function encodeEquivocation(context: LedgerContext, proof: Equivocation): Uint8Array {
  const { network } = context
  return proof.type === 'head-fork'
    ? encodeShape(HEAD_FORK, { ...proof, v: 1, type: 0, network })
    : encodeShape(RECEIPT_CONTRADICTION, { ...proof, v: 1, type: 1, network })
}

/** A proof that holds. */
export interface ProvenEquivocation {
  readonly network: Uint8Array
  readonly proof: Equivocation
}

/**
 * The proof that `bytes` are, when it holds.
 *
 * It says itself which mesh it is about; whoever cares compares that with the mesh that it means.
 */
export function verifyEquivocation(
  crypto: LedgerContext['crypto'],
  encoded: Uint8Array,
): Result<ProvenEquivocation> {
  if (encoded.length > EVIDENCE_BYTES_MAX) {
    return refuse('LEDGER_TOO_LONG', `expected a proof of at most ${EVIDENCE_BYTES_MAX} bytes`)
  }
  const fork = decodeShape(HEAD_FORK, encoded)
  if (fork.type === 'value' && fork.value.v === 1) {
    const { network, v: _, ...rest } = fork.value
    const proof: HeadFork = { ...rest, type: 'head-fork' }
    return proven({ crypto, network }, proof, headForkProblem({ crypto, network }, proof))
  }
  const contradiction = decodeShape(RECEIPT_CONTRADICTION, encoded)
  if (contradiction.type === 'value' && contradiction.value.v === 1) {
    const { network, v: _, type, ...rest } = contradiction.value
    if (type !== 1) return refuse('LEDGER_MALFORMED', 'expected a proof of a known type')
    const proof: ReceiptContradiction = { ...rest, type: 'receipt-contradiction' }
    return proven({ crypto, network }, proof, contradictionProblem({ crypto, network }, proof))
  }
  return refuse('LEDGER_MALFORMED', 'expected a proof of a known type and version')
}

/** The two halves as a proof against `accused`, or undefined when they do not contradict each other. */
export function contradictionOf(
  context: LedgerContext,
  accused: PeerId,
  one: Half,
  other: Half,
): ReceiptContradiction | undefined {
  const proof: ReceiptContradiction = {
    type: 'receipt-contradiction',
    accused,
    kind: ENTRY_KINDS[one.kind],
    one: recordOf(one.signed),
    other: recordOf(other.signed),
  }
  const fits = one.kind === other.kind && contradictionProblem(context, proof) === undefined
  return fits ? proof : undefined
}

/** A fork as a proof against `accused`, or undefined when it proves none. */
export function headForkOf(
  context: LedgerContext,
  fork: Omit<HeadFork, 'type'>,
): HeadFork | undefined {
  const proof: HeadFork = { ...fork, type: 'head-fork' }
  return headForkProblem(context, proof) === undefined ? proof : undefined
}

function proven(
  { network }: LedgerContext,
  proof: Equivocation,
  problem: string | undefined,
): Result<ProvenEquivocation> {
  return problem === undefined
    ? accept({ network, proof })
    : refuse('LEDGER_PROOF_INVALID', problem)
}

/** Why a fork is not proven. */
function headForkProblem(context: LedgerContext, fork: HeadFork): string | undefined {
  const { accused, rootThen, proof } = fork
  const earlier = openHead(context, accused, fork.earlier)
  const later = openHead(context, accused, fork.later)
  if (earlier.type === 'refused') return earlier.reason
  if (later.type === 'refused') return later.reason
  const log = logIdOf(context.crypto.sha256, context.network, accused)
  if (!bytesEqual(earlier.value.log, log) || !bytesEqual(later.value.log, log)) {
    return 'expected two heads of the log of the accused'
  }
  if (earlier.value.incarnation !== later.value.incarnation) {
    return 'expected two heads of one incarnation'
  }
  const growth = { first: earlier.value.size, second: later.value.size }
  const roots = rootsOfConsistency(context.crypto.sha256, growth, rootThen, proof)
  // What the hashes give is the only root that the later tree can have had at that size.
  const then = roots !== undefined && bytesEqual(roots.first, rootThen)
  if (!then || !bytesEqual(roots.second, later.value.root)) {
    return 'expected a proof of where the later tree stood'
  }
  return bytesEqual(rootThen, earlier.value.root) ? 'expected roots that differ' : undefined
}

/** Why a contradiction is not proven. */
function contradictionProblem(
  context: LedgerContext,
  { accused, kind: entryKind, one, other }: ReceiptContradiction,
): string | undefined {
  const kind = halfKindOf(entryKind)
  if (kind === undefined) return 'expected halves of a receipt'
  if (bytesEqual(one.body, other.body)) return 'expected two halves that differ'
  const halves = [one, other].map((signed) => openSigned(context, accused, kind, signed))
  const [first, second] = halves
  if (first === undefined || second === undefined) return 'expected halves signed by the accused'
  if (first.body.incarnation !== second.body.incarnation) return 'expected one incarnation'
  const subject = subjectOf(first)
  return subject === undefined || subject !== subjectOf(second)
    ? 'expected two answers to the same half'
    : undefined
}

function openSigned(
  context: LedgerContext,
  accused: PeerId,
  kind: HalfKind,
  signed: SignedRecord,
): Half | undefined {
  const half = openHalf(context, kind, signed)
  return half.type === 'value' && isSignedBy(context, accused, half.value) ? half.value : undefined
}

/** What a device answers once only; undefined for orders, of which it may give as many as it likes. */
function subjectOf(half: Half): string | undefined {
  switch (half.kind) {
    case 'order':
      return undefined
    case 'accept':
      return toHex(half.body.order)
    case 'result':
      return resultSubject(half)
    case 'settle':
      return `${toHex(half.body.result)}/${toHex(half.body.after)}`
    case 'dispute':
      return toHex(half.body.after)
    case 'reveal':
      return toHex(half.body.settle)
  }
}

function resultSubject({ body }: HalfOf<'result'>): string {
  return `${toHex(body.accept)}/${body.chunk}`
}

function recordOf({ body, signature }: SignedRecord): SignedRecord {
  return { body, signature }
}
