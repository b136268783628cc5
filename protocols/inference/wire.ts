/**
 * Messages ⇄ frames on one link of /brume/inference/1.
 *
 * A link numbers its frames without a gap. Messages longer than one frame travel
 * in pieces, each piece with its offset; pieces of different slots may interleave.
 *
 * @module
 */

import { decodeFrame, writeFrameHeader, type Crc32, type Frame, type FrameHeader } from './frame.ts'
import {
  CONTROL_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  PARTIAL_MESSAGES_MAX,
} from './limits.ts'
import { decodeMessage, encodeMessage, isTensorType, type InferenceMessage } from './messages.ts'

/** A message with the slot that it belongs to and the epoch of its sender's stage. */
export interface Envelope {
  readonly slot: number
  readonly epoch: number
  readonly message: InferenceMessage
}

/** Turns the messages of one link into frames. */
export class WireWriter {
  readonly #crc32: Crc32
  #sequence = 0

  constructor(crc32: Crc32) {
    this.#crc32 = crc32
  }

  /**
   * The frames of one message, each as the chunks to send one after another.
   *
   * A frame gets its number when it is asked for, and must be sent before the next one is: short
   * messages, of any slot, may be written between the frames of a long one.
   */
  *frames({ slot, epoch, message }: Envelope): Generator<readonly Uint8Array[], void> {
    const body = encodeMessage(message)
    const messageBytes = body.pieces.reduce((sum, piece) => sum + piece.length, 0)
    let offset = 0
    do {
      const end = Math.min(messageBytes, offset + FRAME_PAYLOAD_BYTES_MAX)
      const header: FrameHeader = {
        type: message.type,
        slot,
        epoch,
        sequence: this.#sequence,
        request: body.request,
        tensors: body.tensors,
        payloadBytes: end - offset,
        offset,
        leaf: body.leaf,
        messageBytes,
      }
      this.#sequence = (this.#sequence + 1) >>> 0
      yield this.#frame(header, slice(body.pieces, offset, end))
      offset = end
    } while (offset < messageBytes)
  }

  #frame(header: FrameHeader, payload: readonly Uint8Array[]): readonly Uint8Array[] {
    const head = new Uint8Array(FRAME_HEADER_BYTES)
    writeFrameHeader(head, header, payload, this.#crc32)
    return [head, ...payload]
  }
}

function slice(pieces: readonly Uint8Array[], start: number, end: number): readonly Uint8Array[] {
  const cut: Uint8Array[] = []
  let at = 0
  for (const piece of pieces) {
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, piece.length)
    if (from < to) cut.push(from === 0 && to === piece.length ? piece : piece.subarray(from, to))
    at += piece.length
  }
  return cut
}

/** What one frame brought: a whole message, nothing yet, or a fault after which the link is of no use. */
export type WireRead =
  | { readonly type: 'message'; readonly envelope: Envelope }
  | { readonly type: 'more' }
  | { readonly type: 'fault'; readonly code: 'INFERENCE_VERSION' | 'INFERENCE_FRAME_INVALID' }

interface Partial {
  readonly first: Frame
  readonly whole: Uint8Array
  received: number
}

/** Puts the frames of one link together into messages. */
export class WireReader {
  readonly #crc32: Crc32
  readonly #partials = new Map<number, Partial>()
  #partialBytes = 0
  #sequence = 0

  constructor(crc32: Crc32) {
    this.#crc32 = crc32
  }

  /** Takes the next frame. The message's tensors may be views on `bytes`. */
  read(bytes: Uint8Array): WireRead {
    const decoded = decodeFrame(bytes, this.#crc32)
    if (decoded.type === 'refused') {
      return {
        type: 'fault',
        code: decoded.reason === 'version' ? 'INFERENCE_VERSION' : 'INFERENCE_FRAME_INVALID',
      }
    }
    const { frame } = decoded
    if (frame.sequence !== this.#sequence) return INVALID
    this.#sequence = (this.#sequence + 1) >>> 0
    if (frame.offset === 0 && frame.payloadBytes === frame.messageBytes) {
      return wholeMessage(frame, frame.payload)
    }
    return frame.offset === 0 ? this.#begin(frame) : this.#continue(frame)
  }

  #begin(frame: Frame): WireRead {
    const bytesMax = isTensorType(frame.type) ? MESSAGE_BYTES_MAX : CONTROL_BYTES_MAX
    const fits = frame.payloadBytes > 0 && frame.messageBytes <= bytesMax
    if (!fits || frame.payloadBytes > frame.messageBytes) return INVALID
    if (this.#partials.has(frame.slot) || this.#partials.size >= PARTIAL_MESSAGES_MAX) {
      return INVALID
    }
    // All partial messages of a link together stay within the size of one: memory cannot be multiplied.
    if (this.#partialBytes + frame.messageBytes > MESSAGE_BYTES_MAX) return INVALID
    this.#partialBytes += frame.messageBytes
    const whole = new Uint8Array(frame.messageBytes)
    whole.set(frame.payload)
    this.#partials.set(frame.slot, { first: frame, whole, received: frame.payloadBytes })
    return { type: 'more' }
  }

  #continue(frame: Frame): WireRead {
    const partial = this.#partials.get(frame.slot)
    if (partial === undefined || !continues(partial, frame)) return INVALID
    partial.whole.set(frame.payload, partial.received)
    partial.received += frame.payloadBytes
    if (partial.received < partial.whole.length) return { type: 'more' }
    this.#partials.delete(frame.slot)
    this.#partialBytes -= partial.whole.length
    return wholeMessage(partial.first, partial.whole)
  }
}

const INVALID: WireRead = { type: 'fault', code: 'INFERENCE_FRAME_INVALID' }

function continues(partial: Partial, frame: Frame): boolean {
  return (
    frame.type === partial.first.type &&
    frame.request === partial.first.request &&
    frame.messageBytes === partial.whole.length &&
    frame.offset === partial.received &&
    frame.payloadBytes > 0 &&
    partial.received + frame.payloadBytes <= partial.whole.length
  )
}

function wholeMessage(first: Frame, whole: Uint8Array): WireRead {
  const decoded = decodeMessage(first, whole)
  if (decoded === undefined) return INVALID
  return {
    type: 'message',
    envelope: { slot: first.slot, epoch: first.epoch, message: decoded },
  }
}
