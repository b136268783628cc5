/**
 * One record of a ledger: `[v, log, seq, prev, t, kind, body]`, named by its leaf hash in the tree.
 *
 * An entry is not signed by itself: the head over all of them is. The body is bytes of the
 * kind's own record, so that a reader who does not know a kind can still check the chain.
 *
 * @module
 */

import { type CborValue, decodeCbor, encodeCbor } from '../core/canonical-cbor.ts'
import type { Sha256 } from '../core/crypto.ts'
import { invariant } from '../core/invariant.ts'
import { accept, refuse, type Result } from './errors.ts'
import { ENTRY_BODY_BYTES_MAX, ENTRY_BYTES_MAX, ENTRY_KIND_MAX, LEDGER_VERSION } from './limits.ts'
import { leafHash } from '../core/merkle-tree.ts'
import { HASH_BYTES } from './signing.ts'

/**
 * What the numbers stand for. Those of research that nobody writes yet (epoch statements, audits,
 * vouching, seats) have their numbers kept free: 1, 2, 15, 16, 20 to 32.
 */
export const ENTRY_KINDS = {
  genesis: 0,
  rollover: 3,
  order: 10,
  accept: 11,
  result: 12,
  settle: 13,
  dispute: 14,
  reveal: 17,
  note: 40,
} as const

export interface Entry {
  /** Id of the log: {@link HASH_BYTES} bytes. */
  readonly log: Uint8Array
  /** Place in the log, from 0. */
  readonly seq: number
  /** Id of the entry before; zeros for the first. */
  readonly prev: Uint8Array
  /** Wall clock of the device when it was written, in milliseconds. */
  readonly wallMs: number
  /** One of {@link ENTRY_KINDS}, or a number that this version does not know. */
  readonly kind: number
  readonly body: Uint8Array
}

/** What the first entry names. */
export const NO_ENTRY: Uint8Array = new Uint8Array(HASH_BYTES)

/** The one encoding of an entry that keeps the limits. */
export function encodeEntry({ log, seq, prev, wallMs, kind, body }: Entry): Uint8Array {
  invariant(body.length <= ENTRY_BODY_BYTES_MAX, 'an entry keeps the limit of its body')
  return encodeCbor([LEDGER_VERSION, log, seq, prev, wallMs, kind, body])
}

/** The entry that `bytes` are. Its byte strings are views on them. */
export function decodeEntry(bytes: Uint8Array): Result<Entry> {
  if (bytes.length > ENTRY_BYTES_MAX) {
    return refuse(
      'LEDGER_TOO_LONG',
      `expected at most ${ENTRY_BYTES_MAX} bytes, got ${bytes.length}`,
    )
  }
  const decoded = decodeCbor(bytes)
  if (decoded.type === 'refused') return refuse('LEDGER_MALFORMED', decoded.reason)
  if (!Array.isArray(decoded.value)) return refuse('LEDGER_MALFORMED', 'expected an array')
  const fields = decoded.value as readonly CborValue[]
  const [v] = fields
  if (typeof v === 'number' && v !== LEDGER_VERSION) {
    return refuse('LEDGER_VERSION_UNSUPPORTED', `expected version ${LEDGER_VERSION}, got ${v}`)
  }
  const entry = fields.length === FIELDS ? entryOf(fields) : undefined
  if (entry === undefined) return refuse('LEDGER_MALFORMED', 'expected an entry of seven fields')
  return entry.body.length > ENTRY_BODY_BYTES_MAX
    ? refuse('LEDGER_TOO_LONG', `expected a body of at most ${ENTRY_BODY_BYTES_MAX} bytes`)
    : accept(entry)
}

const FIELDS = 7

/** By hand rather than by a shape: a million of these are decoded when a ledger is verified. */
function entryOf([v, log, seq, prev, wallMs, kind, body]: readonly CborValue[]): Entry | undefined {
  const counts = isCount(v) && isCount(seq) && isCount(wallMs) && isCount(kind)
  if (!counts || kind > ENTRY_KIND_MAX || !isHash(log) || !isHash(prev)) return undefined
  return body instanceof Uint8Array ? { log, seq, prev, wallMs, kind, body } : undefined
}

function isCount(value: CborValue | undefined): value is number {
  return typeof value === 'number'
}

function isHash(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES
}

/** The id of an entry, from its encoding. */
export function entryId(sha256: Sha256, encoded: Uint8Array): Uint8Array {
  return leafHash(sha256, encoded)
}
