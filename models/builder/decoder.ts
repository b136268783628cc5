/**
 * Llama-style decoders of any size with seeded weights, for tests and benchmarks.
 *
 * The shape, cost and numerics are those of a real language model; what it says is noise.
 *
 * @module
 */

import { record, uint, word, type ShapeOf } from '../../core/cbor-shape.ts'
import { refuse } from '../refuse.ts'
import { TOKENS } from '../text/decoder-tensors.ts'
import {
  decoderProblem,
  slotName,
  writeDecoderGraph,
  type DecoderOutline,
  type DecoderParts,
  type DecoderShape,
  type Product,
  type Slot,
  type NormRole,
} from './decoder-graph.ts'
import { floatBytes, GraphWriter, type BuiltWeight } from './graph-writer.ts'
import { blockSpecs, writeBlockProduct } from './block-matrix.ts'
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
  /** See Past of the graph. */
  past: word('none', 'cache'),
  seed: uint(2 ** 32 - 1),
})

export type DecoderConfig = ShapeOf<typeof DECODER_CONFIG>

const EPSILON = 1e-5
/** Weights that share a scale. */
const BLOCK = 32

/** The graph of a decoder and its weights. Refuses sizes that do not fit together. */
export function writeDecoder(
  config: DecoderConfig,
  source: WeightSource,
): DecoderOutline<BuiltWeight> {
  const shape = { ...config, epsilon: EPSILON, interleaved: false }
  checkSizes(config, shape)
  return writeDecoderGraph(new GraphWriter(), shape, new SeededParts(config, source))
}

function checkSizes(config: DecoderConfig, shape: DecoderShape): void {
  const { hidden, heads, headSize, ffn, ropeTheta, quantisation } = config
  const problem = decoderProblem(shape)
  if (problem !== undefined) refuse('MODELS_BUILD_INVALID', problem)
  if (ropeTheta < 1) refuse('MODELS_BUILD_INVALID', 'expected a theta of at least 1')
  const widths = [hidden, ffn, heads * headSize]
  if (quantisation !== 'f32' && widths.some((width) => width % BLOCK !== 0)) {
    refuse('MODELS_BUILD_INVALID', `expected quantised widths in multiples of ${BLOCK}`)
  }
}

class SeededParts implements DecoderParts<BuiltWeight> {
  readonly #config: DecoderConfig
  readonly #source: WeightSource

  constructor(config: DecoderConfig, source: WeightSource) {
    this.#config = config
    this.#source = source
  }

  embed(writer: GraphWriter, to: string): void {
    const { hidden, vocabulary } = this.#config
    const name = 'embedding.weight'
    const table = writer.weight({
      name,
      type: 'float32',
      dims: [vocabulary, hidden],
      content: () => floatBytes(this.#draw(name, vocabulary * hidden, 1 / Math.sqrt(hidden))),
    })
    writer.node('Gather', [table, TOKENS], to)
  }

  rotary(kind: 'cos' | 'sin', name: string): BuiltWeight {
    const { positionsMax: positions, headSize, ropeTheta: theta } = this.#config
    const content = () => floatBytes(rotaryTables({ positions, headSize, theta })[kind])
    return { name, type: 'float32', dims: [positions, headSize / 2], content }
  }

  norm(_slot: Slot<NormRole>, name: string): BuiltWeight {
    const { hidden } = this.#config
    const content = () => floatBytes(new Float32Array(hidden).fill(1))
    return { name, type: 'float32', dims: [hidden], content }
  }

  integer(name: string, value: number): BuiltWeight {
    const content = () => new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)
    return { name, type: 'int64', dims: [1], content }
  }

  /** One matrix: the same numbers in every quantisation, before rounding. */
  multiply(writer: GraphWriter, product: Product): void {
    const { from, to, width, units } = product
    const { quantisation } = this.#config
    const weight = `${slotName(product)}.weight`
    // Row by row for each unit: the layout that blocks are cut from.
    const rows = () => this.#draw(weight, width * units, 1 / Math.sqrt(width))
    if (quantisation === 'f32') {
      const content = () => floatBytes(transposed(rows(), units, width))
      writer.weight({ name: weight, type: 'float32', dims: [width, units], content })
      writer.node('MatMul', [from, weight], to)
      return
    }
    const bits = quantisation === 'q4' ? 4 : 8
    const make = () => quantise(rows(), { rows: units, columns: width, bits, block: BLOCK })
    const sizes = { width, units, bits, block: BLOCK } as const
    const specs = blockSpecs(weight, sizes)
    writer.weight({ ...specs.packed, content: () => make().packed })
    writer.weight({ ...specs.scales, content: () => floatBytes(make().scales) })
    writeBlockProduct(writer, { from, to, weight }, sizes)
  }

  #draw(name: string, count: number, deviation: number): Float32Array {
    return seededWeights(this.#source, name, count, { mean: 0, deviation })
  }
}
