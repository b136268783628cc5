/**
 * What goes wrong between two devices that pass blobs, and when a fetch has to give up.
 *
 * All but those of `BlocksFailure` are faults of a peer: values that cost it the link, never exceptions.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'
import type { BlobId } from '../../core/ids.ts'

/** What a peer did wrong. */
export type BlocksFault =
  /** A frame that is no message of this protocol. */
  | 'BLOCKS_FRAME_INVALID'
  /** A message that the other role sends, or an answer to nothing. */
  | 'BLOCKS_MESSAGE_UNEXPECTED'
  /** More requests at once than the limits allow. */
  | 'BLOCKS_REQUESTS_TOO_MANY'
  /** A bit map that does not fit its blob. */
  | 'BLOCKS_HAVE_INVALID'
  /** Bytes that do not have the hash of the chunk that was asked for. */
  | 'BLOCKS_CHUNK_INVALID'
  /** Nothing came for too long although something was asked for. */
  | 'BLOCKS_HOLDER_STALLED'

export type BlocksFailure =
  /** No device that can be reached has what is missing. */
  | { readonly code: 'BLOCKS_NO_HOLDER'; readonly chunksMissing: number }
  /** No device that can be reached described a blob and then gave it. */
  | { readonly code: 'BLOCKS_NOT_DESCRIBED'; readonly blob: BlobId }

/** A fetch that ended without all its blobs. What came is kept. */
export class BlocksError extends CodedError<BlocksFailure> {
  constructor(failure: BlocksFailure, options?: ErrorOptions) {
    super(failure, messageOf(failure), options)
  }
}

/** What the faces say about each code. */
export const BLOCKS_ERRORS: ErrorTable<BlocksFault | BlocksFailure['code']> = {
  BLOCKS_FRAME_INVALID: {
    meaning: 'a peer sent a frame that is no message of the blocks protocol',
    hint: 'update brume on both devices; the link was closed',
    retryable: false,
    exit: 1,
    status: 502,
  },
  BLOCKS_MESSAGE_UNEXPECTED: {
    meaning: 'a peer answered something that was not asked, or asked where it should answer',
    hint: 'update brume on both devices; the link was closed',
    retryable: false,
    exit: 1,
    status: 502,
  },
  BLOCKS_REQUESTS_TOO_MANY: {
    meaning: 'a peer asked for more chunks at once than the protocol allows',
    hint: 'update brume on both devices; the link was closed',
    retryable: false,
    exit: 1,
    status: 429,
  },
  BLOCKS_HAVE_INVALID: {
    meaning: 'a peer described its chunks of a blob in a way that does not fit the blob',
    hint: 'nothing to do: the peer is not asked again for these blobs',
    retryable: false,
    exit: 1,
    status: 502,
  },
  BLOCKS_CHUNK_INVALID: {
    meaning: 'a peer sent bytes that do not have the hash of the chunk that was asked for',
    hint: 'nothing to do: the peer is not asked again; run `brume model verify` on that device',
    retryable: false,
    exit: 1,
    status: 502,
  },
  BLOCKS_HOLDER_STALLED: {
    meaning: 'a peer sent nothing for too long although chunks were asked for',
    hint: 'nothing to do: other holders are asked, and this one again later',
    retryable: true,
    exit: 1,
    status: 504,
  },
  BLOCKS_NO_HOLDER: {
    meaning: 'no device that can be reached has the rest of the blobs',
    hint: 'start a device that has the model, then repeat the command: it goes on where it stopped',
    retryable: true,
    exit: 5,
    status: 404,
  },
  BLOCKS_NOT_DESCRIBED: {
    meaning: 'no device that can be reached gave the blob that was asked for by its id alone',
    hint: 'start a device that has the model, then repeat the command',
    retryable: true,
    exit: 5,
    status: 404,
  },
}

function messageOf(failure: BlocksFailure): string {
  if (failure.code === 'BLOCKS_NO_HOLDER') {
    return `expected a holder for every chunk, got none for ${failure.chunksMissing}`
  }
  return `expected a holder of blob ${failure.blob}, got none`
}
