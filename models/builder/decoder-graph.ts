/**
 * The graph of a Llama-style decoder: what every such model has in common, wherever its weights come from.
 *
 * @module
 */

import type { TensorSpec } from '../../core/tensor.ts'
import {
  LAST_POSITIONS,
  localTensors,
  LOGITS,
  pastNames,
  presentNames,
  ROWS,
  streamName,
  TOKENS,
  TOTAL_LENGTH,
} from '../text/decoder-tensors.ts'
import type { TextOutline } from '../text/text-outline.ts'
import type { GraphWriter, Outline, WeightSpec } from './graph-writer.ts'

/** Sizes and habits of a decoder. */
export interface DecoderShape {
  readonly layers: number
  /** Width of the residual stream. */
  readonly hidden: number
  /** Query heads; a multiple of `kvHeads`. */
  readonly heads: number
  readonly kvHeads: number
  /** A multiple of 8. */
  readonly headSize: number
  /** Width of the feed-forward blocks. */
  readonly ffn: number
  readonly vocabulary: number
  /** Longest context, in tokens. */
  readonly positionsMax: number
  /** Added to the mean square of a norm before its root. */
  readonly epsilon: number
  /** True when rotary positions turn neighbouring columns, false when they turn column i with i + headSize / 2. */
  readonly interleaved: boolean
  readonly past: Past
}

/** `none`: one pass over the whole text, with logits for each token. `cache`: keys and values stay where a stage runs, and text is generated. */
export type Past = 'none' | 'cache'

/** The graph of a decoder; `text` says what it generates with, when it does. */
export interface DecoderOutline<Weight extends WeightSpec> extends Outline<Weight> {
  readonly text: TextOutline | undefined
}

/** The matrices of a decoder. */
export type MatrixRole = 'query' | 'key' | 'value' | 'mix' | 'gate' | 'up' | 'down' | 'logits'

/** The vectors that its norms multiply with. */
export type NormRole = 'attention.norm' | 'ffn.norm' | 'norm'

/** A place in a decoder that a weight fills: `layer` is missing for what stands behind all layers. */
export interface Slot<Role> {
  readonly role: Role
  readonly layer: number | undefined
}

/** A product with one of the matrices. */
export interface Product extends Slot<MatrixRole> {
  /** The tensor [batch, seq, width] that comes in, and the one [batch, seq, units] to make. */
  readonly from: string
  readonly to: string
  readonly width: number
  readonly units: number
}

/** The weights of a decoder, and the nodes that depend on their form. */
export interface DecoderParts<Weight extends WeightSpec> {
  /** Adds what makes `to` [batch, seq, hidden] out of `input_ids`. */
  embed(writer: GraphWriter<Weight>, to: string): void
  /** Adds what makes one product. */
  multiply(writer: GraphWriter<Weight>, product: Product): void
  /** A norm's vector, with this name. */
  norm(slot: Slot<NormRole>, name: string): Weight
  /** The table [positionsMax, headSize / 2] of cosines or sines, with this name. */
  rotary(kind: 'cos' | 'sin', name: string): Weight
  /** A vector of one int64. */
  integer(name: string, value: number): Weight
}

/** Heads' kernels turn vectors of eight floats at once. */
const HEAD_SIZE_UNIT = 8

/** What does not fit together in `shape`, or undefined. */
export function decoderProblem(shape: DecoderShape): string | undefined {
  const { layers, hidden, heads, kvHeads, headSize, ffn, vocabulary, positionsMax } = shape
  const sizes = [layers, hidden, heads, kvHeads, headSize, ffn, vocabulary, positionsMax]
  if (sizes.some((size) => size < 1)) return 'expected all sizes of a decoder to be at least 1'
  if (heads % kvHeads !== 0) return 'expected heads in groups of kv heads'
  if (headSize % HEAD_SIZE_UNIT === 0) return undefined
  return `expected a head size in multiples of ${HEAD_SIZE_UNIT}`
}

/** `input_ids` [batch, seq] → `logits` [batch, seq, vocabulary], or [batch, rows, vocabulary] with a cache. */
export function writeDecoderGraph<Weight extends WeightSpec>(
  writer: GraphWriter<Weight>,
  shape: DecoderShape,
  parts: DecoderParts<Weight>,
): DecoderOutline<Weight> {
  const decoder = new DecoderGraph(writer, shape, parts)
  let stream = decoder.begin()
  for (let layer = 0; layer < shape.layers; layer++) stream = decoder.layer(layer, stream)
  return decoder.finish(stream)
}

class DecoderGraph<Weight extends WeightSpec> {
  readonly #writer: GraphWriter<Weight>
  readonly #shape: DecoderShape
  readonly #parts: DecoderParts<Weight>
  constructor(writer: GraphWriter<Weight>, shape: DecoderShape, parts: DecoderParts<Weight>) {
    this.#writer = writer
    this.#shape = shape
    this.#parts = parts
  }

