/**
 * What both ends of a reconciliation must agree on.
 *
 * @module
 */

export const RECONCILE_PROTOCOL = '/brume/reconcile/1'

/** First byte of each message: Negentropy protocol, version 1. */
export const RECONCILE_VERSION = 0x61

export const ID_BYTES = 32
export const FINGERPRINT_BYTES = 16

/** Parts that a range is cut into; with fewer than twice as many items it is listed. */
export const BUCKETS = 16

/** Items of one set. */
export const ITEMS_MAX = 65_536

/** Longest message: what does not fit is left to the next round. */
export const MESSAGE_BYTES_MAX = 65_536

/** Ranges of one message, and items of one list in it. */
export const RANGES_MAX = 2_048
export const LISTED_MAX = 2_048

/** Rounds after which whoever asks gives up: two sets of 65,536 need five. */
export const ROUNDS_MAX = 64

/** The largest time of an item, exclusive: a time is an epoch. */
export const TIME_MAX: number = 2 ** 48

export const ANSWER_MS_MAX = 10_000
export const LINK_IDLE_MS_MAX = 30_000
