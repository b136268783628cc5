/**
 * Numbers that all who pass on items agree on.
 *
 * @module
 */

/** The protocol's id on the wire. */
export const CONVEYANCE_PROTOCOL = '/brume/conveyance/1'

/** Gossip topic of notices. */
export const CONVEYANCE_TOPIC = '/brume/conveyance/1'

/** Bytes of one item: four pieces of evidence with their event logs. */
export const ITEM_BYTES_MAX = 4 * 640 * 1024 + 4_096

/** Bytes of an item that travels inside its notice. */
export const INLINE_BYTES_MAX = 4_096

/** Notices in one list. */
export const NOTICES_MAX = 512

/** Items that are fetched over one link. */
export const WANTED_MAX = 64

/** Longest frame: an item and a little more. */
export const CONVEYANCE_FRAME_BYTES_MAX = ITEM_BYTES_MAX + 64

/** Longest notice of gossip, in bytes. */
export const NOTICE_BYTES_MAX = INLINE_BYTES_MAX + 64

/** Time for all items of one link, in milliseconds. */
export const CONVEYANCE_MS_MAX = 60_000
