/**
 * What trust is kept as between two lives of a daemon: never sent, and computed again where it does not fit.
 *
 * @module
 */

import {
  bytes,
  list,
  mapped,
  record,
  type Shape,
  type ShapeOf,
  uint,
  word,
} from '../core/cbor-shape.ts'
import { EPOCH_MAX, HASH_BYTES } from './limits.ts'

/** Bytes of one array, domains, and faults of one of them. */
const ARRAY_BYTES_MAX = 2 ** 28
const DOMAINS_MAX = 2 ** 22
const FAULTS_MAX = 16

/** Numbers of 32 bits, the lowest byte first. */
const words: Shape<Uint32Array> = mapped(
  bytes(0, ARRAY_BYTES_MAX),
  (read) => {
    if (read.length % 4 !== 0) return undefined
    const view = new DataView(read.buffer, read.byteOffset, read.length)
    return Uint32Array.from({ length: read.length / 4 }, (_, at) => view.getUint32(4 * at, true))
  },
  (written) => {
    const view = new DataView(new ArrayBuffer(4 * written.length))
    for (const [at, word32] of written.entries()) view.setUint32(4 * at, word32, true)
    return new Uint8Array(view.buffer)
  },
)

const WINDOW = record({ day: uint(EPOCH_MAX), sums: words })

const WORK = record({
  requesters: words,
  providers: words,
  claims: words,
  window: WINDOW,
  /** Pairs that a domain has named today: domain, count, domain, … */
  newPairs: words,
})

const FAULT = record({
  domain: bytes(HASH_BYTES),
  kind: word(
    'head-fork',
    'receipt-contradiction',
    'statement-fork',
    'double-vote',
    'amnesia',
    'double-proposal',
  ),
  evidence: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
})

const STATE = record({
  epoch: uint(EPOCH_MAX),
  /** The seeds, so that nobody else's state is taken. */
  seeds: list(bytes(HASH_BYTES), DOMAINS_MAX),
  /** Ids by the number of a domain, one after the other. */
  domains: bytes(0, ARRAY_BYTES_MAX),
  work: WORK,
  passed: WINDOW,
  failed: WINDOW,
  present: WINDOW,
  /** By number: whether it spoke, and its latest epoch, the bits of those before, its first. */
  seen: words,
  faults: list(record({ index: uint(DOMAINS_MAX), record: list(FAULT, FAULTS_MAX) }), DOMAINS_MAX),
  /** Domains that are part of others: domain, home, domain, … */
  homes: words,
})

const BEACON = record({
  value: bytes(HASH_BYTES),
  layers: list(
    record({ domain: bytes(HASH_BYTES), epoch: uint(EPOCH_MAX), onion: bytes(HASH_BYTES) }),
    DOMAINS_MAX,
  ),
})

export type PackedWindow = ShapeOf<typeof WINDOW>
export type PackedWork = ShapeOf<typeof WORK>
export type PackedTrustState = ShapeOf<typeof STATE>
export type PackedBeacon = ShapeOf<typeof BEACON>

/** Everything that scores follow from, and the beacon. */
export const PACKED_TRUST: Shape<{
  readonly state: PackedTrustState
  readonly beacon: PackedBeacon
}> = record({ state: STATE, beacon: BEACON })
