/**
 * Other parameters for a mesh: wanted by seats, each by its signature, and changed when a quorum of them wants the same.
 *
 * Where trust starts is not for seats alone to say: of the anchors that there are, two thirds have to want the same,
 * whether they have seats or not.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  record,
  type Shape,
  type ShapeOf,
  uint,
} from '../../core/cbor-shape.ts'
import { type Signer, SIGNATURE_BYTES, type Verify } from '../../core/crypto.ts'
import { peerId } from '../../core/id-shapes.ts'
import { signable } from '../../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  ANCHORS_MAX,
  CHANGE_BYTES_MAX,
  CHANGES_MAX,
  CONSENT_EPOCHS_MAX,
  EPOCH_MAX,
  EPOCH_VERSION,
  HASH_BYTES,
  PARAMETERS_BYTES_MAX,
  SEATS_MAX,
} from './limits.ts'
import { areParameters } from './parameters.ts'
import { type Committee, quorumOf } from './seats.ts'

const KIND = 'epoch-parameters'

const WISH_FIELDS = {
  /** Which change of the mesh it would be, from 1 on: what was wanted once is not wanted again. */
  number: uint(CHANGES_MAX),
  parameters: bytes(1, PARAMETERS_BYTES_MAX),
}

/** What a seat signs. */
const WANTED = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  ...WISH_FIELDS,
  until: uint(EPOCH_MAX),
})

const voice = {
  seat: peerId(),
  /** The last epoch in which it wants them: nobody is held to what it wanted long ago. */
  until: uint(EPOCH_MAX),
  signature: bytes(SIGNATURE_BYTES),
}

const CONSENT = record({
  v: uint(EPOCH_VERSION),
  ...WISH_FIELDS,
  ...voice,
})

const CHANGE = record({
  v: uint(EPOCH_VERSION),
  ...WISH_FIELDS,
  /** A quorum, in the order of their seats. */
  voices: list(record(voice), SEATS_MAX),
  /** Of anchors that are not among them, as far as they are needed, in the order of the anchors. */
  beside: list(record(voice), ANCHORS_MAX),
})

/** That a seat, or an anchor, wants these parameters. */
export type Consent = Omit<ShapeOf<typeof CONSENT>, 'v'>
export type ParameterChange = Omit<ShapeOf<typeof CHANGE>, 'v'>

type Wanted = Pick<Consent, 'number' | 'parameters' | 'until'>

function preimage(network: Uint8Array, { number, parameters, until }: Wanted): Uint8Array {
  const wanted = { v: EPOCH_VERSION, network, number, parameters, until }
  return signable(KIND, encodeShape(WANTED, wanted))
}

export function signConsent(signer: Signer, network: Uint8Array, wanted: Wanted): Consent {
  return { ...wanted, seat: signer.peer, signature: signer.sign(preimage(network, wanted)) }
}

/** True when the device that it names signed it. Whether it has a seat, or is an anchor, the driver knows. */
export function isConsent(verify: Verify, network: Uint8Array, consent: Consent): boolean {
  return verify(consent.seat, preimage(network, consent), consent.signature)
}

export function encodeConsent(consent: Consent): Uint8Array {
  return encodeShape(CONSENT, { v: EPOCH_VERSION, ...consent })
}

export function decodeConsent(encoded: Uint8Array): Result<Consent> {
  return decoded(CONSENT, encoded)
}

/** Who decides on a change. */
export interface Deciders {
  readonly committee: Committee
  /** Anchors of which two thirds have to want it; none for a change that leaves the anchors as they are. */
  readonly anchors: readonly PeerId[]
}

/** How many of so many anchors have to want other ones. */
export function anchorsNeeded(anchors: number): number {
  return Math.ceil((2 * anchors) / 3)
}

/** The change that the consents of a quorum make; undefined while there are too few, or they want different things. */
export function changeBy(
  { committee, anchors }: Deciders,
  consents: readonly Consent[],
): ParameterChange | undefined {
  const [first] = consents
  if (first === undefined) return undefined
  const { number, parameters } = first
  const bySeat = new Map(consents.map((consent) => [consent.seat, consent]))
  const quorum = quorumOf(committee.length)
  // Anchors before others, so that few voices are enough for both.
  const seats = committee
    .filter((seat) => bySeat.has(seat))
    .toSorted((a, b) => Number(anchors.includes(b)) - Number(anchors.includes(a)))
    .slice(0, quorum)
  const missing =
    anchorsNeeded(anchors.length) - seats.filter((seat) => anchors.includes(seat)).length
  const others = anchors
    .filter((anchor) => bySeat.has(anchor) && !seats.includes(anchor))
    .slice(0, Math.max(0, missing))
  if (seats.length < quorum || others.length < missing) return undefined
  const voicesOf = (devices: readonly PeerId[], chosen: readonly PeerId[]) =>
    devices
      .filter((device) => chosen.includes(device))
      .flatMap((device) => bySeat.get(device) ?? [])
      .map(({ seat, until, signature }) => ({ seat, until, signature }))
  return {
    number,
    parameters,
    voices: voicesOf(committee, seats),
    beside: voicesOf(anchors, others),
  }
}

export function encodeChange(change: ParameterChange): Uint8Array {
  return encodeShape(CHANGE, { v: EPOCH_VERSION, ...change })
}

export function decodeChange(encoded: Uint8Array): Result<ParameterChange> {
  return decoded(CHANGE, encoded)
}

/** The epoch that a change is in, and who decides on it. */
export interface ChangePlace extends Deciders {
  readonly network: Uint8Array
  readonly epoch: number
}

/** True when exactly a quorum of the committee of `epoch` wants these parameters, and enough anchors; and they are ones. */
export function isChangeOf(
  verify: Verify,
  { network, epoch, committee, anchors }: ChangePlace,
  { number, parameters, voices, beside }: ParameterChange,
): boolean {
  const all = [...voices, ...beside]
  const agreeing = all.filter(({ seat }) => anchors.includes(seat)).length
  return (
    areParameters(parameters) &&
    voices.length === quorumOf(committee.length) &&
    agreeing >= anchorsNeeded(anchors.length) &&
    areInOrder(committee, voices) &&
    areInOrder(anchors, beside) &&
    new Set(all.map(({ seat }) => seat)).size === all.length &&
    all.every(
      ({ until, ...rest }) =>
        until >= epoch &&
        until <= epoch + CONSENT_EPOCHS_MAX &&
        isConsent(verify, network, { number, parameters, until, ...rest }),
    )
  )
}

/** True when each of the voices is of one of `devices`, and they come in that order. */
function areInOrder(devices: readonly PeerId[], voices: readonly Pick<Consent, 'seat'>[]): boolean {
  const places = voices.map(({ seat }) => devices.indexOf(seat))
  return places.every((place, at) => place > (places[at - 1] ?? -1))
}

function decoded<T extends { readonly v: number }>(
  shape: Shape<T>,
  encoded: Uint8Array,
): Result<Omit<T, 'v'>> {
  if (encoded.length > CHANGE_BYTES_MAX) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${CHANGE_BYTES_MAX} bytes`)
  }
  const read = decodeShape(shape, encoded)
  if (read.type === 'refused') return refuse('EPOCH_MESSAGE_MALFORMED', read.reason)
  const { v, ...rest } = read.value
  return v === EPOCH_VERSION
    ? accept(rest)
    : refuse('EPOCH_VERSION_UNSUPPORTED', `expected version ${EPOCH_VERSION}`)
}
