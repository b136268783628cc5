/**
 * Weights of an ONNX file that lie in files beside it (ONNX IR specification, "External tensor data").
 *
 * @module
 */

import type { Result } from '../errors.ts'
import { EXTERNAL_FILES_MAX } from '../limits.ts'
import type { ElementType } from '../onnx/element-type.ts'
import type { ModelProto, TensorProto } from '../onnx/proto.ts'
import { attempt, refuse } from '../refuse.ts'
import { isExternal, tensorShape } from './tensor-content.ts'

/** Where the bytes of an initializer lie. */
export interface ExternalPart {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly number[]
  /** Name of a file beside the model. */
  readonly file: string
  readonly offset: number
  readonly bytes: number
}

/** A model whose initializers in other files are without data, and where that is. */
export interface BareModel {
  readonly model: ModelProto
  readonly parts: readonly ExternalPart[]
}

/** A name without any folder, and no hidden one: what lies elsewhere is not the model's. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/

/** Takes the references to other files out of `model`. Refuses those that lead elsewhere. */
export function withoutExternalData(model: ModelProto): Result<BareModel> {
  return attempt(() => {
    const { graph } = model
    if (graph === undefined) return { model, parts: [] }
    const parts: ExternalPart[] = []
    const initializer = graph.initializer.map((tensor) => {
      if (!isExternal(tensor)) return tensor
      parts.push(partOf(tensor))
      const { dataLocation: _, ...bare } = tensor
      return { ...bare, externalData: [] }
    })
    if (new Set(parts.map(({ file }) => file)).size > EXTERNAL_FILES_MAX) {
      refuse('ONNX_LIMIT', `expected weights in at most ${EXTERNAL_FILES_MAX} files`)
    }
    return { model: { ...model, graph: { ...graph, initializer } }, parts }
  })
}

function partOf(tensor: TensorProto): ExternalPart {
  const shape = tensorShape(tensor)
  if (shape === undefined) return refuse('ONNX_UNSUPPORTED', 'expected weights of numbers')
  const { type, dims, bytes } = shape
  const values = new Map(tensor.externalData.map(({ key, value }) => [key, value ?? '']))
  const file = values.get('location') ?? ''
  if (!FILE_NAME.test(file)) {
    refuse('ONNX_UNSUPPORTED', 'expected weights in files beside the model')
  }
  const offset = sizeOf(values.get('offset') ?? '0')
  if (sizeOf(values.get('length') ?? String(bytes)) !== bytes) {
    refuse('ONNX_GRAPH_INVALID', `expected ${bytes} bytes of a tensor in another file`)
  }
  return { name: tensor.name ?? '', type, dims, file, offset, bytes }
}

function sizeOf(text: string): number {
  const size = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(size)) return size
  return refuse('ONNX_MALFORMED', 'expected the place of a tensor in another file as numbers')
}