  /** The residual stream at its start. */
  begin(): string {
    const stream = streamName(0)
    this.#parts.embed(this.#writer, stream)
    for (const kind of ['cos', 'sin'] as const) {
      this.#writer.weight(this.#parts.rotary(kind, `rotary.${kind}`))
    }
    if (this.#shape.past === 'none') this.#lengths()
    return stream
  }

  /** Attention and feed-forward, each added to the stream. */
  layer(layer: number, stream: string): string {
    const { hidden, ffn, heads, kvHeads, headSize } = this.#shape
    const name = `layers.${layer}`
    const normal = this.#norm(stream, { role: 'attention.norm', layer })
    const [width, narrow] = [heads * headSize, kvHeads * headSize]
    const query = this.#linear('query', layer, { from: normal, width: hidden, units: width })
    const key = this.#linear('key', layer, { from: normal, width: hidden, units: narrow })
    const value = this.#linear('value', layer, { from: normal, width: hidden, units: narrow })
    const attended = this.#attention(layer, [query, key, value])
    const mixed = this.#linear('mix', layer, { from: attended, width, units: hidden })
    const middle = this.#writer.node('Add', [stream, mixed], `${name}.stream`)
    const again = this.#norm(middle, { role: 'ffn.norm', layer })
    const gate = this.#linear('gate', layer, { from: again, width: hidden, units: ffn })
    const up = this.#linear('up', layer, { from: again, width: hidden, units: ffn })
    const sigmoid = this.#writer.node('Sigmoid', [gate], `${name}.sigmoid`)
    const silu = this.#writer.node('Mul', [gate, sigmoid], `${name}.silu`)
    const gated = this.#writer.node('Mul', [silu, up], `${name}.gated`)
    const down = this.#linear('down', layer, { from: gated, width: ffn, units: hidden })
    return this.#writer.node('Add', [middle, down], streamName(layer + 1))
  }

  /** The head: every layer's stream ends here. With a cache, only the rows that are asked for go on. */
  finish(stream: string): DecoderOutline<Weight> {
    const { hidden, vocabulary, layers, positionsMax, kvHeads, headSize, past } = this.#shape
    const cached = past === 'cache'
    const along = { attributes: { axis: 1 } }
    const wanted = cached
      ? this.#writer.node('Gather', [stream, ROWS], 'stream.rows', along)
      : stream
    const from = this.#norm(wanted, { role: 'norm', layer: undefined })
    const product = { from, to: LOGITS, width: hidden, units: vocabulary }
    this.#parts.multiply(this.#writer, { role: 'logits', layer: undefined, ...product })
    const local = localTensors(layers, { kvHeads, headSize })
    const tokens = { name: TOKENS, type: 'int64', dims: ['batch', 'seq'] } as const
    const dims = ['batch', cached ? 'rows' : 'seq', vocabulary]
    const logits = { name: LOGITS, type: 'float32', dims } as const
    const inputs: readonly TensorSpec[] = cached ? [tokens, ...local.inputs] : [tokens]
    const outputs: readonly TensorSpec[] = cached ? [logits, ...local.outputs] : [logits]
    return {
      ...this.#writer.finish('decoder', inputs, outputs),
      text: cached
        ? { vocabulary, positionsMax, kvHeads, headSize, attentionLayers: layers }
        : undefined,
    }
  }

  /** Without a cache, the lengths that attention asks for follow from the input. */
  #lengths(): void {
    const integer = (name: string, value: number): string =>
      this.#writer.weight(this.#parts.integer(name, value))
    const shape = this.#writer.node('Shape', [TOKENS], 'ids.shape')
    const axis = (name: string, index: number): string =>
      this.#writer.node('Gather', [shape, integer(`${name}.axis`, index)], name)
    const batch = axis('ids.batch', 0)
    const length = axis('ids.length', 1)
    const before = this.#writer.node('Sub', [length, integer('one', 1)], 'ids.last')
    const toInt32 = { attributes: { to: 6 } }
    this.#writer.node('Cast', [length], TOTAL_LENGTH, toInt32)
    const last = this.#writer.node('Cast', [before], 'ids.last32', toInt32)
    this.#writer.node('Expand', [last, batch], LAST_POSITIONS)
  }

  #attention(index: number, [query, key, value]: readonly [string, string, string]): string {
    const { heads, kvHeads, headSize, past, interleaved } = this.#shape
    const name = `layers.${index}`
    const before = past === 'cache' ? pastNames(index) : { key: '', value: '' }
    const present = presentNames(index)
    const lengths = [LAST_POSITIONS, TOTAL_LENGTH]
    const rotary = ['rotary.cos', 'rotary.sin']
    const inputs = [query, key, value, before.key, before.value, ...lengths, ...rotary]
    const outputs = [`${name}.attended`, present.key, present.value]
    this.#writer.nodes('GroupQueryAttention', inputs, outputs, {
      domain: 'com.microsoft',
      attributes: {
        num_heads: heads,
        kv_num_heads: kvHeads,
        do_rotary: 1,
        rotary_interleaved: interleaved ? 1 : 0,
        scale: { float: 1 / Math.sqrt(headSize) },
      },
    })
    return `${name}.attended`
  }

  #norm(stream: string, slot: Slot<NormRole>): string {
    const name = slotName(slot)
    const weight = this.#writer.weight(this.#parts.norm(slot, `${name}.weight`))
    return this.#writer.node('SimplifiedLayerNormalization', [stream, weight], `${name}.out`, {
      attributes: { axis: -1, epsilon: { float: this.#shape.epsilon }, stash_type: 1 },
    })
  }

  #linear(
    role: MatrixRole,
    layer: number,
    sizes: Pick<Product, 'from' | 'width' | 'units'>,
  ): string {
    const to = `${slotName({ role, layer })}.out`
    this.#parts.multiply(this.#writer, { role, layer, to, ...sizes })
    return to
  }
}

/** What weights and tensors of a place are named after. */
export function slotName({ role, layer }: Slot<MatrixRole | NormRole>): string {
  return layer === undefined ? role : `layers.${layer}.${role}`
}
