/**
 * Other parameters for a mesh: wanted by seats, each by its signature, and changed when a quorum of them wants the same.
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
import {
  CHANGE_BYTES_MAX,
  CHANGES_MAX,
  CONSENT_EPOCHS_MAX,
  EPOCH_MAX,
  EPOCH_VERSION,
  HASH_BYTES,
  PARAMETERS_BYTES_MAX,
  SEATS_MAX,
} from './limits.ts'
import { parametersOf } from './parameters.ts'
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
})

/** That a seat wants these parameters. */
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

/** True when the seat that it names signed it. Whether it has a seat, the driver knows. */
export function isConsent(verify: Verify, network: Uint8Array, consent: Consent): boolean {
  return verify(consent.seat, preimage(network, consent), consent.signature)
}

export function encodeConsent(consent: Consent): Uint8Array {
  return encodeShape(CONSENT, { v: EPOCH_VERSION, ...consent })
}

export function decodeConsent(encoded: Uint8Array): Result<Consent> {
  return decoded(CONSENT, encoded)
}

/** The change that the consents of a quorum make; undefined while there are too few, or they want different things. */
export function changeBy(
  committee: Committee,
  consents: readonly Consent[],
): ParameterChange | undefined {
  const [first] = consents
  if (first === undefined) return undefined
  const { number, parameters } = first
  const voices = committee
    .flatMap((seat) => consents.filter((consent) => consent.seat === seat).slice(0, 1))
    .map(({ seat, until, signature }) => ({ seat, until, signature }))
  const quorum = quorumOf(committee.length)
  return voices.length < quorum
    ? undefined
    : { number, parameters, voices: voices.slice(0, quorum) }
}

export function encodeChange(change: ParameterChange): Uint8Array {
  return encodeShape(CHANGE, { v: EPOCH_VERSION, ...change })
}

export function decodeChange(encoded: Uint8Array): Result<ParameterChange> {
  return decoded(CHANGE, encoded)
}

/** True when exactly a quorum of the committee of `epoch` wants these parameters, and they are ones. */
export function isChangeOf(
  verify: Verify,
  { network, epoch, committee }: { network: Uint8Array; epoch: number; committee: Committee },
  { number, parameters, voices }: ParameterChange,
): boolean {
  const seats = voices.map(({ seat }) => committee.indexOf(seat))
  return (
    parametersOf(parameters) !== undefined &&
    voices.length === quorumOf(committee.length) &&
    seats.every((seat, at) => seat > (seats[at - 1] ?? -1)) &&
    voices.every(
      ({ until, ...rest }) =>
        until >= epoch &&
        until <= epoch + CONSENT_EPOCHS_MAX &&
        isConsent(verify, network, { number, parameters, until, ...rest }),
    )
  )
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
