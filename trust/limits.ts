/**
 * What all devices of a mesh must agree on about trust: a score is the same number everywhere, or means nothing.
 *
 * The formula and its figures are those of docs/adr/0008-trust-scores.md.
 *
 * @module
 */

/** Version of statements, scores and proofs. */
export const TRUST_VERSION = 1

/** Bytes of a hash, of a domain's id, of a network. */
export const HASH_BYTES = 32

/** Epochs are numbered from the genesis of a mesh. */
export const EPOCH_MAX = 4_294_967_294

/** At five minutes each. */
export const EPOCHS_PER_DAY = 288

/** How late a statement may be in a cut, in epochs: an hour. */
export const LATE_EPOCHS_MAX = 12

/** Epochs that one onion lasts: as many hashes lead from its heart to its skin. */
export const ONION_EPOCHS = 1_024

/** Layers of an onion that may be skipped by a domain that was away; then it begins anew. */
export const ONION_GAP_MAX = 64

/** Rows of one side of a statement; a domain that has more counterparties names the largest. */
export const STATEMENT_ROWS_MAX = 128

/** Devices of a domain, its speaker among them. */
export const DOMAIN_DEVICES_MAX = 64

/** Longest word about the owner of a device, and how many of them one device may have. */
export const OWNER_WORD_BYTES_MAX = 384
export const OWNER_CHANGES_MAX = 65_535

/** Epochs from the one that holds such a word to the first one by it: no statement of before is still to come then. */
export const OWNER_EPOCHS = 12

/** Epochs that somebody may be held to such a word before it is in one, at most: a day. */
export const OWNER_WORD_EPOCHS_MAX = 288

/** Longest body of a statement: with its signature it fits an entry of a ledger. */
export const STATEMENT_BYTES_MAX = 16_128

/** Longest report of a device to who speaks for it, with its signature. */
export const REPORT_BYTES_MAX: number = STATEMENT_BYTES_MAX + 128

/** Longest proof that a domain made two statements of one epoch. */
export const STATEMENT_FORK_BYTES_MAX: number = 2 * STATEMENT_BYTES_MAX + 256

/** Work of one pair in one day that is told, in thousandths of a credit; more counts no more. */
export const MILLI_CREDITS_MAX = 4_294_967_295

/** Counterparties that a domain may newly name in one day: it bounds what its word costs others. */
export const NEW_PAIRS_PER_DAY_MAX = 512

/** Days of work that count. */
export const WINDOW_DAYS = 31

/** What work counts after so many days, in 65,536ths: it halves each week. No function of the platform gives it. */
export const WINDOW_Q16: readonly number[] = [
  65_536, 59_358, 53_761, 48_693, 44_102, 39_945, 36_179, 32_768, 29_679, 26_881, 24_347, 22_051,
  19_972, 18_089, 16_384, 14_839, 13_440, 12_173, 11_026, 9_986, 9_045, 8_192, 7_420, 6_720, 6_087,
  5_513, 4_993, 4_522, 4_096, 3_710, 3_360,
]

/** The weight of a pair is the square root of its work, at most this: volume alone is worth little. */
export const PAIR_WEIGHT_MAX = 65_535

/** Domains that one domain's trust goes on to. */
export const ROW_EDGES_MAX = 256

/** A row of the walk sums to this exactly. */
export const ROW_SUM = 4_096

/** All mass of the walk: with it a product of mass and weight stays below 2^53. */
export const MASS_TOTAL: number = 2 ** 40

/**
 * How much of each mass follows the rows at a step, in 4,096ths; the rest, EigenTrust's α, goes home. A half, by the
 * figures of docs/adr/0012-figures-of-trust.md.
 */
export const WALK_MOVING_Q12 = 2_048

/** Steps of the walk. Every second half of the mass goes home, so that no more than 2^-32 of it is still moving. */
export const WALK_STEPS = 32

/** A mass this many halvings below what a seed is given at home counts as none. */
export const STANDING_HALVINGS = 24

/** How much a failed audit weighs beside one that passed, in the lower bound: it costs 24. */
export const AUDIT_FAILURE_WEIGHT = 24

/** Rates of audits are told in ten-thousandths. */
export const AUDIT_RATE_UNIT = 10_000

/** Audits of a provider before less than all of its work is drawn. */
export const AUDITS_AT_FIRST = 10

/** Share of work that is audited whatever passed before, in ten-thousandths. */
export const AUDIT_FLOOR_RATE = 500

/** Audits in a row for which a provider may show no evidence; the next one counts as failed. */
export const WITHHELD_MAX = 2

/** Epochs after the one whose beacon drew it in which an audit may be counted: two hours. */
export const AUDIT_EPOCHS_MAX = 24

/**
 * Audits of one requester about one provider that count, of those that may still be counted, and failures among
 * them: the word of one pair, or of one requester and two auditors of its own, is worth no more than that.
 */
export const AUDITS_PER_PAIR_MAX = 8
export const FAILURES_PER_PAIR_MAX = 1

/** Epochs after a vote in which its seat may be accused of it. */
export const ACCUSED_EPOCHS_MAX = 12

/** Epochs in which an accused seat speaks, and nobody shows what clears it, before it is at fault: an hour. */
export const ANSWER_EPOCHS = 12

/** Scores are told in millionths. */
export const MICROS = 1_000_000

/** How far standing can raise a score above what attestation alone gives, in millionths. */
export const STANDING_SPAN_MICROS = 350_000

/** How long a proven fault makes a score zero, in epochs: thirty days. */
export const FAULT_EPOCHS = 8_640

/** Longest score in its one encoding. */
export const SCORE_BYTES_MAX = 160

/** Seats of the largest committee. */
export const SEATS_MAX = 64
