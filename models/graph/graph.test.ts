import { describe, expect, it } from 'vitest'
import { accepted } from '../errors.ts'
import { entry, model, node, tensorProto, untypedValue, valueInfo } from '../onnx/author.ts'
import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../onnx/proto.ts'
import { readGraph } from './graph.ts'
import { liveTensors, namesAt } from './liveness.ts'
import { depthFirstOrder, fileOrder } from './order.ts'
import { arranged } from './prune.ts'

const port = (name: string) => valueInfo({ name, type: 'float32', dims: [4] })

const weight = (name: string): TensorProto => ({
  ...tensorProto(name, 1, [4]),
  rawData: new Uint8Array(16),
})

interface GraphParts {
  readonly nodes: readonly NodeProto[]
  readonly inputs?: readonly string[]
  readonly outputs?: readonly string[]
  readonly weights?: readonly TensorProto[]
}

function graphModel({ nodes, inputs = ['x'], outputs = ['y'], weights = [] }: GraphParts) {
  return model({
    name: 'g',
    node: nodes,
    initializer: weights,
    input: inputs.map(port),
    output: outputs.map(port),
  })
}

const code = (given: ModelProto): string => {
  const result = readGraph(given, 'none')
  return result.type === 'refused' ? result.code : 'accepted'
}

const relu = (from: string, to: string): NodeProto => node('Relu', [from], [to])

/** An If whose branch uses `captured` from outside itself. */
function branching(captured: string, to: string): NodeProto {
  const branch: GraphProto = {
    node: [relu(captured, 'inside')],
    name: 'branch',
    initializer: [],
    input: [],
    output: [untypedValue('inside')],
    valueInfo: [],
    quantizationAnnotation: [],
    sparseInitializer: [],
    metadataProps: [],
  }
  const base = node('If', ['x'], [to], { attributes: { unused: 0 } })
  return { ...base, attribute: base.attribute.map((attribute) => ({ ...attribute, g: branch })) }
}

describe('a graph', () => {
  it('takes what is computed from weights alone for a weight', () => {
    const graph = accepted(
      readGraph(
        graphModel({
          nodes: [relu('w', 'w2'), node('Add', ['x', 'w2'], ['y'])],
          weights: [weight('w')],
        }),
        'none',
      ),
    )
    expect([...graph.fixed]).toEqual([0])
    expect([...graph.weights]).toEqual(['w', 'w2'])
    expect(fileOrder(graph)).toEqual([1])
  })

  it('draws random numbers anew in each run', () => {
    const noise = node('RandomNormal', [], ['n'])
    const graph = readGraph(graphModel({ nodes: [noise, node('Add', ['x', 'n'], ['y'])] }), 'none')
    expect([...accepted(graph).fixed]).toEqual([])
  })

  it('counts what a subgraph uses from outside as needed', () => {
    const nodes = [relu('x', 'a'), relu('x', 'b'), branching('a', 'c')]
    const graph = accepted(
      readGraph(graphModel({ nodes: [...nodes, node('Add', ['b', 'c'], ['y'])] }), 'none'),
    )
    expect(graph.needs[2]).toEqual(['x', 'a'])
    expect(namesAt(graph, liveTensors(graph, fileOrder(graph)), 2)).toEqual(['x', 'a', 'b'])
  })

  it('refuses what ONNX forbids', () => {
    const ring = [relu('b', 'a'), relu('a', 'b'), relu('b', 'y')]
    expect(code(graphModel({ nodes: ring }))).toBe('ONNX_GRAPH_INVALID')
    const twice = [relu('x', 'y'), relu('x', 'y')]
    expect(code(graphModel({ nodes: twice }))).toBe('ONNX_GRAPH_INVALID')
    expect(code(graphModel({ nodes: [relu('nothing', 'y')] }))).toBe('ONNX_GRAPH_INVALID')
    expect(code(graphModel({ nodes: [relu('x', 'z')] }))).toBe('ONNX_GRAPH_INVALID')
    const again = { nodes: [relu('x', 'y')], weights: [weight('w'), weight('w')] }
    expect(code(graphModel(again))).toBe('ONNX_GRAPH_INVALID')
  })

  it('refuses what reaches outside the model', () => {
    const outside = {
      ...tensorProto('w', 1, [4]),
      externalData: [entry('location', '../../etc/passwd')],
    }
    const reads = { nodes: [node('Add', ['x', 'w'], ['y'])], weights: [outside] }
    expect(code(graphModel(reads))).toBe('ONNX_UNSUPPORTED')
    const foreign = node('Run', ['x'], ['y'], { domain: 'evil' })
    expect(code(graphModel({ nodes: [foreign] }))).toBe('ONNX_UNSUPPORTED')
    const loads = node('EPContext', ['x'], ['y'], { domain: 'com.microsoft' })
    expect(code(graphModel({ nodes: [loads] }))).toBe('ONNX_UNSUPPORTED')
  })

  it('keeps inputs alive while they are needed, and outputs once they are made', () => {
    const nodes = [relu('x', 'y'), relu('x', 'a'), node('Add', ['a', 'late'], ['z'])]
    const graph = accepted(
      readGraph(graphModel({ nodes, inputs: ['x', 'late'], outputs: ['z', 'y'] }), 'none'),
    )
    const live = liveTensors(graph, fileOrder(graph))
    expect([0, 1, 2, 3].map((position) => namesAt(graph, live, position))).toEqual([
      ['x', 'late'],
      ['x', 'late', 'y'],
      ['late', 'y', 'a'],
      ['z', 'y'],
    ])
  })

  it('loses what its outputs do not need', () => {
    const nodes = [relu('x', 'dead'), relu('w', 'w2'), relu('x', 'y')]
    const given = graphModel({ nodes, inputs: ['x', 'spare'], weights: [weight('w')] })
    const graph = accepted(readGraph(given, 'none'))
    const kept = arranged(graph, depthFirstOrder(graph)).graph
    expect(kept?.node.map(({ output }) => output)).toEqual([['y']])
    expect(kept?.input.map(({ name }) => name)).toEqual(['x'])
    expect(kept?.initializer).toEqual([])
  })

  it('puts a side branch right before what needs it', () => {
    const nodes = [
      relu('x', 'side'),
      relu('x', 'a'),
      relu('a', 'b'),
      node('Add', ['b', 'side'], ['y']),
    ]
    const graph = accepted(readGraph(graphModel({ nodes }), 'none'))
    expect(depthFirstOrder(graph)).toEqual([1, 2, 0, 3])
  })
})
