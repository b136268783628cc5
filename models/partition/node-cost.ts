/**
 * What one run of a node costs, from the sizes of its tensors.
 *
 * Convolutions are bound by computing, the decoding of one token by reading weights;
 * both are counted, and the solver takes whichever is slower on a given device.
 *
 * @module
 */

import { attributeOf, type Graph } from '../graph/graph.ts'
import { tensorShape } from '../graph/tensor-content.ts'
import { asTensorType, elementBytes, type ElementType } from '../onnx/element-type.ts'
import type { NodeProto } from '../onnx/proto.ts'

/** A tensor's type and size in a run with sample inputs. */
export interface Measured {
  readonly type: ElementType
  readonly dims: readonly number[]
}

/** Type and size of any tensor of a graph, where known. */
export type Sizes = (name: string) => Measured | undefined

export interface NodeCost {
  readonly flops: number
  /** Bytes of weights that one run reads. */
  readonly readBytes: number
}

/** Sizes of weights from the file, and of all else from a measurement. */
export function sizesOf(graph: Graph, measured: ReadonlyMap<string, Measured>): Sizes {
  return (name) => {
    const tensor = graph.initializers.get(name)
    return tensor === undefined ? measured.get(name) : tensorShape(tensor)
  }
}

/** Bytes of a tensor, 0 where its size is not known. */
export function bytesOf(sizes: Sizes, name: string): number {
  const size = sizes(name)
  return size === undefined ? 0 : elementBytes(size.type, count(size.dims))
}

/** True when a tensor may cross a cut: its type and size are known and of those that peers exchange. */
export function mayCross(sizes: Sizes, name: string): boolean {
  return asTensorType(sizes(name)?.type) !== undefined
}

/** Operators that look up rows of a table and do not read it through: tokens of an embedding, positions that turn. */
const LOOK_UPS = /^(?:Gather|GroupQueryAttention$|RotaryEmbedding$)/

/** The cost of the node with this index. Unknown sizes count as nothing. */
export function nodeCost(graph: Graph, index: number, sizes: Sizes): NodeCost {
  const node = graph.nodes[index]
  if (node === undefined) return { flops: 0, readBytes: 0 }
  const names = graph.needs[index] ?? []
  const weightBytes = names
    .filter((name) => graph.weights.has(name))
    .reduce((sum, name) => sum + bytesOf(sizes, name), 0)
  const madeBytes = node.output.reduce((sum, name) => sum + bytesOf(sizes, name), 0)
  const looksUp = LOOK_UPS.test(node.opType ?? '')
  return {
    flops: flops(node, sizes),
    readBytes: looksUp ? Math.min(weightBytes, madeBytes) : weightBytes,
  }
}

/** A node, and the sizes of what it takes and makes: empty where unknown. */
interface Sized {
  readonly node: NodeProto
  readonly inputs: readonly (readonly number[])[]
  readonly outputs: readonly (readonly number[])[]
}

/** Floating-point operations; one for each element of what it takes or makes where no rule is known. */
function flops(node: NodeProto, sizes: Sizes): number {
  const dims = (name: string) => sizes(name)?.dims ?? UNKNOWN
  const sized = { node, inputs: node.input.map(dims), outputs: node.output.map(dims) }
  return (RULES.get(node.opType ?? '') ?? elementwise)(sized)
}

const UNKNOWN: readonly number[] = [0]

type Rule = (sized: Sized) => number

const elementwise: Rule = ({ inputs, outputs }) =>
  Math.max(...[...inputs, ...outputs].map(count), 0)

/** Each element made is a sum over one filter: its channels and window. */
const convolution =
  (filter: number): Rule =>
  ({ inputs, outputs }) =>
    2 * count(at(outputs, 0)) * count(at(inputs, filter).slice(1))

const matrixProduct: Rule = ({ inputs, outputs }) =>
  2 * count(at(outputs, 0)) * (at(inputs, 0).at(-1) ?? 1)

/** Scores and their weighted sum: each query row meets each key row, once for each of the two. */
const attention: Rule = ({ inputs, outputs }) => {
  const present = at(outputs, 1)
  const keys = present === UNKNOWN ? at(inputs, 1) : present
  const rows = keys.length === 4 ? keys[2] : keys[1]
  return 4 * count(at(inputs, 0)) * (rows ?? at(inputs, 0)[1] ?? 1)
}

/** Every weight takes part once for each row of the sequence and the batch. */
const recurrent: Rule = ({ inputs }) =>
  2 * count(at(inputs, 0).slice(0, 2)) * (count(at(inputs, 1)) + count(at(inputs, 2)))

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Conv', convolution(1)],
  ['ConvInteger', convolution(1)],
  ['FusedConv', convolution(1)],
  ['QLinearConv', convolution(3)],
  ['ConvTranspose', ({ inputs }) => 2 * count(at(inputs, 0)) * count(at(inputs, 1).slice(1))],
  ['MatMul', matrixProduct],
  ['MatMulInteger', matrixProduct],
  ['QLinearMatMul', matrixProduct],
  ['FusedMatMul', matrixProduct],
  ['Gemm', ({ node, inputs, outputs }) => 2 * count(at(outputs, 0)) * innerSize(node, inputs)],
  ['MatMulNBits', ({ node, outputs }) => 2 * count(at(outputs, 0)) * integer(node, 'K')],
  ['GroupQueryAttention', attention],
  ['MultiHeadAttention', attention],
  ['Attention', attention],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['RNN', recurrent],
])

function innerSize(node: NodeProto, inputs: Sized['inputs']): number {
  return at(inputs, 0)[integer(node, 'transA') === 0 ? 1 : 0] ?? 1
}

function integer(node: NodeProto, name: string): number {
  return Number(attributeOf(node, name)?.i ?? 0)
}

function at(sizes: Sized['inputs'], index: number): readonly number[] {
  return sizes[index] ?? UNKNOWN
}

function count(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1)
}
