/**
 * Whether a message is one that a seat may have sent: what anybody can tell who knows the committee, before it is handed on.
 *
 * Whose turn it is, and what a message leads to, is for the machine to say.
 *
 * @module
 */

import type { Crypto } from '../../core/crypto.ts'
import { isCertificateOf, isDecisionOf } from './certificate.ts'
import type { EpochErrorCode } from './errors.ts'
import { type EpochMessage, isProposalOf, type Proposal } from './messages.ts'
import type { Committee } from './seats.ts'
import { type EpochContext, isBallotOf, type Vote } from './vote.ts'

/** The epoch that messages are of, and who decides it. */
export interface SeatedEpoch extends EpochContext {
  readonly committee: Committee
}

/** What is wrong with a message; undefined when everything that is signed in it holds. */
export function messageProblem(
  crypto: Crypto,
  where: SeatedEpoch,
  message: EpochMessage,
): EpochErrorCode | undefined {
  const { committee } = where
  switch (message.type) {
    case 'proposal':
      return proposalProblem(crypto, where, message.proposal)
    case 'vote':
      return voteProblem(crypto, where, message.vote)
    case 'polka': {
      const { polka } = message
      const holds =
        polka.kind === 'prevote' && isCertificateOf(crypto.verify, where, committee, polka)
      return holds ? undefined : 'EPOCH_CERTIFICATE_INVALID'
    }
    case 'round':
      return roundProblem(crypto, where, message.votes)
    case 'decision':
      return isDecisionOf(crypto, where, committee, message.decision)
        ? undefined
        : 'EPOCH_CERTIFICATE_INVALID'
  }
}

function proposalProblem(
  { verify }: Crypto,
  where: SeatedEpoch,
  proposal: Proposal,
): EpochErrorCode | undefined {
  const { seat, round, validRound } = proposal
  const proposer = where.committee[seat]
  if (proposer === undefined) return 'EPOCH_SEAT_INVALID'
  if (validRound !== undefined && validRound >= round) return 'EPOCH_ROUND_INVALID'
  return isProposalOf(verify, where, proposer, proposal) ? undefined : 'EPOCH_SIGNATURE_INVALID'
}

function voteProblem(
  { verify }: Crypto,
  where: SeatedEpoch,
  vote: Vote,
): EpochErrorCode | undefined {
  const voter = where.committee[vote.seat]
  if (voter === undefined) return 'EPOCH_SEAT_INVALID'
  return isBallotOf(verify, where, voter, vote) ? undefined : 'EPOCH_SIGNATURE_INVALID'
}

/** Precommits of one round, one of a seat: the first that does not hold ends the work. */
function roundProblem(
  crypto: Crypto,
  where: SeatedEpoch,
  votes: readonly Vote[],
): EpochErrorCode | undefined {
  const seats = new Set(votes.map(({ seat }) => seat))
  if (seats.size < votes.length) return 'EPOCH_SEAT_INVALID'
  const [first] = votes
  const areOfRound = votes.every(
    ({ kind, round }) => kind === 'precommit' && round === first?.round,
  )
  if (!areOfRound) return 'EPOCH_ROUND_INVALID'
  for (const vote of votes) {
    const problem = voteProblem(crypto, where, vote)
    if (problem !== undefined) return problem
  }
  return undefined
}
