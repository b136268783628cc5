/**
 * Which ONNX models are let near an executor at all.
 *
 * onnxruntime checks types and attributes itself; this is about what its own checks
 * leave open: operators that reach outside the model, files, names without bounds.
 *
 * @module
 */

import { GRAPH_NODES_MAX, NAME_CHARACTERS_MAX } from '../limits.ts'
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
} from '../onnx/proto.ts'
import { refuse } from '../refuse.ts'
import { subgraphs } from './captured-names.ts'
import { isExternal } from './tensor-content.ts'

/** `none`: a file as it was imported. `blobs`: a skeleton, whose external data is checked against its manifest. */
export type ExternalData = 'none' | 'blobs'

/** Domains whose operators onnxruntime itself brings: all else would need code that is not here. */
const DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'])

/** Operators that load files, call other runtimes, or hold compiled code. */
const OPERATORS_REFUSED: ReadonlySet<string> = new Set([
  'EPContext',
  'PythonOp',
  'PythonOpGrad',
  'TritonOp',
  'ATen',
])

/** The graph of a model that may be used. Refuses all others. */
export function checkModel(model: ModelProto, external: ExternalData): GraphProto {
  const { graph } = model
  if (graph === undefined) return refuse('ONNX_MALFORMED', 'expected a graph')
  if (model.opsetImport.length === 0) refuse('ONNX_MALFORMED', 'expected an operator set')
  const domains = new Set(DOMAINS)
  for (const { domain = '' } of model.functions) domains.add(domain)
  const rules: Rules = { external, domains, nodes: GRAPH_NODES_MAX }
  for (const body of model.functions) for (const node of body.node) checkNode(node, rules)
  checkGraph(graph, rules)
  return graph
}

interface Rules {
  /** Applies to the outer graph's initializers; everything else holds its data itself. */
  readonly external: ExternalData
  readonly domains: ReadonlySet<string>
  /** Nodes that may still come. */
  nodes: number
}

function checkGraph(graph: GraphProto, rules: Rules): void {
  for (const tensor of graph.initializer) {
    checkName(tensor.name ?? '')
    if (rules.external === 'none') checkInline(tensor)
  }
  if (graph.sparseInitializer.length > 0) {
    refuse('ONNX_UNSUPPORTED', 'expected dense initializers, got a sparse one')
  }
  for (const { name = '' } of [...graph.input, ...graph.output]) checkName(name)
  for (const node of graph.node) checkNode(node, rules)
}

function checkNode(node: NodeProto, rules: Rules): void {
  if (rules.nodes-- === 0) refuse('ONNX_LIMIT', `expected at most ${GRAPH_NODES_MAX} nodes`)
  if (!rules.domains.has(node.domain ?? '')) {
    refuse('ONNX_UNSUPPORTED', 'expected operators of ONNX or com.microsoft, got another domain')
  }
  if (OPERATORS_REFUSED.has(node.opType ?? '')) {
    refuse('ONNX_UNSUPPORTED', 'expected operators that stay inside the model')
  }
  for (const name of [node.opType ?? '', ...node.input, ...node.output]) checkName(name)
  for (const attribute of node.attribute) checkAttribute(attribute)
  for (const graph of subgraphs(node)) checkGraph(graph, { ...rules, external: 'none' })
}

function checkAttribute({ t, tensors, sparseTensor, sparseTensors }: AttributeProto): void {
  if (t !== undefined) checkInline(t)
  for (const tensor of tensors) checkInline(tensor)
  if (sparseTensor !== undefined || sparseTensors.length > 0) {
    refuse('ONNX_UNSUPPORTED', 'expected dense tensors, got a sparse one')
  }
}

function checkInline(tensor: TensorProto): void {
  if (isExternal(tensor)) refuse('ONNX_UNSUPPORTED', 'expected weights inside the file')
}

function checkName(name: string): void {
  if (name.length > NAME_CHARACTERS_MAX) {
    refuse('ONNX_LIMIT', `expected names of at most ${NAME_CHARACTERS_MAX} characters`)
  }
}
