/**
 * The list of models that this device knows, as it is kept in the state store.
 *
 * @module
 */

import { decodeShape, encodeShape, flag, record, uint } from '../../core/cbor-shape.ts'
import { asModelId, type ModelId } from '../../core/ids.ts'
import type { ModelState } from './ports.ts'

/** Models that one device may know. */
export const MODELS_MAX = 1_024

/** Models of these that other devices may have brought; the oldest give way. */
export const GUESTS_MAX = 256

const PREFIX = 'models/'

const ENTRY = record({
  /** When it came to this device, on the wall clock, in ms. */
  addedMs: uint(),
  manifestBytes: uint(),
  guest: flag(),
})

export interface IndexEntry {
  readonly id: ModelId
  readonly addedMs: number
  readonly manifestBytes: number
  /** True when another device brought it: it may go when others come. */
  readonly guest: boolean
}

/** Makes a model known, and durably so. */
export async function putEntry(state: ModelState, { id, ...entry }: IndexEntry): Promise<void> {
  await state.put(PREFIX + id, encodeShape(ENTRY, entry), { sync: true })
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
    return { id, ...entry.value }
  })
}
