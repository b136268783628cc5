/**
 * Llama-style decoders of any size with seeded weights, for tests and benchmarks.
 *
 * The shape, cost and numerics are those of a real language model; what it says is noise.
 *
 * @module
 */

import { record, uint, word, type ShapeOf } from '../../core/cbor-shape.ts'
import type { TensorSpec } from '../../core/tensor.ts'
import { refuse } from '../refuse.ts'
import { floatBytes, GraphWriter, type BuiltGraph } from './graph-writer.ts'
import { quantise } from './quantise.ts'
import { rotaryTables, seededWeights, transposed, type WeightSource } from './seeded-weights.ts'

const SIZE_MAX = 2 ** 20

export const DECODER_CONFIG = record({
  layers: uint(1_024),
  /** Width of the residual stream. */
  hidden: uint(SIZE_MAX),
  /** Query heads; a multiple of `kvHeads`. */
  heads: uint(1_024),
  kvHeads: uint(1_024),
  /** Even, and a multiple of 8. */
  headSize: uint(1_024),
  /** Width of the feed-forward blocks. */
  ffn: uint(SIZE_MAX),
  vocabulary: uint(SIZE_MAX),
  /** Longest context, in tokens. */
  positionsMax: uint(SIZE_MAX),
  ropeTheta: uint(2 ** 32),
  /** `q8` and `q4` need widths that are multiples of 32. */
  quantisation: word('f32', 'q8', 'q4'),
  /** `none`: one pass over the whole text. `cache`: keys and values go in and out. */
  past: word('none', 'cache'),
  seed: uint(2 ** 32 - 1),
})

export type DecoderConfig = ShapeOf<typeof DECODER_CONFIG>

const MICROSOFT = { domain: 'com.microsoft' }
const EPSILON = 1e-5
/** Weights that share a scale. */
const BLOCK = 32

/** `input_ids` [batch, seq] → `logits` [batch, seq, vocabulary]. Refuses sizes that do not fit together. */
export function writeDecoder(config: DecoderConfig, source: WeightSource): BuiltGraph {
  checkSizes(config)
  const decoder = new DecoderWriter(config, source)
  let stream = decoder.embed()
  for (let layer = 0; layer < config.layers; layer++) stream = decoder.layer(layer, stream)
  return decoder.finish(stream)
}

function checkSizes(config: DecoderConfig): void {
  const { layers, hidden, heads, kvHeads, headSize, ffn, vocabulary, positionsMax } = config
  const sizes = [layers, hidden, heads, kvHeads, headSize, ffn, vocabulary, positionsMax]
  if (sizes.some((size) => size < 1) || config.ropeTheta < 1) {
    refuse('MODELS_BUILD_INVALID', 'expected all sizes of a decoder to be at least 1')
  }
  if (heads % kvHeads !== 0) refuse('MODELS_BUILD_INVALID', 'expected heads in groups of kv heads')
  // The kernel turns vectors of eight floats at once.
  if (headSize % 8 !== 0) refuse('MODELS_BUILD_INVALID', 'expected a head size in multiples of 8')
  const widths = [hidden, ffn, heads * headSize]
  if (config.quantisation !== 'f32' && widths.some((width) => width % BLOCK !== 0)) {
    refuse('MODELS_BUILD_INVALID', `expected quantised widths in multiples of ${BLOCK}`)
  }
}

class DecoderWriter {
  readonly #config: DecoderConfig
  readonly #source: WeightSource
  readonly #writer = new GraphWriter()
  readonly #inputs: TensorSpec[] = [{ name: 'input_ids', type: 'int64', dims: ['batch', 'seq'] }]
  readonly #outputs: TensorSpec[]

  constructor(config: DecoderConfig, source: WeightSource) {
    this.#config = config
    this.#source = source
    const dims = ['batch', 'seq', config.vocabulary]
    this.#outputs = [{ name: 'logits', type: 'float32', dims }]
  }

