/**
 * What all members of a mesh must agree on about the agreement on an epoch.
 *
 * @module
 */

/** Version of headers, votes, certificates and proofs. */
export const EPOCH_VERSION = 1

/** Gossip topics: proposals and votes, what was decided, and evidence of misbehaviour. */
export const VOTES_TOPIC = '/brume/epoch/1/votes'
export const DECISIONS_TOPIC = '/brume/epoch/1/decisions'
export const EVIDENCE_TOPIC = '/brume/epoch/1/evidence'

export const HASH_BYTES = 32
export const EPOCH_MAX = 4_294_967_294

/** Seats of the largest committee, with room to grow. */
export const SEATS_MAX = 128

/** Longest value that is decided on: a header. */
export const VALUE_BYTES_MAX = 1_024

/** Rounds of one epoch: with timeouts that grow, more than a day of them. */
export const ROUND_MAX = 4_095

/** Rounds beyond one's own of which votes are kept; of later ones, only the latest of each seat. */
export const ROUNDS_AHEAD_MAX = 4

/** Rounds before one's own of which votes are kept; of earlier ones, only polkas. */
export const ROUNDS_BEHIND_MAX = 16

/** Polkas that are kept, the latest. */
export const POLKAS_KEPT_MAX = 16

/** Polkas that are kept on disk, to answer an accusation with. */
export const ANSWERS_KEPT_MAX = 4

/** Longest message: votes of every seat, or a value with a certificate. */
export const MESSAGE_BYTES_MAX = 16_384

/** Longest evidence of a double vote, and longest accusation. */
export const EVIDENCE_BYTES_MAX = 512

/** Longest record of one's own votes. */
export const VOTE_RECORD_BYTES_MAX = 65_536

/** Longest proof of a score, with its header and certificate. */
export const SCORE_PROOF_BYTES_MAX = 5_000

/** Longest leaf of the tree of scores. */
export const LEAF_BYTES_MAX = 160

/** Epochs that a seat abstains when its votes are lost: it cannot know what it promised. */
export const ABSTAIN_EPOCHS = 2

/** How far the time of a cut may be from one's own clock, in milliseconds. */
export const CUT_SKEW_MS_MAX = 30_000

/** Share of the statements that one held before a cut that must be in it, in thousandths, by round. */
export const INCLUSION_PERMILLE: readonly number[] = [950, 800, 500]

/** How long a light client trusts a header, in milliseconds: fourteen days. */
export const TRUSTING_MS_MAX = 1_209_600_000
