/**
 * What a seat has signed and may send once it is on disk.
 *
 * @module
 */

import type { Signer } from '../../core/crypto.ts'
import { type Proposal, type Proposed, signProposal } from './messages.ts'
import { type Ballot, type EpochContext, signBallot, type Vote } from './vote.ts'

export type Cast =
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'proposal'; readonly proposal: Proposal }

/** Who signs, and for which seat. */
export interface Caster extends EpochContext {
  readonly signer: Signer
  /** Undefined for a device that only watches, and signs nothing. */
  readonly seat: number | undefined
}

export function castVote(caster: Caster, ballot: Ballot): Cast {
  const signature = signBallot(caster.signer, caster, ballot)
  return { type: 'vote', vote: { ...ballot, seat: caster.seat ?? 0, signature } }
}

export function castProposal(caster: Caster, proposed: Proposed): Cast {
  const signature = signProposal(caster.signer, caster, proposed)
  return { type: 'proposal', proposal: { ...proposed, seat: caster.seat ?? 0, signature } }
}
