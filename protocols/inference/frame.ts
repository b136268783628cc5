/**
 * The 48-byte header of every frame of /brume/inference/1, and its checksum.
 *
 *      0 u16 magic and version    2 u8 type      3 u8 flags
 *      4 u32 slot: the session on this link      8 u32 epoch of the sender's stage
 *     12 u32 sequence on this link, gap-free    16 u32 request
 *     20 u16 tensors              22 u8 wire type (reserved, 0)   23 u8 codec (0: raw)
 *     24 u32 payload bytes        28 u32 offset of the payload in its message
 *     32 8 bytes: first bytes of the SHA-256 of the tensors (the leaf of the receipt)
 *     40 u32 bytes of the whole message         44 u32 CRC-32 of header and payload
 *
 * Everything is little endian.
 *
 * @module
 */

import { FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX } from './limits.ts'

/** 0xB7 for Brume, then the version of the frame. */
const MAGIC = 0xb701

/** Frame types, by their number on the wire. */
export const FRAME_TYPES = [
  'open',
  'loading',
  'ready',
  'attach',
  'step',
  'output',
  'release',
  'route',
  'ping',
  'pong',
  'leaving',
  'close',
  'receipt',
  'fault',
  'free',
  'copy',
  'cache',
  'copied',
] as const

export type FrameType = (typeof FRAME_TYPES)[number]

/** CRC-32 (ISO 3309) of `bytes`, continued from the checksum `before` of what came ahead of them. */
export type Crc32 = (bytes: Uint8Array, before?: number) => number

export interface FrameHeader {
  readonly type: FrameType
  readonly slot: number
  readonly epoch: number
  readonly sequence: number
  readonly request: number
  readonly tensors: number
  readonly payloadBytes: number
  readonly offset: number
  /** 8 bytes. */
  readonly leaf: Uint8Array
  readonly messageBytes: number
}

export interface Frame extends FrameHeader {
  readonly payload: Uint8Array
}

/** A frame, or why its bytes are refused. */
export type FrameDecoded =
  | { readonly type: 'frame'; readonly frame: Frame }
  | {
      readonly type: 'refused'
      readonly reason: 'version' | 'length' | 'checksum' | 'type' | 'reserved'
    }

const OFFSET_CHECKSUM = 44

/**
 * Writes `header` into the first {@link FRAME_HEADER_BYTES} of `target`.
 *
 * @param payload - What follows the header, in pieces; only read for the checksum.
 */
export function writeFrameHeader(
  target: Uint8Array,
  header: FrameHeader,
  payload: readonly Uint8Array[],
  crc32: Crc32,
): void {
  const view = new DataView(target.buffer, target.byteOffset, FRAME_HEADER_BYTES)
  view.setUint16(0, MAGIC, true)
  view.setUint8(2, FRAME_TYPES.indexOf(header.type))
  view.setUint8(3, 0)
  view.setUint32(4, header.slot, true)
  view.setUint32(8, header.epoch, true)
  view.setUint32(12, header.sequence, true)
  view.setUint32(16, header.request, true)
  view.setUint16(20, header.tensors, true)
  view.setUint16(22, 0, true)
  view.setUint32(24, header.payloadBytes, true)
  view.setUint32(28, header.offset, true)
  target.set(header.leaf, 32)
  view.setUint32(40, header.messageBytes, true)
  let checksum = crc32(target.subarray(0, OFFSET_CHECKSUM))
  for (const piece of payload) checksum = crc32(piece, checksum)
  view.setUint32(OFFSET_CHECKSUM, checksum, true)
}

/** Reads one whole frame. The payload is a view on `bytes`. */
export function decodeFrame(bytes: Uint8Array, crc32: Crc32): FrameDecoded {
  if (bytes.length < FRAME_HEADER_BYTES) return { type: 'refused', reason: 'length' }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(0, true) !== MAGIC) return { type: 'refused', reason: 'version' }
  const payload = bytes.subarray(FRAME_HEADER_BYTES)
  const payloadBytes = view.getUint32(24, true)
  if (payload.length !== payloadBytes || payloadBytes > FRAME_PAYLOAD_BYTES_MAX) {
    return { type: 'refused', reason: 'length' }
  }
  const checksum = crc32(payload, crc32(bytes.subarray(0, OFFSET_CHECKSUM)))
  if (checksum !== view.getUint32(OFFSET_CHECKSUM, true)) {
    return { type: 'refused', reason: 'checksum' }
  }
  const type = FRAME_TYPES[view.getUint8(2)]
  if (type === undefined) return { type: 'refused', reason: 'type' }
  if (view.getUint8(3) !== 0 || view.getUint16(22, true) !== 0) {
    return { type: 'refused', reason: 'reserved' }
  }
  return {
    type: 'frame',
    frame: {
      type,
      slot: view.getUint32(4, true),
      epoch: view.getUint32(8, true),
      sequence: view.getUint32(12, true),
      request: view.getUint32(16, true),
      tensors: view.getUint16(20, true),
      payloadBytes,
      offset: view.getUint32(28, true),
      leaf: bytes.subarray(32, 40),
      messageBytes: view.getUint32(40, true),
      payload,
    },
  }
}
