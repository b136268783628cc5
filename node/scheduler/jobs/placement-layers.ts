/**
 * What the placement is told of the layers of a model.
 *
 * @module
 */

import { cacheBytesPerToken, cutBytes, type Cut, type Manifest } from '../../../models/index.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import type { PlacementLayer } from '../placement/plan.ts'
import type { PlannedDevice, PlanWish } from './plan-wish.ts'

/** What each layer costs in one step, and keeps of a text. */
export function placementLayers(
  manifest: Manifest,
  { scale, text }: Pick<PlanWish, 'scale' | 'text'>,
): readonly PlacementLayer[] {
  const weights = layerWeights(manifest)
  const rows = text?.positions ?? 0
  return manifest.layers.map(({ flops, activationBytes }, index) => ({
    flops: scale * flops,
    weightBytes: weights[index] ?? 0,
    cutBytes: scale * bytesAt(manifest.cuts[index + 1]),
    roundedBytes: scale * roundedBytesAt(manifest.cuts[index + 1]),
    workBytes: scale * activationBytes,
    keptBytes: rows * rowBytes(manifest, index),
  }))
}

/** Bytes of keys and values that one layer keeps of one token. */
function rowBytes({ text }: Manifest, layer: number): number {
  return text === undefined ? 0 : cacheBytesPerToken(text.caches[layer] ?? 0, text)
}

/** Bytes that cross a cut. */
export function bytesAt(cut: Cut | undefined): number {
  return cut === undefined ? 0 : cutBytes(cut)
}

/** The same with floats as binary16. */
function roundedBytesAt(cut: Cut | undefined): number {
  const floats = cut?.tensors.filter(({ type }) => type === 'float32') ?? []
  return bytesAt(cut) - bytesAt(cut && { ...cut, tensors: floats }) / 2
}

/** Bytes of each layer that a device says it holds. */
export function heldBytes(
  manifest: Manifest,
  record: PlannedDevice,
  { id }: CatalogueModel,
): readonly number[] {
  const ranges = record.holdings.find(({ model }) => model === id)?.ranges ?? []
  return layerWeights(manifest).map((weightBytes, index) =>
    ranges.some(({ from, to }) => index >= from && index < to) ? weightBytes : 0,
  )
}

/**
 * Bytes of weights that each layer adds to the device that runs it.
 *
 * The solver adds layers up, but a tensor that several of them share is held once. Each
 * of n that share it is charged two n-ths: right for a model in two stages, whose
 * halves both hold it, and never far off for one stage or four.
 */
function layerWeights(manifest: Manifest): readonly number[] {
  const sharers = new Map<number, number>()
  for (const tensor of manifest.layers.flatMap(({ tensors }) => tensors)) {
    sharers.set(tensor, (sharers.get(tensor) ?? 0) + 1)
  }
  return manifest.layers.map(({ tensors }) =>
    tensors.reduce((sum, tensor) => {
      const bytes = manifest.tensors[tensor]?.blob.bytes ?? 0
      return sum + Math.round(bytes * Math.min(1, 2 / (sharers.get(tensor) ?? 1)))
    }, 0),
  )
}
