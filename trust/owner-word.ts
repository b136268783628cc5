/**
 * What devices say of who owns them: that one belongs to the domain of another, or does so no longer.
 *
 * An owner cannot adopt the devices of others, and a device cannot hide behind an owner: both sign a binding,
 * in any order, and a half travels until the other is there. Either ends it alone. Each word about a device has the
 * next number of that device, so that none can be said again.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import {
  bytes,
  encodeShape,
  flag,
  optional,
  record,
  type ShapeOf,
  uint,
} from '../core/cbor-shape.ts'
import { SIGNATURE_BYTES, type Signer, type Verify } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import { signable } from '../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import {
  EPOCH_MAX,
  HASH_BYTES,
  OWNER_CHANGES_MAX,
  OWNER_WORD_BYTES_MAX,
  TRUST_VERSION,
} from './limits.ts'
import { decodeVersioned, version } from './versioned.ts'

const KIND = 'owner-word'

const SUBJECT = {
  network: bytes(HASH_BYTES),
  /** Which change of the device it would be, from 1 on. */
  number: uint(OWNER_CHANGES_MAX),
  /** Who speaks for the domain. */
  owner: peerId(),
  device: peerId(),
  /** False to end it. */
  binds: flag(),
}

/** What each side signs. */
const SAID = record({ v: version(), ...SUBJECT, until: uint(EPOCH_MAX) })

const VOICE = record({
  /** The last epoch in which it may begin to count: nobody is held to what it said long ago. */
  until: uint(EPOCH_MAX),
  signature: bytes(SIGNATURE_BYTES),
})

const WORD = record({
  v: version(),
  ...SUBJECT,
  byOwner: optional(VOICE),
  byDevice: optional(VOICE),
})

/** A word, with the voices that it has so far. */
export type OwnerWord = Omit<ShapeOf<typeof WORD>, 'v'>

/** What it is about. */
export type OwnerSubject = Omit<OwnerWord, 'byOwner' | 'byDevice'>

/** The word of the signer, who is the owner or the device of it. */
export function signOwnerWord(signer: Signer, subject: OwnerSubject, until: number): OwnerWord {
  const voice = { until, signature: signer.sign(preimage(subject, until)) }
  const isOwner = signer.peer === subject.owner
  return {
    ...subject,
    byOwner: isOwner ? voice : undefined,
    byDevice: isOwner ? undefined : voice,
  }
}

/** At most {@link OWNER_WORD_BYTES_MAX} bytes. */
export function encodeOwnerWord(word: OwnerWord): Uint8Array {
  return encodeShape(WORD, { v: TRUST_VERSION, ...word })
}

/** The word, when whoever speaks in it signed it, in this mesh. */
export function openOwnerWord(
  verify: Verify,
  network: Uint8Array,
  encoded: Uint8Array,
): Result<OwnerWord> {
  const decoded = decodeVersioned(WORD, encoded, OWNER_WORD_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const { v: _, ...word } = decoded.value
  if (!bytesEqual(network, word.network)) {
    return refuse('TRUST_NETWORK_MISMATCH', 'expected a word about devices of this mesh')
  }
  const voices = voicesOf(word)
  const most = word.binds ? 2 : 1
  if (word.owner === word.device || voices.length === 0 || voices.length > most) {
    return refuse('TRUST_MALFORMED', 'expected two devices, and the voices of both or of one')
  }
  return voices.every(({ by, until, signature }) => verify(by, preimage(word, until), signature))
    ? accept(word)
    : refuse('TRUST_SIGNATURE_INVALID', 'expected the signatures of who speaks')
}

/** True when nobody else needs to say it: a binding by both, or its end by one. */
export function isWhole({ binds, byOwner, byDevice }: OwnerWord): boolean {
  return !binds || (byOwner !== undefined && byDevice !== undefined)
}

/** True when two words are about the same change. */
export function isSameChange(one: OwnerSubject, other: OwnerSubject): boolean {
  return (
    one.number === other.number &&
    one.owner === other.owner &&
    one.device === other.device &&
    one.binds === other.binds
  )
}

/** The last epoch in which a word may begin to count: that of the voice which ends first. */
export function lastEpochOf({ byOwner, byDevice }: OwnerWord): number {
  return Math.min(byOwner?.until ?? EPOCH_MAX, byDevice?.until ?? EPOCH_MAX)
}

function voicesOf({
  owner,
  device,
  byOwner,
  byDevice,
}: OwnerWord): readonly ({ readonly by: typeof owner } & ShapeOf<typeof VOICE>)[] {
  return [
    ...(byOwner === undefined ? [] : [{ by: owner, ...byOwner }]),
    ...(byDevice === undefined ? [] : [{ by: device, ...byDevice }]),
  ]
}

function preimage(subject: OwnerSubject, until: number): Uint8Array {
  const { network, number, owner, device, binds } = subject
  const said = { v: TRUST_VERSION, network, number, owner, device, binds, until }
  return signable(KIND, encodeShape(SAID, said))
}
