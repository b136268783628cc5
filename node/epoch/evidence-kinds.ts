/**
 * Proofs that an epoch may hold, and which domain each of them is against.
 *
 * Each proves itself: whoever has the mesh and the proof comes to the same. An accusation of amnesia does not,
 * because it may have an answer (accusations.ts), and the word of who leaves is none against anybody (departures.ts).
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { verifyEquivocation } from '../../ledger/index.ts'
import {
  type Committee,
  type EvidenceItem,
  verifyDoubleProposal,
  verifyDoubleVote,
} from '../../protocols/epoch/index.ts'
import { domainIdOf, type ProvenFault, verifyStatementFork } from '../../trust/index.ts'

/** Numbers on the wire. A new kind is added at the end. */
const KINDS = [
  'ledger',
  'statement-fork',
  'double-vote',
  'accusation',
  'answer',
  'farewell',
  'double-proposal',
] as const
export type EvidenceKind = (typeof KINDS)[number]
/** Those that prove a fault by themselves. */
type ProofKind = Exclude<EvidenceKind, 'accusation' | 'answer' | 'farewell'>

/** A fault, and the device whose key signed what proves it. */
export interface ProvenItem extends ProvenFault {
  readonly accused: PeerId
  /** The epoch of votes or proposals that differ, which are of its seats only; undefined for everything else. */
  readonly votedIn: number | undefined
}

/**
 * What becomes of a proof that holds: anybody makes up keys that sign two things, and nobody can be at fault but
 * who has a part in the mesh.
 */
export type ProofFate =
  | 'counts'
  /** Of an epoch to come, or against who has not spoken yet: where more epochs are known, it may count. */
  | 'early'
  /** Against who had no seat. */
  | 'foreign'

/** What epochs tell of who has a part in the mesh. */
export interface EpochsSoFar {
  /** The last one; -1 for none. */
  readonly epoch: number
  readonly accusations: { readonly committeeOf: (epoch: number) => Committee | undefined }
  readonly hasEverSpoken: (device: PeerId) => boolean
}

/**
 * Whether a proof is against who can be at fault. Who decided long ago is not kept: then it is enough to have spoken,
 * because nobody else can sign what is held against one.
 */
export function fateOfProof({ accused, votedIn }: ProvenItem, sofar: EpochsSoFar): ProofFate {
  const committee = votedIn === undefined ? undefined : sofar.accusations.committeeOf(votedIn)
  if (committee !== undefined) return committee.includes(accused) ? 'counts' : 'foreign'
  const isOver = votedIn === undefined || votedIn <= sofar.epoch
  return isOver && sofar.hasEverSpoken(accused) ? 'counts' : 'early'
}

export function evidenceItem(kind: EvidenceKind, proof: Uint8Array): EvidenceItem {
  return { kind: KINDS.indexOf(kind), proof }
}

/** True for an accusation of amnesia. */
export function isAccusation({ kind }: EvidenceItem): boolean {
  return KINDS[kind] === 'accusation'
}

/** True for an accusation of amnesia, or an answer to one. */
export function isAmnesia(item: EvidenceItem): boolean {
  return isAccusation(item) || KINDS[item.kind] === 'answer'
}

/** True for the word of a device that it leaves. */
export function isFarewell({ kind }: EvidenceItem): boolean {
  return KINDS[kind] === 'farewell'
}

/** What an item proves in this mesh; undefined when it does not. */
export function provenBy(
  crypto: Crypto,
  network: Uint8Array,
  { kind, proof }: EvidenceItem,
): ProvenItem | undefined {
  const name = KINDS[kind]
  const reader = name === undefined ? undefined : READERS[name]
  const found = reader?.(crypto, proof)
  if (found === undefined || !bytesEqual(found.network, network)) return undefined
  const { accused, kind: fault, votedIn } = found
  const domain = domainIdOf(crypto.sha256, { network, owner: accused })
  return { accused, domain, kind: fault, votedIn, evidence: crypto.sha256(proof) }
}

interface Found {
  readonly network: Uint8Array
  readonly accused: PeerId
  readonly kind: ProvenFault['kind']
  readonly votedIn?: number
}

type Reader = (crypto: Crypto, proof: Uint8Array) => Found | undefined

const READERS: Readonly<Record<ProofKind, Reader> & Partial<Record<EvidenceKind, Reader>>> = {
  ledger: (crypto, encoded) => {
    const proven = verifyEquivocation(crypto, encoded)
    if (proven.type === 'refused') return undefined
    const { network, proof } = proven.value
    return { network, accused: proof.accused, kind: proof.type }
  },
  'statement-fork': (crypto, encoded) => {
    const proven = verifyStatementFork(crypto, encoded)
    if (proven.type === 'refused') return undefined
    return { network: proven.value.network, accused: proven.value.owner, kind: 'statement-fork' }
  },
  'double-vote': ({ verify }, encoded) => {
    const proven = verifyDoubleVote(verify, encoded)
    if (proven.type === 'refused') return undefined
    const { network, accused, epoch: votedIn } = proven.value
    return { network, accused, kind: 'double-vote', votedIn }
  },
  'double-proposal': ({ verify }, encoded) => {
    const proven = verifyDoubleProposal(verify, encoded)
    if (proven.type === 'refused') return undefined
    const { network, accused, epoch: votedIn } = proven.value
    return { network, accused, kind: 'double-proposal', votedIn }
  },
}
