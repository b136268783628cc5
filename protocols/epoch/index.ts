/**
 * The door of the agreement on an epoch: its machine, what it decides, and how anybody checks that.
 *
 * @module
 */

export {
  type Certificate,
  certificateOf,
  decodeCertificate,
  type Decision,
  encodeCertificate,
  isCertificateOf,
  isDecisionOf,
} from './certificate.ts'
export {
  type CutBody,
  decodeCutBody,
  decodeEpochRecord,
  decodeEvidenceItem,
  decodeToldStatement,
  encodeCutBody,
  encodeFloors,
  encodeEpochRecord,
  encodeEvidenceItem,
  encodeToldStatement,
  type EpochRecord,
  type EvidenceItem,
  type Stated,
  type ToldStatement,
} from './cut.ts'
export { type CutSituation, cutProblem, type Inclusion, type OwnView } from './cut-rules.ts'
export { EpochMachine } from './epoch-machine.ts'
export type { EpochInit, EpochInput, EpochOutput, EpochTimeouts } from './epoch-types.ts'
export type { EpochErrorCode, Refused, Result } from './errors.ts'
export {
  type Accusation,
  answersTo,
  decodeAnswer,
  type DoubleProposal,
  type DoubleVote,
  encodeAccusation,
  encodeAnswer,
  encodeDoubleProposal,
  encodeDoubleVote,
  isAnswer,
  type PolkaAnswer,
  verifyAccusation,
  verifyDoubleProposal,
  verifyDoubleVote,
} from './evidence.ts'
export { cosignCodec, type CosignAnswer, type ShowHeaders } from './cosign-questions.ts'
export {
  type HeaderCosignature,
  openHeaderCosignature,
  SIGNED_HEADER_COSIGNATURE,
  signHeaderCosignature,
} from './header-cosignature.ts'
export {
  doubleVotesOf,
  encodeHeaderFork,
  type HeaderFork,
  headerForkOf,
  judgeHeaders,
  verifyHeaderFork,
} from './header-witness.ts'
export { type Farewell, openFarewell, signFarewell } from './farewell.ts'
export { decodeHeader, encodeHeader, type Header } from './header.ts'
export {
  anchorsNeeded,
  changeBy,
  type Consent,
  decodeChange,
  decodeConsent,
  encodeChange,
  encodeConsent,
  type ChangePlace,
  isChangeOf,
  isConsent,
  type ParameterChange,
  signConsent,
} from './parameter-change.ts'
export { openRestart, type Restart, signRestart } from './restart.ts'
export {
  advanceTrust,
  decodeSignedHeader,
  encodeSignedHeader,
  SIGNED_HEADER,
  type SignedHeader,
  type TrustedHeader,
  trustedFrom,
} from './light-client.ts'
export { type HeaderWish, type TrustPath, trustPath } from './trust-path.ts'
export * as EPOCH_LIMITS from './limits.ts'
export { messageProblem, type SeatedEpoch } from './message-check.ts'
export {
  decodeEpochMessage,
  encodeEpochMessage,
  epochOfMessage,
  type EpochMessage,
  type Proposal,
  signProposal,
} from './messages.ts'
export {
  areParameters,
  encodeParameters,
  type EpochParameters,
  parametersOf,
} from './parameters.ts'
export {
  EPOCH_QUESTION_FAULTS,
  type EpochAnswer,
  epochCodec,
  type EpochQuestion,
} from './questions.ts'
export {
  encodeScoreProof,
  type ProvenLeaf,
  type ScoreProof,
  verifyScoreProof,
} from './score-proof.ts'
export {
  type Committee,
  committeeRoot,
  committeeShape,
  type Mode,
  modeOf,
  proposerOrder,
  quorumOf,
} from './seats.ts'
export {
  type Ballot,
  type EpochContext,
  isBallotOf,
  signBallot,
  type Vote,
  type VoteKind,
} from './vote.ts'
export {
  decodeVoteRecord,
  encodeVoteRecord,
  type Standpoint,
  standpointOf,
  type StoredVotes,
  type VoteRecord,
} from './vote-record.ts'
