/**
 * What a mesh has agreed on about its epochs: at its foundation, as it stands in its genesis, or since.
 *
 * @module
 */

import { decodeShape, encodeShape, list, record, uint } from '../../core/cbor-shape.ts'
import { peerId } from '../../core/id-shapes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  ANCHORS_MAX,
  COMMITTEE_SEATS_MAX,
  COMMITTEE_SEATS_MIN,
  EPOCH_MS_DEFAULT,
  EPOCH_MS_MAX,
  EPOCH_MS_MIN,
} from './limits.ts'

/** Most of what a mesh is founded with: all else is as it is everywhere. */
const LENGTH = record({ v: uint(1), epochMs: uint(EPOCH_MS_MAX) })

const WHOLE = record({
  v: uint(2),
  epochMs: uint(EPOCH_MS_MAX),
  seatsMax: uint(COMMITTEE_SEATS_MAX),
  anchors: list(peerId(), ANCHORS_MAX),
})

export interface EpochParameters {
  /** Length of an epoch, in milliseconds. */
  readonly epochMs: number
  /** Seats of a committee at most, however many domains there are. */
  readonly seatsMax: number
  /** Devices at which trust starts and for which seats are kept, each once, in the order of their names. */
  readonly anchors: readonly PeerId[]
}

/** Parameters in their one encoding; those of a foundation may leave everything but the length to be as it is everywhere. */
export function encodeParameters(
  parameters: EpochParameters | Pick<EpochParameters, 'epochMs'>,
): Uint8Array {
  return 'anchors' in parameters
    ? encodeShape(WHOLE, { v: 2, ...parameters, anchors: parameters.anchors.toSorted() })
    : encodeShape(LENGTH, { v: 1, ...parameters })
}

/**
 * The parameters that a genesis or a change names; those that everybody has where it names none: trust starts at the
 * founder.
 *
 * Undefined for parameters of a version to come, or out of range: such a mesh is not followed, such a change not made.
 */
export function parametersOf(
  encoded: Uint8Array | undefined,
  founder: PeerId,
): EpochParameters | undefined {
  const named = encoded === undefined ? { epochMs: EPOCH_MS_DEFAULT } : namedIn(encoded)
  return named && { seatsMax: COMMITTEE_SEATS_MAX, anchors: [founder], ...named }
}

/** True for parameters that this program knows, in their one encoding and in range. */
export function areParameters(encoded: Uint8Array): boolean {
  return namedIn(encoded) !== undefined
}

function namedIn(
  encoded: Uint8Array,
): EpochParameters | Pick<EpochParameters, 'epochMs'> | undefined {
  const length = decodeShape(LENGTH, encoded)
  if (length.type === 'value') {
    const { v, epochMs } = length.value
    return v === 1 && epochMs >= EPOCH_MS_MIN ? { epochMs } : undefined
  }
  const whole = decodeShape(WHOLE, encoded)
  if (whole.type === 'refused') return undefined
  const { v, ...parameters } = whole.value
  const { epochMs, seatsMax, anchors } = parameters
  const inOrder = anchors.every((anchor, at) => at === 0 || anchor > (anchors[at - 1] as PeerId))
  const inRange = epochMs >= EPOCH_MS_MIN && seatsMax >= COMMITTEE_SEATS_MIN && anchors.length > 0
  return v === 2 && inOrder && inRange ? parameters : undefined
}
