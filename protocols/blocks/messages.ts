/**
 * Messages of /brume/blocks/1 as frames, and back.
 *
 * The first byte of a frame is its kind: 1 for a control message in canonical CBOR, 2 for a
 * chunk, whose bytes follow a fixed header as they are, so that nobody copies them.
 *
 * @module
 */

import { concatBytes, fromHex, toHex } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  mapped,
  record,
  uint,
  word,
  type Shape,
  type ShapeOf,
} from '../../core/cbor-shape.ts'
import type { BlobId } from '../../core/ids.ts'
import { blobRefMismatch } from './blob-ref.ts'
import {
  CHUNK_BYTES,
  CHUNK_HEADER_BYTES,
  CHUNKS_PER_BLOB_MAX,
  DESCRIBED_BYTES_MAX,
  DESCRIBED_CHUNKS_MAX,
  QUERY_BLOBS_MAX,
  REQUEST_MAX,
} from './limits.ts'

/** Which of its blobs the holder is asked about. */
export interface Query {
  readonly type: 'query'
  readonly request: number
  readonly blobs: readonly BlobId[]
}

/** What a holder has of one blob. */
export interface Holding {
  readonly blob: BlobId
  readonly held: 'none' | 'some' | 'whole'
  /** A bit for each chunk as in chunk-set.ts when `held` is `some`, else empty. */
  readonly bits: Uint8Array
}

/** Answers a query, one holding for each blob that was asked about. */
export interface Have {
  readonly type: 'have'
  readonly request: number
  readonly holdings: readonly Holding[]
}

/** Asks for one chunk. Answered by a chunk or a refusal, in any order. */
export interface Want {
  readonly type: 'want'
  readonly request: number
  readonly blob: BlobId
  readonly index: number
}

/** Asks what must be known to fetch a blob of which only the id is known. */
export interface Describe {
  readonly type: 'describe'
  readonly request: number
  readonly blob: BlobId
}

/** What a holder says of a blob. Its hashes fit its size; whether they are true shows when it is fetched. */
export interface Described {
  readonly type: 'described'
  readonly request: number
  /** Size of the blob, at most DESCRIBED_BYTES_MAX. */
  readonly bytes: number
  /** SHA-256 of each chunk, as in a `BlobRef`. */
  readonly chunkHashes: readonly Uint8Array[]
}

/**
 * Why a want or a describe is not served: it is not here, the disk failed, too much is asked at
 * once, or the blob is larger than what is described.
 */
export type RefusalCode = 'not-held' | 'failed' | 'busy' | 'too-large'

export interface Refuse {
  readonly type: 'refuse'
  readonly request: number
  readonly code: RefusalCode
}

/** Takes a want back. Not answered; the chunk may be on its way already. */
export interface Cancel {
  readonly type: 'cancel'
  readonly request: number
}

export interface Chunk {
  readonly type: 'chunk'
  readonly request: number
  readonly index: number
  /** A view on the frame when decoded. */
  readonly data: Uint8Array
}

export type BlocksMessage = Query | Have | Want | Refuse | Cancel | Describe | Described | Chunk

/** A decoded message, or why the frame is refused. */
export type BlocksDecoded =
  | { readonly type: 'message'; readonly message: BlocksMessage }
  | { readonly type: 'refused'; readonly reason: string }

const CONTROL = 1
const CHUNK = 2

const request = uint(REQUEST_MAX)
const blobId: Shape<BlobId> = mapped(
  bytes(32),
  (digest) => toHex(digest) as BlobId,
  (id) => fromHex(id) ?? new Uint8Array(),
)
const holding: Shape<Holding> = mapped(
  record({
    blob: blobId,
    held: word('none', 'some', 'whole'),
    bits: bytes(0, CHUNKS_PER_BLOB_MAX / 8),
  }),
  (value) => ((value.held === 'some') === value.bits.length > 0 ? value : undefined),
  (value) => value,
)

const query = record({
  type: word('query'),
  request,
  blobs: list(blobId, QUERY_BLOBS_MAX),
})
const have = record({
  type: word('have'),
  request,
  holdings: list(holding, QUERY_BLOBS_MAX),
})
const want = record({
  type: word('want'),
  request,
  blob: blobId,
  index: uint(CHUNKS_PER_BLOB_MAX - 1),
})
const refuse = record({
  type: word('refuse'),
  request,
  code: word('not-held', 'failed', 'busy', 'too-large'),
})
const cancel = record({ type: word('cancel'), request })
const describe = record({ type: word('describe'), request, blob: blobId })
const described: Shape<Described> = mapped(
  record({
    type: word('described'),
    request,
    bytes: uint(DESCRIBED_BYTES_MAX),
    chunkHashes: list(bytes(32), DESCRIBED_CHUNKS_MAX),
  }),
  (value) => (blobRefMismatch(value) === undefined ? value : undefined),
  (value) => value,
)

/** The parts of the frame of `message`, to be sent one after another; the chunk's bytes are not copied. */
export function encodeBlocksMessage(message: BlocksMessage): readonly Uint8Array[] {
  switch (message.type) {
    case 'query':
      return control(query, message)
    case 'have':
      return control(have, message)
    case 'want':
      return control(want, message)
    case 'refuse':
      return control(refuse, message)
    case 'cancel':
      return control(cancel, message)
    case 'describe':
      return control(describe, message)
    case 'described':
      return control(described, message)
    case 'chunk':
      return [chunkHeader(message), message.data]
  }
}

/** The message that `frame` is. Never throws. */
export function decodeBlocksMessage(frame: Uint8Array): BlocksDecoded {
  if (frame[0] === CHUNK) return decodeChunk(frame)
  if (frame[0] !== CONTROL) return { type: 'refused', reason: 'unknown kind of frame' }
  const body = frame.subarray(1)
  for (const shape of [query, have, want, refuse, cancel, describe, described]) {
    const decoded = decodeShape<ShapeOf<typeof shape>>(shape, body)
    if (decoded.type === 'value') return { type: 'message', message: decoded.value }
  }
  return { type: 'refused', reason: 'no message of this protocol' }
}

function control<T>(shape: Shape<T>, message: T): readonly Uint8Array[] {
  return [concatBytes([Uint8Array.of(CONTROL), encodeShape(shape, message)])]
}

function chunkHeader(message: Chunk): Uint8Array {
  const header = new Uint8Array(CHUNK_HEADER_BYTES)
  const view = new DataView(header.buffer)
  header[0] = CHUNK
  view.setUint32(1, message.request)
  view.setUint32(5, message.index)
  return header
}

function decodeChunk(frame: Uint8Array): BlocksDecoded {
  const length = frame.length - CHUNK_HEADER_BYTES
  if (length < 1 || length > CHUNK_BYTES) {
    return { type: 'refused', reason: `expected a chunk of 1 to ${CHUNK_BYTES} bytes` }
  }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const index = view.getUint32(5)
  if (index >= CHUNKS_PER_BLOB_MAX) return { type: 'refused', reason: 'index out of range' }
  const data = frame.subarray(CHUNK_HEADER_BYTES)
  return { type: 'message', message: { type: 'chunk', request: view.getUint32(1), index, data } }
}
