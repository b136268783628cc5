/**
 * What a range of layers needs, from the manifest alone: for planning and fetching, before any graph is read.
 *
 * @module
 */

import { tensorBytes } from '../../core/tensor.ts'
import type { BlobRef, Cut, Manifest } from '../manifest/manifest.ts'
import { cacheBytesPerToken, cachesOf } from '../text/caches.ts'
import type { LayerRange } from './stage.ts'

/** Costs of a stage at the sample sizes; see Layer of the manifest for the words. */
export interface StageNeeds {
  readonly flops: number
  readonly readBytes: number
  readonly weightBytes: number
  readonly activationBytes: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Keys and values of one position of one text; 0 but in a decoder that generates. */
  readonly cacheBytesPerToken: number
  /** Blobs to hold, each once. The skeleton, which every stage needs, is not among them. */
  readonly blobs: readonly BlobRef[]
}

/** Bytes that cross a cut at the sample sizes. */
export function cutBytes(cut: Cut): number {
  return cut.tensors.reduce((sum, { type, dims }) => sum + tensorBytes(type, dims), 0)
}

/** True when `range` is one layer or more of this model. */
export function isLayerRange(manifest: Manifest, { fromLayer, toLayer }: LayerRange): boolean {
  return (
    Number.isSafeInteger(fromLayer) &&
    Number.isSafeInteger(toLayer) &&
    0 <= fromLayer &&
    fromLayer < toLayer &&
    toLayer <= manifest.layers.length
  )
}

/** What the layers of `range` need. An empty range, or one out of bounds, needs nothing there. */
export function stageNeeds(manifest: Manifest, range: LayerRange): StageNeeds {
  const { text } = manifest
  const layers = manifest.layers.slice(range.fromLayer, range.toLayer)
  const before = manifest.cuts[range.fromLayer]
  const after = manifest.cuts[range.toLayer]
  const blobs = new Map<string, BlobRef>()
  for (const index of layers.flatMap((layer) => layer.tensors)) {
    const blob = manifest.tensors[index]?.blob
    if (blob !== undefined) blobs.set(blob.id, blob)
  }
  return {
    flops: layers.reduce((sum, layer) => sum + layer.flops, 0),
    readBytes: layers.reduce((sum, layer) => sum + layer.readBytes, 0),
    weightBytes: [...blobs.values()].reduce((sum, blob) => sum + blob.bytes, 0),
    activationBytes: Math.max(0, ...layers.map((layer) => layer.activationBytes)),
    bytesIn: before === undefined ? 0 : cutBytes(before),
    bytesOut: after === undefined ? 0 : cutBytes(after),
    cacheBytesPerToken:
      text === undefined ? 0 : cacheBytesPerToken(cachesOf(text, range).length, text),
    blobs: [...blobs.values()],
  }
}
