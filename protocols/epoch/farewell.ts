/**
 * The word of a device that it leaves its mesh: its seat goes to another at the next draw.
 *
 * It names the last epoch that the device has spoken of, so that it is over as soon as the device speaks of a later
 * one: an old word says nothing about who came back.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  record,
  type ShapeOf,
  uint,
} from '../../core/cbor-shape.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import { peerId } from '../../core/id-shapes.ts'
import { isSignedBy, signedRecord, signRecord } from '../../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { EPOCH_MAX, EPOCH_VERSION, FAREWELL_BYTES_MAX, HASH_BYTES } from './limits.ts'

const KIND = 'epoch-farewell'

const FAREWELL = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  device: peerId(),
  /** The last epoch that the device has spoken of. */
  epoch: uint(EPOCH_MAX),
})

const SIGNED = signedRecord(FAREWELL_BYTES_MAX)

export type Farewell = Omit<ShapeOf<typeof FAREWELL>, 'v'>

/** The word as it travels: at most {@link FAREWELL_BYTES_MAX} bytes. */
export function signFarewell(signer: Signer, said: Omit<Farewell, 'device'>): Uint8Array {
  const body = encodeShape(FAREWELL, { v: EPOCH_VERSION, ...said, device: signer.peer })
  return encodeShape(SIGNED, signRecord(signer, KIND, body))
}

/** The word, when the device that it names signed it. */
export function openFarewell(verify: Verify, encoded: Uint8Array): Result<Farewell> {
  if (encoded.length > FAREWELL_BYTES_MAX) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${FAREWELL_BYTES_MAX} bytes`)
  }
  const signed = decodeShape(SIGNED, encoded)
  if (signed.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', signed.reason)
  const read = decodeShape(FAREWELL, signed.value.body)
  if (read.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', read.reason)
  const { v, ...farewell } = read.value
  if (v !== EPOCH_VERSION) {
    return refuse('EPOCH_VERSION_UNSUPPORTED', `expected version ${EPOCH_VERSION}`)
  }
  return isSignedBy(verify, farewell.device, KIND, signed.value)
    ? accept(farewell)
    : refuse('EPOCH_SIGNATURE_INVALID', 'expected the word of the device that leaves')
}
