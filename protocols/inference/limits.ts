/**
 * What both ends of /brume/inference/1 must agree on.
 *
 * @module
 */

/** The protocol id. */
export const INFERENCE_PROTOCOL = '/brume/inference/1'

/** Bytes of the fixed header that opens every frame. */
export const FRAME_HEADER_BYTES = 48

/** Payload bytes of one frame: larger messages are sent in pieces, so that control frames interleave. */
export const FRAME_PAYLOAD_BYTES_MAX = 262_144

/** Bytes of one whole frame. */
export const FRAME_BYTES_MAX: number = FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX

/** Bytes of one whole message: the tensors of one request at one cut. */
export const MESSAGE_BYTES_MAX = 268_435_456

/** Bytes of a message other than a step or an output. */
export const CONTROL_BYTES_MAX = 65_536

/** Messages that may be in the middle of being received on one link. */
export const PARTIAL_MESSAGES_MAX = 64

/** Tensors that cross one cut: as many as the partition of a model allows. */
export const TENSORS_MAX = 256

/** Characters of a tensor's name. */
export const TENSOR_NAME_MAX = 512

/** Stages of one route. */
export const STAGES_MAX = 16

/** Requests that a session may have in flight, from its first stage to its requester. */
export const IN_FLIGHT_MAX = 64

/** Steps of a text that its ring may be let make ahead of what its requester has seen. */
export const FREE_STEPS_MAX = 16

/** Requests of one session: a session longer than that is opened anew. */
export const REQUESTS_MAX = 65_536

/**
 * Requests above the oldest that is not released which a stage takes. Its requester keeps to
 * {@link IN_FLIGHT_MAX}; the rest is for a `release` that comes later, by another link.
 */
export const REQUESTS_AHEAD_MAX = 1_024

/** Times that the route of one session may change. */
export const ROUTES_MAX = 256

/** Sessions that one link carries. */
export const SESSIONS_PER_LINK_MAX = 256

/**
 * Links of this protocol that one peer may hold open: it needs one, and another while it has not
 * heard yet that the first is lost. Each may hold a message that is not complete.
 */
export const LINKS_PER_PEER_MAX = 4

/** How long an `attach` may wait for the `open` or `route` that explains it, in milliseconds. */
export const ATTACH_WAIT_MS_MAX = 10_000

/** How long a session lives at a stage without a word from its requester, in milliseconds. */
export const SESSION_SILENCE_MS_MAX = 30_000

/**
 * How long a text may wait at a stage for memory that others have, in milliseconds: until then its
 * requester takes no silence about its opening for a fault, and after that the stage refuses.
 */
export const MEMORY_WAIT_MS_MAX = 120_000

/** Tokens of one text: its prompt and what was drawn. */
export const TEXT_POSITIONS_MAX = 1_048_576

/** Tokens of one block of a text's beginning that a stage may know already. */
export const PREFIX_BLOCK_ROWS = 64

/**
 * Bytes of keys and values that travel as one message from a stage that leaves to its successor: a
 * token that goes the same way waits for no more than that. One row is sent whole, however large.
 */
export const CACHE_CHUNK_BYTES = 262_144

/** Such messages that may be under way and not yet taken. */
export const CACHE_CHUNKS_AHEAD_MAX = 2

/** Blocks of a beginning that is asked for: names of more would not fit an `open`. */
export const PREFIX_BLOCKS_MAX = 256

/** Tokens of a vocabulary. */
export const VOCABULARY_MAX: number = 2 ** 19

/** Likeliest tokens that come with each token drawn. */
export const LOGPROBS_MAX = 20

/** Tokens whose logits one session may shift. */
export const LOGIT_BIASES_MAX = 1_024

/** Numbers of an embedding. */
export const EMBEDDING_MAX = 1_048_576

/**
 * Characters of the grammar or schema that guides a text: in UTF-8, and with all else that an
 * `open` may hold, still within {@link CONTROL_BYTES_MAX}.
 */
export const GUIDE_CHARACTERS_MAX = 16_384

/** Tokens that end a session's text. */
export const STOP_TOKENS_MAX = 64
