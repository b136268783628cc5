import { describe, expect, it } from 'vitest'
import { smallModel, smallSizes } from '../../test/fixtures/layered-model.ts'
import { accepted } from '../errors.ts'
import { LAYERS_MAX } from '../limits.ts'
import { model, node, tensorProto, valueInfo } from '../onnx/author.ts'
import { layerModel } from './layers.ts'
import type { Measured } from './node-cost.ts'

/** `x` through `count` matrix products, the weights of each of its own width. */
function chain(count: number) {
  const inner = Array.from({ length: count }, (_, index) => index)
  const port = (name: string) => valueInfo({ name, type: 'float32', dims: [1, 16] })
  const graph = model({
    name: 'chain',
    node: inner.map((index) => node('MatMul', [`t${index}`, `w${index}`], [`t${index + 1}`])),
    initializer: inner.map((index) => tensorProto(`w${index}`, 1, [16, 16])),
    input: [port('t0')],
    output: [port(`t${count}`)],
  })
  const size: Measured = { type: 'float32', dims: [1, 16] }
  const sizes = new Map([...inner, count].map((index) => [`t${index}`, size]))
  return accepted(layerModel(graph, sizes))
}

describe('layers', () => {
  it('cover all nodes and weights, each once', () => {
    const { layers, cuts, tensors } = chain(10)
    expect(cuts.map(({ position }) => position)).toEqual(Array.from({ length: 11 }, (_, at) => at))
    expect(layers.flatMap((layer) => layer.tensors)).toEqual(tensors.map((_, index) => index))
    expect(layers[3]).toEqual({
      flops: 512,
      readBytes: 1_024,
      weightBytes: 1_024,
      activationBytes: 128,
      tensors: [3],
    })
  })

  it('are never more than every peer accepts', () => {
    const { layers } = chain(1_000)
    expect(layers.length).toBeLessThanOrEqual(LAYERS_MAX)
    expect(layers.length).toBeGreaterThan(30)
    expect(layers.flatMap((layer) => layer.tensors).length).toBe(1_000)
  })

  it('are of one node when a model has only one', () => {
    expect(chain(1).layers.length).toBe(1)
  })

  it('share weights that more than one of them needs', () => {
    const { layers, tensors } = accepted(layerModel(smallModel(), smallSizes()))
    expect(tensors).toEqual(['w0', 'w1', 'w2', 'w3'])
    expect(new Set(layers.flatMap((layer) => layer.tensors))).toEqual(new Set([0, 1, 2, 3]))
  })

  it('read of a table of positions only the rows that a run needs', () => {
    const names = ['q', 'k', 'v']
    const inputs = [...names, '', '', 'last', 'length', 'cos', 'sin']
    const attention = node('GroupQueryAttention', inputs, ['y'], { domain: 'com.microsoft' })
    const port = (name: string) => valueInfo({ name, type: 'float32', dims: [1, 2, 16] })
    const graph = model({
      name: 'attention',
      node: [attention],
      initializer: ['cos', 'sin'].map((name) => tensorProto(name, 1, [4_096, 8])),
      input: [...names, 'last', 'length'].map(port),
      output: [port('y')],
    })
    const size: Measured = { type: 'float32', dims: [1, 2, 16] }
    const sizes = new Map([...names, 'last', 'length', 'y'].map((name) => [name, size]))
    expect(accepted(layerModel(graph, sizes)).layers).toMatchObject([
      { readBytes: 128, weightBytes: 262_144 },
    ])
  })

  it('are refused when the type of an input is not known', () => {
    expect(layerModel(smallModel(), new Map())).toMatchObject({ code: 'ONNX_UNSUPPORTED' })
  })

  it('are refused when every node needs a weight through a thousand others', () => {
    const count = 1_100
    const each = Array.from({ length: count }, (_, index) => index)
    const port = (name: string) => valueInfo({ name, type: 'float32', dims: [16, 16] })
    const graph = model({
      name: 'hostile',
      node: [
        ...each.map((index) => node('Identity', [`w${index}`], [`w${index + 1}`])),
        ...each.map((index) => node('Add', [`t${index}`, `w${count}`], [`t${index + 1}`])),
      ],
      initializer: [tensorProto('w0', 1, [16, 16])],
      input: [port('t0')],
      output: [port(`t${count}`)],
    })
    const size: Measured = { type: 'float32', dims: [16, 16] }
    const sizes = new Map([...each, count].map((index) => [`t${index}`, size]))
    expect(layerModel(graph, sizes)).toMatchObject({ type: 'refused', code: 'ONNX_LIMIT' })
  }, 30_000)
})
