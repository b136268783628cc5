/**
 * What all members must agree on about capability records.
 *
 * @module
 */

/** Gossip topic of the records. */
export const PRESENCE_TOPIC = '/brume/presence/1'

/** The question which records a device knows. */
export const PRESENCE_PROTOCOL = '/brume/presence/1'

/** Records in one answer, and the longest frame, in bytes. */
export const RECORDS_PER_ANSWER_MAX = 16
export const PRESENCE_FRAME_BYTES_MAX = 36_864

/** Questions over one link: as many as a full directory takes. */
export const QUESTIONS_PER_LINK_MAX = 65

/** How long an answer may take, and how long a link may be idle, in milliseconds. */
export const ANSWER_MS_MAX = 5_000
export const LINK_IDLE_MS_MAX = 10_000
/** Links that a device may have open to ask. */
export const LINKS_PER_PEER_MAX = 2

/** Version that stands in every record: 2 since it says paces, streams and memory left for texts (docs/adr/0016). */
export const PRESENCE_VERSION = 2

/** Longest record with its signature, in bytes. */
export const RECORD_BYTES_MAX = 2_048

/** Longest body of a record, in bytes: the rest is the frame around it and the signature. */
export const RECORD_BODY_BYTES_MAX = 1_976

/** Longest time from issue to expiry, in milliseconds: a day. */
export const RECORD_LIFE_MS_MAX = 86_400_000

/** How far the clocks of two devices may differ, in milliseconds. */
export const RECORD_SKEW_MS_MAX = 300_000

/** Longest name of a device, in UTF-16 code units. */
export const DEVICE_NAME_CHARACTERS_MAX = 32

/** Longest text of hardware and versions, in UTF-16 code units. */
export const LABEL_CHARACTERS_MAX = 48

/** Bytes of the proof of membership that a record carries. */
export const CREDENTIAL_BYTES_MAX = 1_320

/** Entries of each list in a record. */
export const ACCELERATORS_MAX = 4
export const PROVIDERS_MAX = 5
export const HOLDINGS_MAX = 16
export const RANGES_PER_MODEL_MAX = 8
export const PACES_MAX = 6
export const TASK_KINDS_MAX = 12
export const ADDRESSES_MAX = 4
export const ADDRESS_CHARACTERS_MAX = 96

/** Most memory for texts that a record tells of: 16 TiB. */
export const TEXT_MEBIBYTES_TOLD_MAX = 16_777_216

/** First bytes of a model's id by which a pace names it: it only says where to look. */
export const PACE_MODEL_BYTES = 8

/** Tokens before a row that is far into its text. */
export const FAR_POSITION = 1_024

/** Sessions that a device runs, from which on it says how many: fewer take next to nothing from others. */
export const STREAMS_TOLD_MIN = 4
export const STREAMS_TOLD_MAX = 64

/** Layers that share one class `layers:<model>:<bucket>`. */
export const LAYERS_PER_BUCKET = 8

/** Classes that one device is in at most; layers beyond are found by their model's class. */
export const CLASSES_MAX = 64

/** Longest name of a class, in UTF-16 code units. */
export const CLASS_CHARACTERS_MAX = 128

/** Providers that one DHT key holds well: beyond, a class is spread over shards. */
export const PROVIDERS_PER_SHARD = 15

/** Shards of one class. */
export const SHARDS_MAX = 64

/** Time from a new neighbour to the second announcement to it, in milliseconds. */
export const NEWCOMER_AGAIN_MS = 500

/** Devices in a directory; the ones that expire first give way. */
export const DIRECTORY_RECORDS_MAX = 1_024

/** Devices whose last sequence number is remembered by the validator. */
export const SEQUENCES_MAX = 4_096