  /** The residual stream at its start. */
  embed(): string {
    const { hidden, vocabulary, headSize, positionsMax, ropeTheta, past } = this.#config
    const table = this.#floats('embedding.weight', [vocabulary, hidden], 1 / Math.sqrt(hidden))
    const rotary = () => rotaryTables(positionsMax, headSize, ropeTheta)
    const dims = [positionsMax, headSize / 2]
    for (const name of ['cos', 'sin'] as const) {
      const content = () => floatBytes(rotary()[name])
      this.#writer.weight({ name: `rotary.${name}`, type: 'float32', dims, content })
    }
    if (past === 'none') this.#lengths()
    else {
      this.#inputs.push(
        { name: 'seqlens_k', type: 'int32', dims: ['batch'] },
        { name: 'total_sequence_length', type: 'int32', dims: [1] },
      )
    }
    return this.#writer.node('Gather', [table, 'input_ids'], 'stream.0')
  }

  /** Attention and feed-forward, each added to the stream. */
  layer(index: number, stream: string): string {
    const { hidden, ffn, heads, kvHeads, headSize } = this.#config
    const name = `layers.${index}`
    const normal = this.#norm(stream, `${name}.attention.norm`)
    const width = heads * headSize
    const query = this.#linear(normal, `${name}.query`, hidden, width)
    const key = this.#linear(normal, `${name}.key`, hidden, kvHeads * headSize)
    const value = this.#linear(normal, `${name}.value`, hidden, kvHeads * headSize)
    const attended = this.#attention(index, [query, key, value])
    const mixed = this.#linear(attended, `${name}.mix`, width, hidden)
    const middle = this.#writer.node('Add', [stream, mixed], `${name}.stream`)
    const again = this.#norm(middle, `${name}.ffn.norm`)
    const gate = this.#linear(again, `${name}.gate`, hidden, ffn)
    const up = this.#linear(again, `${name}.up`, hidden, ffn)
    const sigmoid = this.#writer.node('Sigmoid', [gate], `${name}.sigmoid`)
    const silu = this.#writer.node('Mul', [gate, sigmoid], `${name}.silu`)
    const gated = this.#writer.node('Mul', [silu, up], `${name}.gated`)
    const down = this.#linear(gated, `${name}.down`, ffn, hidden)
    return this.#writer.node('Add', [middle, down], `stream.${index + 1}`)
  }

  /** The head: every layer's stream ends here. */
  finish(stream: string): BuiltGraph {
    const { hidden, vocabulary } = this.#config
    this.#linear(this.#norm(stream, 'norm'), 'logits', hidden, vocabulary)
    return this.#writer.finish('decoder', this.#inputs, this.#outputs)
  }

  /** Without a cache, the lengths that attention asks for follow from the input. */
  #lengths(): void {
    const int64 = (name: string, value: number): string =>
      this.#writer.weight({
        name,
        type: 'int64',
        dims: [1],
        content: () => new Uint8Array(BigInt64Array.of(BigInt(value)).buffer),
      })
    const shape = this.#writer.node('Shape', ['input_ids'], 'ids.shape')
    const axis = (name: string, index: number): string =>
      this.#writer.node('Gather', [shape, int64(`${name}.axis`, index)], name)
    const batch = axis('ids.batch', 0)
    const length = axis('ids.length', 1)
    const before = this.#writer.node('Sub', [length, int64('one', 1)], 'ids.last')
    const toInt32 = { attributes: { to: 6 } }
    this.#writer.node('Cast', [length], 'total_sequence_length', toInt32)
    const last = this.#writer.node('Cast', [before], 'ids.last32', toInt32)
    this.#writer.node('Expand', [last, batch], 'seqlens_k')
  }

  #attention(index: number, [query, key, value]: readonly [string, string, string]): string {
    const { heads, kvHeads, headSize, past } = this.#config
    const name = `layers.${index}`
    const cached = past === 'cache'
    const before = cached ? [`past.${index}.key`, `past.${index}.value`] : ['', '']
    const present = [`present.${index}.key`, `present.${index}.value`]
    const type = 'float32'
    if (cached) {
      const spec = (tensor: string, dim: string): TensorSpec => ({
        name: tensor,
        type,
        dims: ['batch', kvHeads, dim, headSize],
      })
      this.#inputs.push(...before.map((tensor) => spec(tensor, 'past')))
      this.#outputs.push(...present.map((tensor) => spec(tensor, 'present')))
    }
    const lengths = ['seqlens_k', 'total_sequence_length']
    const inputs = [query, key, value, ...before, ...lengths, 'rotary.cos', 'rotary.sin']
    this.#writer.nodes('GroupQueryAttention', inputs, [`${name}.attended`, ...present], {
      ...MICROSOFT,
      attributes: {
        num_heads: heads,
        kv_num_heads: kvHeads,
        do_rotary: 1,
        rotary_interleaved: 0,
        scale: { float: 1 / Math.sqrt(headSize) },
      },
    })
    return `${name}.attended`
  }

  #norm(stream: string, name: string): string {
    const { hidden } = this.#config
    const ones = () => floatBytes(new Float32Array(hidden).fill(1))
    const weight = `${name}.weight`
    this.#writer.weight({ name: weight, type: 'float32', dims: [hidden], content: ones })
    return this.#writer.node('SimplifiedLayerNormalization', [stream, weight], `${name}.out`, {
      attributes: { axis: -1, epsilon: { float: EPSILON }, stash_type: 1 },
    })
  }

  /** One matrix: the same numbers in every quantisation, before rounding. */
  #linear(from: string, name: string, width: number, units: number): string {
    const output = name === 'logits' ? name : `${name}.out`
    const { quantisation } = this.#config
    const weight = `${name}.weight`
    // Row by row for each unit: the layout that blocks are cut from.
    const rows = () => this.#draw(weight, width * units, 1 / Math.sqrt(width))
    if (quantisation === 'f32') {
      const content = () => floatBytes(transposed(rows(), units, width))
      this.#writer.weight({ name: weight, type: 'float32', dims: [width, units], content })
      return this.#writer.node('MatMul', [from, weight], output)
    }
    const bits = quantisation === 'q4' ? 4 : 8
    const make = () => quantise(rows(), { rows: units, columns: width, bits, block: BLOCK })
    const blocks = width / BLOCK
    this.#writer.weight({
      name: `${weight}.packed`,
      type: 'uint8',
      dims: [units, blocks, (BLOCK * bits) / 8],
      content: () => make().packed,
    })
    this.#writer.weight({
      name: `${weight}.scales`,
      type: 'float32',
      dims: [units * blocks],
      content: () => floatBytes(make().scales),
    })
    // Level 4 computes in int8, the only fast way on processors.
    const attributes = { K: width, N: units, bits, block_size: BLOCK, accuracy_level: 4 }
    const inputs = [from, `${weight}.packed`, `${weight}.scales`]
    return this.#writer.node('MatMulNBits', inputs, output, { ...MICROSOFT, attributes })
  }

  #floats(name: string, dims: readonly number[], deviation: number): string {
    const count = dims.reduce((product, size) => product * size, 1)
    const content = () => floatBytes(this.#draw(name, count, deviation))
    return this.#writer.weight({ name, type: 'float32', dims, content })
  }

  #draw(name: string, count: number, deviation: number): Float32Array {
    return seededWeights(this.#source, name, count, { mean: 0, deviation })
  }
}
