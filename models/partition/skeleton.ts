/**
 * A model's graph apart from its weights: the skeleton is small, the weights are blobs.
 *
 * The skeleton is itself a valid ONNX file when it lies beside the folder `blobs`.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import { tensorContent, tensorShape } from '../graph/tensor-content.ts'
import type { BlobRef, ModelTensor } from '../manifest/manifest.ts'
import { elementTypeNumber, type ElementType } from '../onnx/element-type.ts'
import { entry, tensorProto } from '../onnx/author.ts'
import type { ModelProto, TensorProto } from '../onnx/proto.ts'
import { attempt, refuse } from '../refuse.ts'
import { isBlob } from './stage-weights.ts'

/** A weight that becomes a blob, with its bytes as a view on the file where possible. */
export interface WeightContent {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly content: Uint8Array
}

/** The weights of a model that become blobs, in the order in which layers count them. */
export function weightContents(model: ModelProto): Result<readonly WeightContent[]> {
  return attempt(() =>
    (model.graph?.initializer ?? []).filter(isBlob).map((tensor) => {
      const shape = tensorShape(tensor)
      if (shape === undefined) return refuse('ONNX_UNSUPPORTED', 'expected weights of numbers')
      const { type, dims } = shape
      return { name: tensor.name ?? '', type, dims, content: tensorContent(tensor, shape) }
    }),
  )
}

/** `model` with each of `tensors` as a reference to its blob. */
export function skeletonOf(model: ModelProto, tensors: readonly ModelTensor[]): ModelProto {
  const blobs = new Map(tensors.map((tensor) => [tensor.name, tensor]))
  if (model.graph === undefined) return model
  const initializer = model.graph.initializer.map((tensor) => {
    const blob = blobs.get(tensor.name ?? '')
    return blob === undefined ? tensor : externalTensor(blob)
  })
  return { ...model, graph: { ...model.graph, initializer } }
}

/** An initializer whose bytes are a whole blob in the store beside the file. */
export function externalTensor({ name, type, dims, blob }: ModelTensor): TensorProto {
  return {
    ...tensorProto(name, elementTypeNumber(type), dims),
    externalData: [entry('location', blobLocation(blob)), entry('length', String(blob.bytes))],
    dataLocation: 1,
  }
}

/** Where a blob lies, from the folder of the stage files: `blobs/<2 hex>/<64 hex>`. */
export function blobLocation({ id }: BlobRef): string {
  return `blobs/${id.slice(0, 2)}/${id}`
}
