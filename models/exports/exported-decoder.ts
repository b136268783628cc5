/**
 * Decoders that others exported to ONNX with their caches as inputs, made into decoders of our own form.
 *
 * Accepted are those whose attention is onnxruntime's GroupQueryAttention, as its generator and
 * Transformers.js export them: it writes keys and values in place, and needs no mask. What such files
 * compute of masks and positions follows here from the length of the text, stage by stage.
 *
 * @module
 */

import type { TensorSpec } from '../../core/tensor.ts'
import type { Result } from '../errors.ts'
import { declaredSpec, readGraph, type Graph } from '../graph/graph.ts'
import { depthFirstOrder, fileOrder } from '../graph/order.ts'
import { arranged } from '../graph/prune.ts'
import { valueInfo } from '../onnx/author.ts'
import type { ModelProto } from '../onnx/proto.ts'
import { attempt, refuse } from '../refuse.ts'
import { localNames, localTensors, LOGITS, streamName, TOKENS } from '../text/decoder-tensors.ts'
import type { TextOutline } from '../text/text-outline.ts'
import { attentionNodes, positionsIn } from './exported-attention.ts'
import { renamed } from './rename.ts'
import { streamNames } from './stream-search.ts'
import { withLocalPositions } from './local-positions.ts'
import { unfused } from './unfused.ts'
import { unsupported } from './unsupported.ts'
import { withWantedRows } from './wanted-rows.ts'

export interface ExportedDecoder {
  readonly model: ModelProto
  readonly text: TextOutline
}

const KEY = /^past_key_values\.\d+\.key$/

/** Inputs of exports beside tokens and caches: what they say follows from the length of the text. */
const MASKS: ReadonlySet<string> = new Set(['attention_mask', 'position_ids'])

/** True when a model takes the caches that exporters name so. */
export function isExportedDecoder({ graph }: ModelProto): boolean {
  return graph?.input.some(({ name = '' }) => KEY.test(name)) ?? false
}

/**
 * The decoder that `model` is.
 *
 * @returns MODELS_DECODER_UNSUPPORTED when its attention, inputs or types are others.
 */
export function exportedDecoder(model: ModelProto): Result<ExportedDecoder> {
  return attempt(() => {
    const text = outlineOf(accept(readGraph(model, 'none')))
    const { inputs, outputs } = localTensors(text.attentionLayers, text)
    const given = accept(readGraph(withoutOurNames(model, inputs), 'none'))
    const nodes = withWantedRows(
      given,
      withLocalPositions(unfused(attentionNodes(given, text.attentionLayers))),
    )
    const tokens: TensorSpec = { name: TOKENS, type: 'int64', dims: ['batch', 'seq'] }
    const dims = ['batch', 'rows', text.vocabulary]
    const logits: TensorSpec = { name: LOGITS, type: 'float32', dims }
    const masks = given.proto.input.filter(({ name = '' }) => MASKS.has(name))
    const whole = withGraph(given.model, {
      node: nodes,
      input: [...[tokens, ...inputs].map(valueInfo), ...masks],
      output: [logits, ...outputs].map(valueInfo),
      valueInfo: [],
    })
    const pruned = withoutMasks(accept(readGraph(whole, 'none')))
    const streams = streamNames(pruned, localNames({ inputs, outputs }), text)
    return { model: renamed(pruned.model, streams), text }
  })
}

function accept<T>(result: Result<T>): T {
  return result.type === 'value' ? result.value : refuse(result.code, result.reason)
}

/** What an exporter called as we call something else gets another name. */
function withoutOurNames(model: ModelProto, inputs: readonly TensorSpec[]): ModelProto {
  const streams = inputs.map((_, layer) => streamName(layer))
  const ours = [...inputs.map(({ name }) => name), ...streams, 'stream.rows']
  return renamed(model, new Map(ours.map((name) => [name, `given.${name}`])))
}

/** The graph without what computes masks: nothing needs that any more, or the decoder is another. */
function withoutMasks(graph: Graph): Graph {
  const needed = new Set(depthFirstOrder(graph))
  const order = fileOrder(graph).filter((index) => needed.has(index))
  const pruned = accept(readGraph(arranged(graph, order), 'none'))
  if (!pruned.inputs.some((name) => MASKS.has(name))) return pruned
  return unsupported('attention that needs no mask and no positions but those of the text')
}

function withGraph(
  model: ModelProto,
  change: Partial<NonNullable<ModelProto['graph']>>,
): ModelProto {
  return model.graph === undefined ? model : { ...model, graph: { ...model.graph, ...change } }
}

function outlineOf(graph: Graph): TextOutline {
  const attentionLayers = graph.inputs.filter((name) => KEY.test(name)).length
  const caches = Array.from({ length: attentionLayers }, (_, layer) => layer)
  const expected = caches.flatMap((layer) => ['key', 'value'].map((part) => `${layer}.${part}`))
  const inputs = [TOKENS, ...expected.map((name) => `past_key_values.${name}`)]
  const outputs = [LOGITS, ...expected.map((name) => `present.${name}`)]
  const others = graph.inputs.filter((name) => !MASKS.has(name))
  if (!sameNames(others, inputs)) unsupported('no inputs but tokens, mask, positions and caches')
  if (!sameNames(graph.outputs, outputs)) unsupported('no outputs but logits and caches')
  const past = declaredSpec(graph, 'past_key_values.0.key')
  const [, kvHeads, , headSize] = past?.dims ?? []
  const vocabulary = declaredSpec(graph, LOGITS)?.dims.at(-1)
  if (past?.type !== 'float32') unsupported('caches of float32')
  if (typeof kvHeads !== 'number' || typeof headSize !== 'number') {
    return unsupported('caches of a known number and size of heads')
  }
  if (typeof vocabulary !== 'number') return unsupported('logits of a known number of tokens')
  return { vocabulary, kvHeads, headSize, attentionLayers, positionsMax: positionsIn(graph) }
}

function sameNames(names: readonly string[], others: readonly string[]): boolean {
  return names.length === others.length && others.every((name) => names.includes(name))
}
