/**
 * What seats say to one another while they agree, and what they hand on when they have.
 *
 * Each message is the bytes of one gossip message or one frame. A polka and the votes of a round are
 * told again and again until an epoch is decided, so that whoever was away finds out what others
 * are bound by.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type Shape,
  uint,
} from '../../core/cbor-shape.ts'
import { type Signer, SIGNATURE_BYTES, type Verify } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { signable } from '../../core/signed-record.ts'
import { type Certificate, CERTIFICATE_SHAPE, type Decision } from './certificate.ts'
import { accept, refuse, type Result } from './errors.ts'
import {
  EPOCH_MAX,
  EPOCH_VERSION,
  HASH_BYTES,
  MESSAGE_BYTES_MAX,
  ROUND_MAX,
  SEATS_MAX,
  VALUE_BYTES_MAX,
} from './limits.ts'
import { type EpochContext, type Vote, VOTE_SHAPE } from './vote.ts'
import { openVersioned } from './versioned.ts'

/** A value that the proposer of a round wants decided. */
export interface Proposal {
  readonly round: number
  readonly value: Uint8Array
  /** The round of the polka for the value that the proposer knows of; undefined for a new value. */
  readonly validRound: number | undefined
  readonly seat: number
  readonly signature: Uint8Array
}

export type EpochMessage =
  | { readonly type: 'proposal'; readonly proposal: Proposal }
  | { readonly type: 'vote'; readonly vote: Vote }
  /** Prevotes of a quorum for one value. */
  | { readonly type: 'polka'; readonly polka: Certificate }
  /** Votes by which others can leave the round before: precommits, whatever they are for, or none. */
  | { readonly type: 'round'; readonly votes: readonly Vote[] }
  | { readonly type: 'decision'; readonly decision: Decision }

const PROPOSED = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
  round: uint(ROUND_MAX),
  value: bytes(1, VALUE_BYTES_MAX),
  validRound: optional(uint(ROUND_MAX)),
})

const PROPOSAL: Shape<Proposal> = record({
  round: uint(ROUND_MAX),
  value: bytes(1, VALUE_BYTES_MAX),
  validRound: optional(uint(ROUND_MAX)),
  seat: uint(255),
  signature: bytes(SIGNATURE_BYTES),
})

const DECISION: Shape<Decision> = record({
  value: bytes(1, VALUE_BYTES_MAX),
  certificate: CERTIFICATE_SHAPE,
})

const TYPES = ['proposal', 'vote', 'polka', 'round', 'decision'] as const

/** Where the type stands in a message. */
const TYPE_FIELD = 3

const head = {
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
}
const BODIES = {
  proposal: record({ ...head, type: uint(TYPES.length - 1), proposal: PROPOSAL }),
  vote: record({ ...head, type: uint(TYPES.length - 1), vote: VOTE_SHAPE }),
  polka: record({ ...head, type: uint(TYPES.length - 1), polka: CERTIFICATE_SHAPE }),
  round: record({ ...head, type: uint(TYPES.length - 1), votes: list(VOTE_SHAPE, SEATS_MAX) }),
  decision: record({ ...head, type: uint(TYPES.length - 1), decision: DECISION }),
}
/** The bytes of a message: at most {@link MESSAGE_BYTES_MAX}. */
export function encodeEpochMessage(context: EpochContext, message: EpochMessage): Uint8Array {
  const { network, epoch } = context
  const start = { v: EPOCH_VERSION, network, epoch, type: TYPES.indexOf(message.type) }
  switch (message.type) {
    case 'proposal':
      return encodeShape(BODIES.proposal, { ...start, proposal: message.proposal })
    case 'vote':
      return encodeShape(BODIES.vote, { ...start, vote: message.vote })
    case 'polka':
      return encodeShape(BODIES.polka, { ...start, polka: message.polka })
    case 'round':
      return encodeShape(BODIES.round, { ...start, votes: message.votes })
    case 'decision':
      return encodeShape(BODIES.decision, { ...start, decision: message.decision })
  }
}

/** The message, when it is of this mesh and epoch. Signatures are the machine's to look at. */
export function decodeEpochMessage(
  context: EpochContext,
  encoded: Uint8Array,
): Result<EpochMessage> {
  const opened = openVersioned(encoded, MESSAGE_BYTES_MAX)
  if (opened.type === 'refused') return opened
  const type = TYPES[Number(opened.value[TYPE_FIELD])]
  if (type === undefined) return refuse('EPOCH_MESSAGE_MALFORMED', 'expected a known type')
  const decoded = decodeShape(BODIES[type] as Shape<Headed>, encoded)
  if (decoded.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', decoded.reason)
  const { v: _, network, epoch, type: __, ...rest } = decoded.value
  if (epoch !== context.epoch || !bytesEqual(network, context.network)) {
    return refuse('EPOCH_MISMATCH', `expected a message of epoch ${context.epoch} of this mesh`)
  }
  return accept({ ...rest, type } as unknown as EpochMessage)
}

/** The epoch of a message of this mesh, before anything else of it is read. */
export function epochOfMessage(network: Uint8Array, encoded: Uint8Array): Result<number> {
  const opened = openVersioned(encoded, MESSAGE_BYTES_MAX)
  if (opened.type === 'refused') return opened
  const [, of, epoch] = opened.value
  if (!(of instanceof Uint8Array && typeof epoch === 'number' && epoch <= EPOCH_MAX)) {
    return refuse('EPOCH_MESSAGE_MALFORMED', 'expected a mesh and an epoch')
  }
  return bytesEqual(of, network)
    ? accept(epoch)
    : refuse('EPOCH_MISMATCH', 'expected a message of this mesh')
}

interface Headed {
  readonly v: number
  readonly network: Uint8Array
  readonly epoch: number
  readonly type: number
}

/** What a proposer proposes. */
export type Proposed = Omit<Proposal, 'seat' | 'signature'>

function proposalPreimage({ network, epoch }: EpochContext, proposed: Proposed): Uint8Array {
  const { round, value, validRound } = proposed
  const body = { v: EPOCH_VERSION, network, epoch, round, value, validRound }
  return signable('epoch-proposal', encodeShape(PROPOSED, body))
}

export function signProposal(
  signer: Signer,
  context: EpochContext,
  proposed: Proposed,
): Uint8Array {
  return signer.sign(proposalPreimage(context, proposed))
}

/** True when `proposer` signed this proposal. */
export function isProposalOf(
  verify: Verify,
  context: EpochContext,
  proposer: PeerId,
  proposal: Omit<Proposal, 'seat'>,
): boolean {
  return verify(proposer, proposalPreimage(context, proposal), proposal.signature)
}

/** True for two proposals of one round that say the same: a seat signs one. */
export function isSameProposal(a: Omit<Proposed, 'round'>, b: Omit<Proposed, 'round'>): boolean {
  return a.validRound === b.validRound && bytesEqual(a.value, b.value)
}
