/**
 * The word of a device that it leaves its mesh: its seat goes to another at the next draw.
 *
 * It names the last epoch that the device has spoken of, so that it is over as soon as the device speaks of a later
 * one: an old word says nothing about who came back.
 *
 * @module
 */

import { bytes, encodeShape, record, type ShapeOf, uint } from '../../core/cbor-shape.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import { peerId } from '../../core/id-shapes.ts'
import { isSignedBy } from '../../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { EPOCH_MAX, EPOCH_VERSION, FAREWELL_BYTES_MAX, HASH_BYTES } from './limits.ts'
import { readWord, sealWord } from './signed-word.ts'

const KIND = 'epoch-farewell'

const FAREWELL = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  device: peerId(),
  /** The last epoch that the device has spoken of. */
  epoch: uint(EPOCH_MAX),
})

export type Farewell = Omit<ShapeOf<typeof FAREWELL>, 'v'>

/** The word as it travels: at most {@link FAREWELL_BYTES_MAX} bytes. */
export function signFarewell(signer: Signer, said: Omit<Farewell, 'device'>): Uint8Array {
  const body = encodeShape(FAREWELL, { v: EPOCH_VERSION, ...said, device: signer.peer })
  return sealWord(signer, KIND, { body, bytesMax: FAREWELL_BYTES_MAX })
}

/** The word, when the device that it names signed it. */
export function openFarewell(verify: Verify, encoded: Uint8Array): Result<Farewell> {
  const read = readWord(FAREWELL, encoded, FAREWELL_BYTES_MAX)
  if (read.type === 'refused') return read
  const { v: _, ...farewell } = read.value.word
  return isSignedBy(verify, farewell.device, KIND, read.value.signed)
    ? accept(farewell)
    : refuse('EPOCH_SIGNATURE_INVALID', 'expected the word of the device that leaves')
}
