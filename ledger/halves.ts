/**
 * What a receipt is made of: halves that requester and provider sign in turn.
 *
 * Each half names exactly one half before it, by its id, so that a receipt is a chain:
 *
 *     simple   order ◀ accept ◀ result ◀ settle
 *     stream   order ◀ accept ◀ result ◀ settle ◀ result ◀ settle ◀ …
 *     sealed   order ◀ accept ◀ result ◀ settle (acknowledged) ◀ reveal ◀ settle
 *
 * No party waits for the other with anything locked; a half that nobody answers is no fault.
 *
 * @module
 */

import {
  bytes,
  encodeShape,
  flag,
  mapped,
  optional,
  record,
  type Shape,
  type ShapeOf,
  uint,
} from '../core/cbor-shape.ts'
import { bytesEqual } from '../core/bytes.ts'
import type { Signer } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { type SignedRecord, signedRecord } from '../core/signed-record.ts'
import { ENTRY_KINDS } from './entry.ts'
import { accept, type Result } from './errors.ts'
import { HALF_BODY_BYTES_MAX, LEDGER_VERSION, RECEIPT_ROUNDS_MAX } from './limits.ts'
import { HASH_BYTES, type LedgerContext, signingPreimage } from './signing.ts'
import { decodeVersioned, version } from './versioned.ts'
import { WORK } from './work.ts'

/** Bytes of a task's id and of an order's nonce. */
export const TASK_ID_BYTES = 16

/** How a task is settled. */
export type ReceiptMode = 'stream' | 'simple' | 'sealed'

const MODES: readonly ReceiptMode[] = ['stream', 'simple', 'sealed']

/** What a requester says of a result. `acknowledged`: it holds the sealed bytes, and has no key yet. */
export type SettleVerdict = 'refused' | 'accepted' | 'acknowledged'

const VERDICTS: readonly SettleVerdict[] = ['refused', 'accepted', 'acknowledged']

const hash = (): Shape<Uint8Array> => bytes(HASH_BYTES)

/** The task that a half is about, in each of them, so that a ledger finds its entries by task. */
const task = (): Shape<Uint8Array> => bytes(TASK_ID_BYTES)

const ORDER = record({
  v: version(),
  task: task(),
  nonce: bytes(TASK_ID_BYTES),
  requester: peerId(),
  provider: peerId(),
  mode: oneOf(MODES),
  /** Hash of what is to be done: a plan's stage, a graph, a WASM module. */
  spec: hash(),
  /** Hash of what it is done to; of a stream, of what it begins with. */
  input: hash(),
  /** The most that will be granted, in thousandths of a credit. */
  milliCreditsMax: uint(),
  /** Wall clock by which the result is wanted, in milliseconds; 0 for no end. */
  deadlineWallMs: uint(),
  /** May be run again by an auditor. */
  auditable: flag(),
  incarnation: uint(),
})

const ACCEPT = record({
  v: version(),
  task: task(),
  order: hash(),
  /** Wall clock by which the work has begun, in milliseconds. */
  startByWallMs: uint(),
  incarnation: uint(),
})

const RESULT = record({
  v: version(),
  task: task(),
  /** The half before: the accept, or the settle of the chunk before. */
  after: hash(),
  accept: hash(),
  /** From 0. */
  chunk: uint(RECEIPT_ROUNDS_MAX - 1),
  last: flag(),
  /** Hash of what came out. */
  output: hash(),
  work: WORK,
  /** Of a sealed result: hashes of the encrypted output and of its key. */
  sealed: optional(record({ ciphertext: hash(), key: hash() })),
  /** Hash of the numeric class, or of whatever else the output depends on. */
  environment: optional(hash()),
  incarnation: uint(),
})

const SETTLE = record({
  v: version(),
  task: task(),
  /** The half before: the result, or of a sealed one its reveal. */
  after: hash(),
  result: hash(),
  verdict: oneOf(VERDICTS),
  /** Granted for this result, in thousandths of a credit. */
  milliCredits: uint(),
  incarnation: uint(),
})

const DISPUTE = record({
  v: version(),
  task: task(),
  /** The half before: the result, or of a sealed one its reveal. */
  after: hash(),
  reason: uint(255),
  incarnation: uint(),
})

