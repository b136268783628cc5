/**
 * Bounds of the socket between the daemon and its executors, and of what is kept of them.
 *
 * @module
 */

/** Bytes of one message's body. */
export const FRAME_BYTES_MAX = 0x7fff_fff0

/** Tensors in one message: an inspected graph shows every value it computes. */
export const FRAME_TENSORS_MAX = 65_535

/** Bytes of a control message (everything but tensors). */
export const CONTROL_BYTES_MAX = 16_777_216

/** Characters of a tensor's or dimension's name, of a path, and of an error message. */
export const NAME_CHARACTERS_MAX = 1024
export const PATH_CHARACTERS_MAX = 4096
export const MESSAGE_CHARACTERS_MAX = 1024

/** Bytes of stderr that are kept. */
export const STDERR_BYTES_MAX = 4096

/** Runs that wait for one executor: two of each of the 64 sessions that may share it. */
export const RUNS_QUEUED_MAX = 128

/** Runs that an executor's process holds at once: one computes while the next one arrives. */
export const RUNS_SENT_MAX = 2

/** Texts that one run of an executor takes: beyond, each costs nearly as much as alone. */
export const TEXTS_TOGETHER_MAX = 8

/** Rows of one chunk of a prompt: what requesters of this version send, and what stages are proved with. */
export const PROMPT_CHUNK_ROWS = 128

/** Time that an executor gets to end by itself when asked to. */
export const STOP_GRACE_MS = 500

/** Address space of V8 beside the heap limit: what an executor's JavaScript may use. */
export const CHILD_HEAP_MIB_MAX = 64
