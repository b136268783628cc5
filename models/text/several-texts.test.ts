import { describe, expect, it } from 'vitest'
import { decoderManifest } from '../../test/fixtures/decoder-model.ts'
import { accepted } from '../errors.ts'
import { decodeModel } from '../onnx/decode.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { ModelProto, NodeProto } from '../onnx/proto.ts'
import { buildStage } from '../partition/stage.ts'
import { severalTexts } from './several-texts.ts'

const { manifest, skeleton } = decoderManifest(2)
const stage = (fromLayer: number, toLayer: number): ModelProto =>
  accepted(buildStage(skeleton, manifest, { fromLayer, toLayer })).model

function withNode(model: ModelProto, change: (node: NodeProto) => NodeProto): ModelProto {
  const { graph } = model
  return graph === undefined
    ? model
    : { ...model, graph: { ...graph, node: graph.node.map(change) } }
}

describe('a stage for several texts', () => {
  it('scans the caches of one text after another, and leaves all else as it was', () => {
    const one = stage(1, 4)
    const several = severalTexts(one)
    const types = (model?: ModelProto) => model?.graph?.node.map(({ opType }) => opType) ?? []
    expect(types(several)).toEqual(
      types(one).flatMap((type) => (type === 'GroupQueryAttention' ? ['Scan', 'GatherND'] : type)),
    )
    const scan = several?.graph?.node.find(({ opType }) => opType === 'Scan')
    expect(scan?.input).toEqual([
      'text_rows',
      'new_rows',
      'past.0.key',
      'past.0.value',
      'seqlens_k',
      'total_sequence_length',
    ])
    expect(scan?.output.slice(1)).toEqual(['added.0.key', 'added.0.value'])
    expect(
      scan?.attribute.find(({ g }) => g !== undefined)?.g?.node.map((node) => node.opType),
    ).toEqual(['Gather', 'Gather', 'Gather', 'GroupQueryAttention', 'Gather', 'Gather'])
    expect(several?.graph?.initializer).toEqual(one.graph?.initializer)
  })

  it('has caches and lengths of each text', () => {
    const inputs = new Map(
      severalTexts(stage(1, 2))?.graph?.input.map(({ name, type }) => [
        name,
        type?.tensorType?.shape?.dim.map(({ dimValue, dimParam }) => dimParam ?? Number(dimValue)),
      ]),
    )
    expect(Object.fromEntries(inputs)).toMatchObject({
      seqlens_k: ['texts', 1],
      total_sequence_length: ['texts', 1],
      'past.0.key': ['texts', 1, 1, 'past', 16],
      text_rows: ['texts', 'padded'],
      new_rows: ['texts', 'padded'],
      kept_rows: [1, 'seq', 3],
    })
  })

  it('gives keys and values of new rows only', () => {
    const output = severalTexts(stage(1, 2))?.graph?.output.find(
      ({ name }) => name === 'added.0.key',
    )
    const dims = output?.type?.tensorType?.shape?.dim
    expect(dims?.map(({ dimValue, dimParam }) => dimParam ?? Number(dimValue))).toEqual([
      'texts',
      1,
      1,
      'padded',
      16,
    ])
  })

  it('is written and read as any other', () => {
    const several = severalTexts(stage(0, 4))
    if (several === undefined) throw new Error('expected a stage')
    const bytes = encodeModel(several)
    expect(encodeModel(accepted(decodeModel(bytes)))).toEqual(bytes)
  })

  it('is not made where nothing attends, or where lengths and caches are looked at elsewhere', () => {
    expect(severalTexts(stage(0, 1))).toBeUndefined()
    const reads = withNode(stage(1, 2), (node) =>
      node.opType === 'Sigmoid' ? { ...node, input: ['total_sequence_length'] } : node,
    )
    expect(severalTexts(reads)).toBeUndefined()
    const biased = withNode(stage(1, 2), (node) =>
      node.opType === 'GroupQueryAttention'
        ? { ...node, input: [...node.input, '', 'stream.0'] }
        : node,
    )
    expect(severalTexts(biased)).toBeUndefined()
    expect(severalTexts({ ...stage(1, 2), opsetImport: [{ version: 11 }] })).toBeUndefined()
    expect(severalTexts({ ...stage(1, 2), graph: undefined } as never)).toBeUndefined()
  })
})
