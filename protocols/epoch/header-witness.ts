/**
 * What a witness makes of headers that it is shown: they follow the one that it holds, or prove a fork.
 *
 * Headers name their parents, so that no proof of consistency is needed but the headers in between. Who may decide
 * the next one is named by the last: nobody else moves a witness on.
 *
 * @module
 */

import { bytesEqual, compareBytes } from '../../core/bytes.ts'
import { decodeShape, encodeShape, record } from '../../core/cbor-shape.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { isDecisionOf, signersOf } from './certificate.ts'
import { accept, refuse, type Refused, type Result } from './errors.ts'
import type { DoubleVote } from './evidence.ts'
import { decodeHeader, type Header } from './header.ts'
import { SIGNED_HEADER, type SignedHeader } from './light-client.ts'
import { HEADER_FORK_BYTES_MAX, HEADERS_PER_SHOW_MAX } from './limits.ts'
import { committeeRoot } from './seats.ts'

/** Two headers of one epoch of one mesh, both decided by the same committee; the one with the lower hash first. */
export interface HeaderFork {
  readonly one: SignedHeader
  readonly other: SignedHeader
}

const HEADER_FORK = record({ one: SIGNED_HEADER, other: SIGNED_HEADER })

export type HeaderVerdict =
  /** Keep the last one that was shown, and sign once it is on the disk. */
  | { readonly type: 'cosign'; readonly last: SignedHeader; readonly header: Header }
  /** What was shown begins elsewhere: the one who shows is told which header is held. */
  | { readonly type: 'held' }
  | { readonly type: 'fork'; readonly fork: HeaderFork }
  | Refused

export interface ShownHeaders {
  /** In the order of their epochs, at most {@link HEADERS_PER_SHOW_MAX}. */
  readonly headers: readonly SignedHeader[]
  /** The mesh that they have to be of. */
  readonly network: Uint8Array
  /** Who may go on alone where a mesh has stood still. */
  readonly mayRestart: (seat: PeerId) => boolean
}

/** A header that was read, and that its committee decided. */
interface Read {
  readonly signed: SignedHeader
  readonly header: Header
  readonly id: Uint8Array
}

/** Judges headers of a mesh of which `held` was signed last; undefined where none was. */
export function judgeHeaders(
  crypto: Crypto,
  held: SignedHeader | undefined,
  shown: ShownHeaders,
): HeaderVerdict {
  const all: Read[] = []
  for (const signed of shown.headers.slice(0, HEADERS_PER_SHOW_MAX)) {
    const read = decided(crypto, signed)
    if (read.type === 'refused') return read
    if (!bytesEqual(read.value.header.network, shown.network)) {
      return refuse('EPOCH_MISMATCH', 'expected headers of the mesh of who shows them')
    }
    all.push(read.value)
  }
  const start = held === undefined ? undefined : decided(crypto, held)
  if (start?.type === 'refused') return start
  return judged(crypto, start?.value, all, shown.mayRestart)
}

function judged(
  crypto: Crypto,
  start: Read | undefined,
  all: readonly Read[],
  mayRestart: ShownHeaders['mayRestart'],
): HeaderVerdict {
  const same = all.find(({ header }) => header.epoch === start?.header.epoch)
  if (start !== undefined && same !== undefined && !bytesEqual(same.id, start.id)) {
    const fork = bytesEqual(same.header.committee, start.header.committee)
    // Whoever else decides an epoch that was decided is nobody.
    return fork
      ? { type: 'fork', fork: inOrder(crypto, start.signed, same.signed) }
      : refuse('EPOCH_CERTIFICATE_INVALID', 'expected the committee that decided that epoch')
  }
  const fresh = all.filter(({ header }) => header.epoch > (start?.header.epoch ?? -1))
  let last = start
  for (const [at, next] of fresh.entries()) {
    if (last !== undefined && !follows(last, next, mayRestart)) {
      return at === 0 ? { type: 'held' } : unlinked()
    }
    last = next
  }
  if (last === undefined) return unlinked()
  const isBehind = fresh.length === 0 && same === undefined
  return isBehind ? { type: 'held' } : { type: 'cosign', last: last.signed, header: last.header }
}

