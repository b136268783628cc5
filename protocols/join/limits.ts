/**
 * What both ends of /brume/join/1 must agree on.
 *
 * @module
 */

/** The protocol's name on the wire. */
export const JOIN_PROTOCOL = '/brume/join/1'

/** Longest frame of the protocol, in bytes: a proof with a full chain. */
export const JOIN_FRAME_BYTES_MAX = 2_048

/** Version that stands in genesis, certificate, invite code and first frames. */
export const JOIN_VERSION = 1

/** How long one exchange may take from its opening, in milliseconds. */
export const JOIN_EXCHANGE_MS_MAX = 10_000

/** How long a member may take to show its certificate after a connection, in milliseconds. */
export const HELLO_MS_MAX = 5_000

/** Certificates between a member and the founder. */
export const CHAIN_LENGTH_MAX = 4

/** Longest body of a genesis, in bytes. */
export const GENESIS_BODY_BYTES_MAX = 384

/** Longest body of a certificate, in bytes. */
export const CERTIFICATE_BODY_BYTES_MAX = 256

/** Longest name of a mesh, in UTF-16 code units. */
export const MESH_NAME_CHARACTERS_MAX = 64

/** Bytes that a later version of a record may use without a new format. */
export const RESERVED_BYTES_MAX = 64

/** How long a certificate may be valid, in milliseconds: ten years. */
export const CERTIFICATE_MS_MAX = 315_576_000_000

/** How far the clocks of two devices may differ, in milliseconds. */
export const CLOCK_SKEW_MS_MAX = 300_000

/** How long an invite may be valid, in milliseconds: one year. */
export const INVITE_MS_MAX = 31_536_000_000

/** How many devices one invite may let in. */
export const INVITE_USES_MAX = 1_000

/** Bytes of the secret in an invite code. */
export const INVITE_SECRET_BYTES = 16

/** Bytes of the name of an invite: the start of a hash of its secret. */
export const INVITE_ID_BYTES = 16

/** Bytes of the mesh id that an invite code carries: its start. */
export const MESH_PREFIX_BYTES = 16

/** Random bytes that each side adds to an exchange. */
export const NONCE_BYTES = 32

/** Addresses that an invite code carries. */
export const CODE_ADDRESSES_MAX = 2

/** Longest invite code before it is written as text, in bytes. */
export const CODE_BYTES_MAX = 114

/** Longest host name in an invite code, in bytes. */
export const CODE_HOST_BYTES_MAX = 64

/** Joins that one device may try at one inviter within {@link JOIN_ATTEMPT_WINDOW_MS}. */
export const JOIN_ATTEMPTS_PER_PEER_MAX = 5

/** Joins that all devices together may try at one inviter within {@link JOIN_ATTEMPT_WINDOW_MS}. */
export const JOIN_ATTEMPTS_MAX = 60

/** The time over which joins are counted, in milliseconds. */
export const JOIN_ATTEMPT_WINDOW_MS = 60_000
