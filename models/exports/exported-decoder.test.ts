import { describe, expect, it } from 'vitest'
import { exportedModel, type Rotary } from '../../test/fixtures/exported-model.ts'
import { accepted } from '../errors.ts'
import { readGraph } from '../graph/graph.ts'
import { node, valueInfo } from '../onnx/author.ts'
import type { ModelProto } from '../onnx/proto.ts'
import { exportedDecoder, isExportedDecoder } from './exported-decoder.ts'

type Graph = NonNullable<ModelProto['graph']>

/** The exported decoder with another graph. */
function changed(change: (graph: Graph) => Partial<Graph>, rotary: Rotary = 'fused'): ModelProto {
  const model = exportedModel(rotary)
  if (model.graph === undefined) throw new Error('expected a graph')
  return { ...model, graph: { ...model.graph, ...change(model.graph) } }
}

function refusal(model: ModelProto): string {
  const result = exportedDecoder(model)
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

describe('a decoder that was exported with its caches', () => {
  it.each(['fused', 'apart'] as const)('whose rotation is %s becomes one of ours', (rotary) => {
    const model = exportedModel(rotary)
    expect(isExportedDecoder(model)).toBe(true)
    const { model: made, text } = accepted(exportedDecoder(model))
    expect(text).toEqual({
      vocabulary: 80,
      kvHeads: 2,
      headSize: 16,
      attentionLayers: 2,
      positionsMax: 48,
    })
    const graph = accepted(readGraph(made, 'none'))
    expect(graph.inputs).toEqual([
      'input_ids',
      'seqlens_k',
      'total_sequence_length',
      'rows',
      'past.0.key',
      'past.0.value',
      'past.1.key',
      'past.1.value',
    ])
    expect(graph.outputs).toEqual([
      'logits',
      'present.0.key',
      'present.0.value',
      'present.1.key',
      'present.1.value',
    ])
    const made2 = ['stream.0', 'stream.1', 'stream.2'].filter((name) => graph.producers.has(name))
    expect(made2.length).toBe(3)
    expect(graph.nodes.some(({ opType }) => opType === 'SkipSimplifiedLayerNormalization')).toBe(
      false,
    )
  })

  it('keeps what it called as we call something else, under another name', () => {
    const model = changed(({ node: nodes }) => ({
      node: nodes.map((one) => ({
        ...one,
        input: one.input.map((name) => (name === '/mask/last32' ? 'rows' : name)),
        output: one.output.map((name) => (name === '/mask/last32' ? 'rows' : name)),
      })),
    }))
    expect(refusal(model)).toBe('value')
  })

  it('is refused with what its form lacks', () => {
    const expected = (model: ModelProto) => refusal(model).replace(/^.*decoder with /, '')
    const input = { name: 'x', type: 'float32', dims: [1] } as const
    expect(refusal(changed((graph) => ({ input: [...graph.input, valueInfo(input)] })))).toBe(
      'MODELS_DECODER_UNSUPPORTED: expected a decoder with no inputs but tokens, mask, positions and caches',
    )
    const fewer = changed((graph) => ({ output: graph.output.slice(0, -1) }))
    expect(expected(fewer)).toBe('no outputs but logits and caches')
    const half = changed((graph) => ({
      input: graph.input.map((value) =>
        value.name === 'past_key_values.0.key'
          ? valueInfo({ name: value.name, type: 'float16', dims: ['b', 2, 'p', 16] })
          : value,
      ),
    }))
    expect(expected(half)).toBe('caches of float32')
    const open = changed((graph) => ({
      input: graph.input.map((value) =>
        value.name === 'past_key_values.0.key'
          ? valueInfo({ name: value.name, type: 'float32', dims: ['b', 'h', 'p', 'd'] })
          : value,
      ),
    }))
    expect(expected(open)).toBe('caches of a known number and size of heads')
    const other = changed((graph) => ({
      node: graph.node.map((one) =>
        one.opType === 'GroupQueryAttention' ? { ...one, opType: 'MultiHeadAttention' } : one,
      ),
    }))
    expect(expected(other)).toBe('tables of its positions')
    const apart = changed(
      (graph) => ({
        node: graph.node.map((one) =>
          one.opType === 'GroupQueryAttention' ? { ...one, opType: 'Attention' } : one,
        ),
      }),
      'apart',
    )
    expect(expected(apart)).toBe('GroupQueryAttention in each of its layers')
  })

  it('is refused when something but attention needs its mask', () => {
    const model = changed((graph) => ({
      node: graph.node.map((one) =>
        one.output[0] === 'logits' ? { ...one, output: ['logits.before'] } : one,
      ),
    }))
    const nodes = [
      ...(model.graph?.node ?? []),
      node('Cast', ['attention_mask'], ['mask.float'], { attributes: { to: 1 } }),
      node('ReduceMax', ['mask.float'], ['mask.most'], { attributes: { keepdims: 0 } }),
      node('Mul', ['logits.before', 'mask.most'], ['logits']),
    ]
    const graph = model.graph === undefined ? undefined : { ...model.graph, node: nodes }
    expect(refusal({ ...model, ...(graph && { graph }) })).toMatch('attention that needs no mask')
  })

  it('is none when its inputs are others', () => {
    expect(isExportedDecoder(changed((graph) => ({ input: graph.input.slice(0, 1) })))).toBe(false)
  })
})
