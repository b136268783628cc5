/**
 * The executor's end of its socket, with blocking calls.
 *
 * A run blocks the thread anyway, and so each message costs two system calls instead of a round
 * of the event loop; when the daemon is gone the next read ends, and with it the process.
 *
 * @module
 */

import { readSync, writevSync } from 'node:fs'
import { type Frame, FRAME_HEADER_BYTES, readHeader } from './executor-wire.ts'

const SOCKET_FD = 3

/** The next message, or undefined when the daemon has closed its end. */
export function readFrame(): Frame | undefined {
  const headerBytes = readExactly(FRAME_HEADER_BYTES)
  if (headerBytes === undefined) return undefined
  const header = readHeader(headerBytes)
  if (typeof header === 'string') process.exit(1)
  const body = readExactly(header.bodyBytes)
  return body === undefined ? undefined : { ...header, body }
}

function readExactly(length: number): Uint8Array | undefined {
  // Not zeroed, and not from Node's pool: malloc aligns it to the 16 bytes of a vector of Eigen's.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
  let at = 0
  while (at < length) {
    const count = readSync(SOCKET_FD, bytes, at, length - at, null)
    if (count === 0) return undefined
    at += count
  }
  return bytes
}

/** Writes all pieces, however long that takes. */
export function write(pieces: readonly Uint8Array[]): void {
  let left = pieces.filter((piece) => piece.length > 0)
  while (left.length > 0) {
    let written = writevSync(SOCKET_FD, left)
    while (left[0] !== undefined && written >= left[0].length) {
      written -= left[0].length
      left = left.slice(1)
    }
    if (left[0] !== undefined) left = [left[0].subarray(written), ...left.slice(1)]
  }
}
