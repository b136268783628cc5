/**
 * Words of one device that stand in a cut by themselves: a record with its version, under the signature of who says it.
 *
 * @module
 */

import { decodeShape, encodeShape, type Shape } from '../../core/cbor-shape.ts'
import type { Signer } from '../../core/crypto.ts'
import { type SignedRecord, signedRecord, signRecord } from '../../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { decodeVersioned } from './versioned.ts'

/** A word that was read; whose signature it is under is for the reader to say. */
export interface OpenedWord<T> {
  readonly word: T
  readonly signed: SignedRecord
}

/** `body`, encoded and signed as a word of `kind`. */
export function sealWord(
  signer: Signer,
  kind: string,
  { body, bytesMax }: { readonly body: Uint8Array; readonly bytesMax: number },
): Uint8Array {
  return encodeShape(signedRecord(bytesMax), signRecord(signer, kind, body))
}

/** The word in at most `bytesMax` bytes, told apart from one of a version to come. */
export function readWord<T>(
  shape: Shape<T>,
  encoded: Uint8Array,
  bytesMax: number,
): Result<OpenedWord<T>> {
  if (encoded.length > bytesMax) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${bytesMax} bytes`)
  }
  const signed = decodeShape(signedRecord(bytesMax), encoded)
  if (signed.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', signed.reason)
  const word = decodeVersioned(shape, signed.value.body, bytesMax)
  return word.type === 'refused' ? word : accept({ word: word.value, signed: signed.value })
}
