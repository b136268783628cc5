import { describe, expect, it } from 'vitest'
import { blobRef, smallManifest } from '../../test/fixtures/layered-model.ts'
import { accepted } from '../errors.ts'
import { decodeModel } from '../onnx/decode.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { ModelProto } from '../onnx/proto.ts'
import { blobLocation } from './skeleton.ts'
import { buildStage } from './stage.ts'

const { manifest, skeleton } = smallManifest()
const layers = manifest.layers.length
const names = (values: readonly { readonly name?: string }[]) => values.map(({ name }) => name)

/** The layer that begins with the node that makes `output`. */
function layerAt(output: string): number {
  const position = skeleton.graph?.node.findIndex((node) => node.output.includes(output)) ?? -1
  return manifest.cuts.findIndex((cut) => cut.position === position)
}

function stage(fromLayer: number, toLayer: number) {
  return accepted(buildStage(skeleton, manifest, { fromLayer, toLayer }))
}

describe('a stage', () => {
  it('is the whole model when it holds all layers', () => {
    const { model, description } = stage(0, layers)
    expect(names(description.inputs)).toEqual(['x', 'mask'])
    expect(names(description.outputs)).toEqual(['y', 'early'])
    expect(description.passed).toEqual([])
    expect(model.graph?.node.length).toBe(8)
  })

  it('takes what it computes with, and passes on the rest', () => {
    const { description } = stage(0, layerAt('c'))
    expect(names(description.receives)).toEqual(['x', 'mask'])
    expect(names(description.inputs)).toEqual(['x'])
    expect(names(description.outputs)).toEqual(['early', 'a', 'b'])
    expect(names(description.sends)).toEqual(['mask', 'early', 'a', 'b'])
    expect(description.passed).toEqual(['mask'])
  })

  it('passes on outputs that were made before it', () => {
    const { description } = stage(layerAt('e'), layers)
    expect(names(description.inputs)).toEqual(['mask', 'd'])
    expect(names(description.outputs)).toEqual(['y'])
    expect(names(description.sends)).toEqual(['y', 'early'])
    expect(description.passed).toEqual(['early'])
  })

  it('needs only its own weights, also those behind fixed nodes', () => {
    const from = layerAt('c')
    const { model, description } = stage(from, layerAt('e'))
    expect(names(model.graph?.initializer ?? [])).toEqual(['w2'])
    expect(model.graph?.node.map(({ opType }) => opType)).toEqual(['Transpose', 'MatMul', 'Add'])
    const blob = manifest.tensors.find(({ name }) => name === 'w2')?.blob
    expect(description.blobs).toEqual([blob])
    expect(description.weightBytes).toBe(4_096)
    const [tensor] = model.graph?.initializer ?? []
    expect(tensor?.externalData).toEqual([
      { key: 'location', value: blob && blobLocation(blob) },
      { key: 'length', value: '4096' },
    ])
  })

  it('meets its neighbours, wherever the model is cut', () => {
    for (let cut = 1; cut < layers; cut++) {
      expect(stage(0, cut).description.sends).toEqual(stage(cut, layers).description.receives)
    }
  })

  it('is an ONNX file that comes back as it was written', () => {
    const bytes = encodeModel(stage(0, 1).model)
    expect(encodeModel(accepted(decodeModel(bytes)))).toEqual(bytes)
  })

  it('is refused when the range is none', () => {
    const code = (fromLayer: number, toLayer: number) =>
      buildStage(skeleton, manifest, { fromLayer, toLayer })
    const refusal = {
      type: 'refused',
      code: 'MODELS_RANGE_INVALID',
      reason: `expected layers in [0, ${layers}]`,
    }
    expect(code(1, 1)).toEqual(refusal)
    expect(code(0, layers + 1)).toEqual(refusal)
    expect(code(-1, 1)).toEqual(refusal)
    expect(code(0.5, 1)).toEqual(refusal)
  })

  it('is refused when graph and manifest do not fit together', () => {
    const code = (graph: ModelProto, other = manifest) => {
      const result = buildStage(graph, other, { fromLayer: 0, toLayer: layers })
      return result.type === 'refused' ? result.code : 'value'
    }
    const cuts = manifest.cuts.map((cut) => ({ ...cut, tensors: cut.tensors.slice(1) }))
    expect(code(skeleton, { ...manifest, cuts })).toBe('MODELS_SKELETON_MISMATCH')
    const tensors = manifest.tensors.map((tensor) => ({ ...tensor, name: `${tensor.name}'` }))
    expect(code(skeleton, { ...manifest, tensors })).toBe('MODELS_SKELETON_MISMATCH')
    const unlisted = manifest.layers.map((layer) => ({ ...layer, tensors: [] }))
    expect(code(skeleton, { ...manifest, layers: unlisted })).toBe('MODELS_SKELETON_MISMATCH')
  })

  it('never points where a stranger wants', () => {
    const evil = skeleton.graph?.initializer.map((tensor) => ({
      ...tensor,
      externalData: [{ key: 'location', value: '../../identity/key' }],
    }))
    const graph = skeleton.graph && { ...skeleton.graph, initializer: evil ?? [] }
    const model = accepted(
      buildStage({ ...skeleton, ...(graph && { graph }) }, manifest, {
        fromLayer: 0,
        toLayer: layers,
      }),
    ).model
    const allowed = new Set(manifest.tensors.map(({ blob }) => blobLocation(blob)))
    const places = model.graph?.initializer.map(({ externalData }) => externalData[0]?.value ?? '')
    expect(places?.every((place) => allowed.has(place))).toBe(true)
    expect(blobLocation(blobRef(new Uint8Array()))).toMatch(/^blobs\/[0-9a-f]{2}\/[0-9a-f]{64}$/)
  })
})