/** One epoch after the other, each by the committee that the last named; or the founder alone, from a later one on. */
function follows(
  last: Read,
  { header, signed }: Read,
  mayRestart: ShownHeaders['mayRestart'],
): boolean {
  if (!bytesEqual(header.parent, last.id)) return false
  if (header.epoch === last.header.epoch + 1) return bytesEqual(header.committee, last.header.next)
  const [seat] = signed.committee
  return signed.committee.length === 1 && seat !== undefined && mayRestart(seat)
}

function unlinked(): Refused {
  return refuse('EPOCH_PARENT_UNKNOWN', 'expected headers that follow one another')
}

/** The header, when the committee that it names decided it. */
function decided(crypto: Crypto, signed: SignedHeader): Result<Read> {
  const header = decodeHeader(signed.value)
  if (header.type === 'refused') return header
  const { committee } = signed
  const isNamed = bytesEqual(committeeRoot(crypto.sha256, committee), header.value.committee)
  return isNamed && isDecisionOf(crypto, header.value, committee, signed)
    ? accept({ signed, header: header.value, id: crypto.sha256(signed.value) })
    : refuse('EPOCH_CERTIFICATE_INVALID', 'expected a quorum of the committee of the header')
}

function inOrder({ sha256 }: Crypto, a: SignedHeader, b: SignedHeader): HeaderFork {
  return compareBytes(sha256(a.value), sha256(b.value)) < 0
    ? { one: a, other: b }
    : { one: b, other: a }
}

/** The fork of two headers, when both are decided, of one epoch and of one committee, and differ. */
export function headerForkOf(
  crypto: Crypto,
  a: SignedHeader,
  b: SignedHeader,
): HeaderFork | undefined {
  const [one, other] = [decided(crypto, a), decided(crypto, b)]
  if (one.type === 'refused' || other.type === 'refused') return undefined
  const isOne =
    one.value.header.epoch === other.value.header.epoch &&
    bytesEqual(one.value.header.network, other.value.header.network) &&
    bytesEqual(one.value.header.committee, other.value.header.committee)
  return isOne && !bytesEqual(one.value.id, other.value.id) ? inOrder(crypto, a, b) : undefined
}

/** The one encoding of a fork. */
export function encodeHeaderFork(fork: HeaderFork): Uint8Array {
  return encodeShape(HEADER_FORK, fork)
}

/** The fork, when it proves itself. */
export function verifyHeaderFork(crypto: Crypto, encoded: Uint8Array): Result<HeaderFork> {
  if (encoded.length > HEADER_FORK_BYTES_MAX) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${HEADER_FORK_BYTES_MAX} bytes`)
  }
  const decoded = decodeShape(HEADER_FORK, encoded)
  if (decoded.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', decoded.reason)
  const { one, other } = decoded.value
  const fork = headerForkOf(crypto, one, other)
  const isOrdered = fork !== undefined && bytesEqual(fork.one.value, one.value)
  return isOrdered
    ? accept(fork)
    : refuse('EPOCH_EVIDENCE_INVALID', 'expected two decided headers of one epoch that differ')
}

/**
 * What a fork proves against single seats: those that precommitted both in one round. None where the rounds differ,
 * as then a polka may have let a seat change its mind.
 */
export function doubleVotesOf({ one, other }: HeaderFork): readonly DoubleVote[] {
  const header = decodeHeader(one.value)
  const [first, second] = [one.certificate, other.certificate]
  if (header.type === 'refused' || first.round !== second.round) return []
  const { network, epoch } = header.value
  const signers = signersOf(first, one.committee) ?? []
  const others = signersOf(second, other.committee) ?? []
  return signers.flatMap((seat, at) => {
    const accused = one.committee[seat]
    const [signature, again] = [first.signatures[at], second.signatures[others.indexOf(seat)]]
    if (accused === undefined || signature === undefined || again === undefined) return []
    return {
      network,
      epoch,
      accused,
      precommit: 1,
      round: first.round,
      one: { value: first.value, signature },
      other: { value: second.value, signature: again },
    }
  })
}
