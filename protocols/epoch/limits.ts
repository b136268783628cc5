/**
 * What all members of a mesh must agree on about the agreement on an epoch.
 *
 * @module
 */

/** Version of headers, votes, certificates and proofs. */
export const EPOCH_VERSION = 1

/** Questions about what was decided, and about what is in it. */
export const EPOCH_PROTOCOL = '/brume/epoch/1'

/**
 * Gossip topics: statements of domains, proposals and votes, what was decided, evidence of misbehaviour, how audits
 * ended, what seats want to change, and whose devices are.
 */
export const STATEMENTS_TOPIC = '/brume/epoch/1/statements'
export const VOTES_TOPIC = '/brume/epoch/1/votes'
export const DECISIONS_TOPIC = '/brume/epoch/1/decisions'
export const EVIDENCE_TOPIC = '/brume/epoch/1/evidence'
export const AUDITS_TOPIC = '/brume/epoch/1/audits'
export const CONSENTS_TOPIC = '/brume/epoch/1/consents'
export const OWNERS_TOPIC = '/brume/epoch/1/owners'

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

/** Longest evidence of a double proposal: two values, and what is signed beside them. */
export const DOUBLE_PROPOSAL_BYTES_MAX: number = 2 * VALUE_BYTES_MAX + EVIDENCE_BYTES_MAX

/** Longest parameters, and longest change of them: the voices of the largest quorum, and of all anchors. */
export const PARAMETERS_BYTES_MAX = 768
export const CHANGE_BYTES_MAX = 16_384

/** Devices at which trust starts, at most. */
export const ANCHORS_MAX = 16

/** Seats that the largest committee of a mesh may have, as it chooses: fewer than four withstand no liars. */
export const COMMITTEE_SEATS_MIN = 4
export const COMMITTEE_SEATS_MAX = 64

/** Epochs that a seat may be held to what it wants, at most: a day. */
export const CONSENT_EPOCHS_MAX = 288

/** Epochs from the one that holds a change to the first one by it: an hour, for all to have heard. */
export const CHANGE_EPOCHS = 12

/** Changes of one mesh. */
export const CHANGES_MAX = 256

/** Longest restart of a mesh. */
export const RESTART_BYTES_MAX = 256

/** Longest word of a device that leaves. */
export const FAREWELL_BYTES_MAX = 256

/** Epochs without a certificate before the founder may begin again. */
export const RESTART_EPOCHS_MIN = 12

/** Longest answer to an accusation: a certificate of the largest committee. */
export const ANSWER_BYTES_MAX = 8_704

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

/** Headers that a light client asks for on its way to a later one: a trusting period of epochs has as many. */
export const PATH_HEADERS_MAX = 4_096

/** Length of an epoch where the genesis names none, and what it may name, in milliseconds. */
export const EPOCH_MS_DEFAULT = 300_000
export const EPOCH_MS_MIN = 1_000
export const EPOCH_MS_MAX = 86_400_000

/** Longest body of a statement, and of the membership that comes with it. */
export const STATEMENT_BODY_BYTES_MAX = 16_128
export const CREDENTIAL_BYTES_MAX = 2_048
export const TOLD_BYTES_MAX: number = STATEMENT_BODY_BYTES_MAX + CREDENTIAL_BYTES_MAX + 256

/** Statements of one cut, proofs, audits, words about owners, and bytes of all of it. */
export const CUT_STATEMENTS_MAX = 1_024
export const CUT_EVIDENCE_MAX = 32
export const CUT_AUDITS_MAX = 64
export const CUT_OWNERS_MAX = 64
export const CUT_BYTES_MAX = 2_097_152

/** Longest proof in a cut: two statements that differ. */
export const PROOF_BYTES_MAX = 32_768
export const EVIDENCE_KINDS_MAX = 16

/** Longest word about the owner of a device, and longest report of a device to its speaker. */
export const OWNER_WORD_BYTES_MAX = 384
export const REPORT_BYTES_MAX = 16_256

/** Longest audit in a cut: a receipt, and the verdicts about it. */
export const AUDIT_BYTES_MAX = 3_328

export const FLOOR_MICROS_MAX = 1_000_000
/** Characters of the name of who makes hardware. */
export const VENDOR_LENGTH_MAX = 16

/** Epochs that one answer holds, and bytes of them: what a device that was away asks for. */
export const EPOCHS_PER_ANSWER_MAX = 64
export const EPOCHS_ANSWER_BYTES_MAX = 1_048_576

/** Statements, proofs, audits and words about owners that one answer holds. */
export const ITEMS_PER_ANSWER_MAX = 64
export const ITEM_BYTES_MAX: number = PROOF_BYTES_MAX + 16

/** Longest frame of a question or answer: one cut, or that many items. */
export const EPOCH_FRAME_BYTES_MAX: number = 2 * CUT_BYTES_MAX + 65_536

/** How long an answer may take, how long a link may be silent, and questions over one link. */
export const ANSWER_MS_MAX = 10_000
export const LINK_IDLE_MS_MAX = 30_000
export const QUESTIONS_PER_LINK_MAX = 4_096

/** Certified headers shown to witnesses, and cosigned: over one question, and bytes of two that contradict each other. */
export const COSIGN_PROTOCOL = '/brume/cosign/1'
export const HEADERS_PER_SHOW_MAX = 16
export const COSIGNATURE_BODY_BYTES_MAX = 96
export const HEADER_FORK_BYTES_MAX: number = 2 * MESSAGE_BYTES_MAX
export const COSIGN_FRAME_BYTES_MAX: number = HEADERS_PER_SHOW_MAX * MESSAGE_BYTES_MAX + 64

/** Witnesses among members that a device shows its headers to, and those outside of its mesh that it may name. */
export const HEADER_WITNESSES = 3
export const NAMED_WITNESSES_MAX = 8

/** Questions over one link of a device that catches up. */
export const SHOWS_PER_LINK_MAX = 256