const REVEAL = record({
  v: version(),
  task: task(),
  /** The settle that acknowledges the sealed bytes. */
  settle: hash(),
  key: hash(),
  incarnation: uint(),
})

const SHAPES = {
  order: ORDER,
  accept: ACCEPT,
  result: RESULT,
  settle: SETTLE,
  dispute: DISPUTE,
  reveal: REVEAL,
}

type Bodies = { readonly [K in HalfKind]: Omit<ShapeOf<(typeof SHAPES)[K]>, 'v'> }

export type HalfKind = keyof typeof SHAPES

/** What a half of this kind says. */
export type HalfBody<K extends HalfKind> = Bodies[K]

/** A half as it was signed. */
export interface SignedHalf<K extends HalfKind = HalfKind> extends SignedRecord {
  readonly kind: K
}

/** A half and what it says. Nothing is known of its signature yet. */
export type Half = { readonly [K in HalfKind]: HalfOf<K> }[HalfKind]

export interface HalfOf<K extends HalfKind> {
  readonly kind: K
  readonly id: Uint8Array
  readonly body: HalfBody<K>
  readonly signed: SignedHalf<K>
  /** What its signature covers. */
  readonly preimage: Uint8Array
}

/** The body of an entry that holds a half. */
export const SIGNED_HALF = signedRecord(HALF_BODY_BYTES_MAX)

/** Which entry holds which half. */
export function halfKindOf(entryKind: number): HalfKind | undefined {
  return HALF_KINDS.get(entryKind)
}

const HALF_KINDS: ReadonlyMap<number, HalfKind> = new Map(
  (Object.keys(SHAPES) as HalfKind[]).map((kind) => [ENTRY_KINDS[kind], kind]),
)

/** `body` as a half of `kind` that `signer` stands by. */
export function signHalf<K extends HalfKind>(
  context: LedgerContext,
  signer: Signer,
  kind: K,
  body: HalfBody<K>,
): HalfOf<K> {
  const encoded = encodeShape(SHAPES[kind] as Shape<unknown>, { v: LEDGER_VERSION, ...body })
  const preimage = signingPreimage(context, kind, encoded)
  const signed = { kind, body: encoded, signature: signer.sign(preimage) }
  return { kind, id: context.crypto.sha256(preimage), body, signed, preimage }
}

/** Reads a half. Its signature is checked where its author is known: by {@link isSignedBy}. */
export function openHalf(
  context: Pick<LedgerContext, 'crypto' | 'network'>,
  kind: HalfKind,
  signed: SignedRecord,
): Result<Half> {
  const shape = SHAPES[kind] as Shape<unknown> as Shape<{ readonly v: number }>
  const decoded = decodeVersioned(shape, signed.body, HALF_BODY_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const preimage = signingPreimage(context, kind, signed.body)
  const id = context.crypto.sha256(preimage)
  const half = { kind, id, body: decoded.value, signed: { kind, ...signed }, preimage }
  return accept(half as unknown as Half)
}

/** True when `author` signed this half, in the mesh that is meant. */
export function isSignedBy(
  { crypto, network }: LedgerContext,
  author: PeerId,
  half: Half,
): boolean {
  const { preimage, signed } = half
  // It was read for one mesh, and whoever asks may mean another.
  const meant = bytesEqual(preimage.subarray(-2 * HASH_BYTES, -HASH_BYTES), network)
  return meant && crypto.verify(author, preimage, signed.signature)
}

/** The id of the half that this one answers; undefined for an order, which begins. */
export function precedingId(half: Half): Uint8Array | undefined {
  switch (half.kind) {
    case 'order':
      return undefined
    case 'accept':
      return half.body.order
    case 'reveal':
      return half.body.settle
    case 'result':
    case 'settle':
    case 'dispute':
      return half.body.after
  }
}

/** Which of the two parties of an order signs a half of this kind. */
export function authorOf(
  kind: HalfKind,
  { requester, provider }: Pick<HalfBody<'order'>, 'requester' | 'provider'>,
): PeerId {
  return kind === 'accept' || kind === 'result' || kind === 'reveal' ? provider : requester
}

/** One of `words`, as its place among them. */
function oneOf<W extends string>(words: readonly W[]): Shape<W> {
  return mapped(
    uint(words.length - 1),
    (index) => words[index],
    (word) => words.indexOf(word),
  )
}
