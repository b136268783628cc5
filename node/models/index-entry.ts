/**
 * The list of models that this device knows, as it is kept in the state store.
 *
 * @module
 */

import { decodeShape, encodeShape, record, uint } from '../../core/cbor-shape.ts'
import { asModelId, type ModelId } from '../../core/ids.ts'
import type { ModelState } from './ports.ts'

/** Models that one device may know. */
export const MODELS_MAX = 1_024

const PREFIX = 'models/'

const ENTRY = record({
  /** When it came to this device, on the wall clock, in ms. */
  addedMs: uint(),
  manifestBytes: uint(),
})

export interface IndexEntry {
  readonly id: ModelId
  readonly addedMs: number
  readonly manifestBytes: number
}

/** Makes a model known, and durably so. */
export async function putEntry(
  state: ModelState,
  { id, addedMs, manifestBytes }: IndexEntry,
): Promise<void> {
  await state.put(PREFIX + id, encodeShape(ENTRY, { addedMs, manifestBytes }), { sync: true })
}

export async function removeEntry(state: ModelState, id: ModelId): Promise<void> {
  await state.del(PREFIX + id, { sync: true })
}

/** All entries, those that cannot be read left out: their models can be imported again. */
export async function readEntries(state: ModelState): Promise<readonly IndexEntry[]> {
  const entries = await state.entries(PREFIX, MODELS_MAX)
  return entries.flatMap(({ key, value }) => {
    const id = asModelId(key.slice(PREFIX.length))
    const entry = decodeShape(ENTRY, value)
    if (id === undefined || entry.type === 'refused') return []
    const { addedMs, manifestBytes } = entry.value
    return { id, addedMs, manifestBytes }
  })
}
