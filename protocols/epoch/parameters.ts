/**
 * What a mesh agreed on at its foundation about its epochs, as it stands in its genesis.
 *
 * @module
 */

import { decodeShape, encodeShape, record, type ShapeOf, uint } from '../../core/cbor-shape.ts'
import { EPOCH_MS_DEFAULT, EPOCH_MS_MAX, EPOCH_MS_MIN, EPOCH_VERSION } from './limits.ts'

const PARAMETERS = record({
  v: uint(EPOCH_VERSION),
  /** Length of an epoch, in milliseconds. */
  epochMs: uint(EPOCH_MS_MAX),
})

export type EpochParameters = Omit<ShapeOf<typeof PARAMETERS>, 'v'>

export function encodeParameters(parameters: EpochParameters): Uint8Array {
  return encodeShape(PARAMETERS, { v: EPOCH_VERSION, ...parameters })
}

/**
 * The parameters of a genesis; those that everybody has when it names none.
 *
 * Undefined for parameters of a version to come, or out of range: such a mesh is not followed.
 */
export function parametersOf(encoded: Uint8Array | undefined): EpochParameters | undefined {
  if (encoded === undefined) return { epochMs: EPOCH_MS_DEFAULT }
  const decoded = decodeShape(PARAMETERS, encoded)
  if (decoded.type === 'refused' || decoded.value.v !== EPOCH_VERSION) return undefined
  const { v: _, ...parameters } = decoded.value
  return parameters.epochMs >= EPOCH_MS_MIN ? parameters : undefined
}
