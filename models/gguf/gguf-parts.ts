/**
 * The weights of a decoder out of a GGUF file, in the form that the file gives them.
 *
 * @module
 */

import { writeBlockProduct } from '../builder/block-matrix.ts'
import {
  slotName,
  type DecoderParts,
  type MatrixRole,
  type NormRole,
  type Product,
  type Slot,
} from '../builder/decoder-graph.ts'
import type { GraphWriter } from '../builder/graph-writer.ts'
import { refuse } from '../refuse.ts'
import { TOKENS } from '../text/decoder-tensors.ts'
import type { GgufDecoder } from './decoder-shape.ts'
import type { GgufFile, GgufTensor } from './gguf-file.ts'
import { plainWord } from './plain-word.ts'
import {
  blockWeights,
  floatWeight,
  isBlockTensor,
  isFloatTensor,
  knownWeight,
  rotaryWeight,
  turnedFloatWeight,
  type BlockWeights,
  type GgufWeight,
} from './weight-rows.ts'

/** What GGUF files call the places of a decoder. */
const NAMES: Readonly<Record<MatrixRole | NormRole, string>> = {
  'attention.norm': 'attn_norm',
  query: 'attn_q',
  key: 'attn_k',
  value: 'attn_v',
  mix: 'attn_output',
  'ffn.norm': 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
  norm: 'output_norm',
  logits: 'output',
}

const EMBEDDING = 'token_embd.weight'
/** What slows down each column of the rotary positions, since Llama 3.1. */
const FREQUENCIES = 'rope_freqs.weight'

type Writer = GraphWriter<GgufWeight>

export class GgufParts implements DecoderParts<GgufWeight> {
  readonly #file: GgufFile
  readonly #decoder: GgufDecoder
  /** Names of tensors that have a place. */
  readonly #used = new Set<string>()
  readonly #integers = new Set<string>()
  /** Names of nodes' sums of blocks that stand in the graph. */
  readonly #sums = new Set<string>()

  constructor(file: GgufFile, decoder: GgufDecoder) {
    this.#file = file
    this.#decoder = decoder
  }

  /** Refuses a file with tensors that have no place: without them the model would be another. */
  checkAllUsed(): void {
    const spare = [...this.#file.tensors.keys()].find((name) => !this.#used.has(name))
    if (spare === undefined) return
    const { architecture } = this.#decoder
    refuse('GGUF_UNSUPPORTED', `expected only tensors of ${architecture}, got ${plainWord(spare)}`)
  }

  embed(writer: Writer, to: string): void {
    const { hidden, vocabulary } = this.#decoder
    const tensor = this.#tensor(EMBEDDING, [hidden, vocabulary])
    const weight = 'embedding.weight'
    if (isFloatTensor(tensor)) {
      const table = writer.weight(floatWeight(weight, [vocabulary, hidden], tensor))
      writer.node('Gather', [table, TOKENS], to)
    } else if (isBlockTensor(tensor)) this.#embedBlocks(writer, blockWeights(weight, tensor), to)
  }

  /** Rows of blocks, and their offsets beside them. */
  #embedBlocks(
    writer: Writer,
    { matrix, packed, scales, offsets }: BlockWeights,
    to: string,
  ): void {
    const { width, units, bits, block } = matrix
    const blocks = width / block
    writer.weight({ ...packed, dims: [units, (width * bits) / 8] })
    writer.weight({ ...scales, dims: [units, blocks] })
    const rows = offsets === undefined ? to : `${to}.coarse`
    writer.node('GatherBlockQuantized', [packed.name, TOKENS, scales.name], rows, {
      domain: 'com.microsoft',
      attributes: { bits, block_size: block, gather_axis: 0, quantize_axis: 1 },
    })
    if (offsets === undefined) return
    writer.weight(offsets)
    const name = `${to}.offsets`
    const attributes = { axis: 1 }
    writer.node('Gather', [offsets.name, TOKENS], `${name}.gathered`, { attributes })
    const perm = { attributes: { perm: [1, 2, 0] } }
    writer.node('Transpose', [`${name}.gathered`], `${name}.turned`, perm)
    // Each offset stands for all weights of its block.
    const apart = this.#integer(writer, 'embedding.apart', [0, 0, blocks, 1])
    const spread = this.#integer(writer, 'embedding.spread', [1, 1, 1, block])
    const joined = this.#integer(writer, 'embedding.joined', [0, 0, width])
    writer.node('Reshape', [`${name}.turned`, apart], `${name}.apart`)
    writer.node('Expand', [`${name}.apart`, spread], `${name}.spread`)
    writer.node('Reshape', [`${name}.spread`, joined], name)
    writer.node('Add', [rows, name], to)
  }

  norm(slot: Slot<NormRole>, name: string): GgufWeight {
    const { hidden } = this.#decoder
    return this.#vector(`${tensorName(slot)}.weight`, name, hidden)
  }

  rotary(kind: 'cos' | 'sin', name: string): GgufWeight {
    const { positionsMax: positions, headSize, ropeTheta: theta, ropeFactor } = this.#decoder
    const columns = headSize / 2
    const slowdown = Array.from({ length: columns }, () => ropeFactor)
    const factors = this.#file.tensors.has(FREQUENCIES)
      ? this.#tensor(FREQUENCIES, [columns])
      : undefined
    if (factors !== undefined && !isFloatTensor(factors)) return refuseForm(factors)
    const spec = { name, type: 'float32', dims: [positions, columns] } as const
    return rotaryWeight(spec, kind, { positions, headSize, theta, slowdown }, factors)
  }

  integer(name: string, value: number): GgufWeight {
    return integerWeight(name, [value])
  }

  multiply(writer: Writer, product: Product): void {
    const { role, layer, width, units, to } = product
    const base = tensorName(product)
    const bias = this.#file.tensors.has(`${base}.bias`)
    const sum = bias ? `${to}.unbiased` : to
    const weight = `${slotName({ role, layer })}.weight`
    // A head of its own is missing where the embedding serves as one.
    const tied = role === 'logits' && !this.#file.tensors.has(`${base}.weight`)
    const tensor = this.#tensor(tied ? EMBEDDING : `${base}.weight`, [width, units])
    const inner = { ...product, to: sum }
    if (isBlockTensor(tensor)) this.#multiplyBlocks(writer, inner, blockWeights(weight, tensor))
    else if (tied) this.#multiplyEmbedding(writer, inner)
    else if (isFloatTensor(tensor)) {
      const matrix = writer.weight(turnedFloatWeight(weight, tensor))
      writer.node('MatMul', [product.from, matrix], sum)
    }
    if (!bias) return
    const vector = this.#vector(`${base}.bias`, `${slotName({ role, layer })}.bias`, units)
    writer.node('Add', [sum, writer.weight(vector)], to)
  }

  /**
   * A product with blocks; offsets as a second, small product.
   *
   * The sum over a row of (scale · level + offset) · x is the product with the levels, plus that of the
   * offsets with the sums of x over the blocks. Given as zero points, offsets would leave the fast kernel.
   */
  #multiplyBlocks(writer: Writer, product: Product, weights: BlockWeights): void {
    const { from, to } = product
    const { matrix, packed, scales, offsets } = weights
    writer.weight(packed)
    writer.weight(scales)
    const coarse = offsets === undefined ? to : `${to}.coarse`
    const weight = packed.name.slice(0, -'.packed'.length)
    writeBlockProduct(writer, { from, to: coarse, weight }, matrix)
    if (offsets === undefined) return
    const sums = this.#blockSums(writer, from, matrix)
    writer.node('MatMul', [sums, writer.weight(offsets)], `${to}.offset`)
    writer.node('Add', [coarse, `${to}.offset`], to)
  }

  /** The sums of `from` over blocks: made once for all matrices that it meets. */
  #blockSums(writer: Writer, from: string, { width, block }: BlockWeights['matrix']): string {
    const sums = `${from}.sums`
    if (this.#sums.has(sums)) return sums
    this.#sums.add(sums)
    const shape = this.#integer(writer, `blocks.${width}`, [0, 0, width / block, block])
    const axes = this.#integer(writer, 'blocks.axis', [3])
    writer.node('Reshape', [from, shape], `${from}.blocks`)
    return writer.node('ReduceSum', [`${from}.blocks`, axes], sums, { attributes: { keepdims: 0 } })
  }

  /** The head when it is the embedding's table of floats, held once: Gemm takes it row by row. */
  #multiplyEmbedding(writer: Writer, { from, to, units }: Product): void {
    writer.node('Flatten', [from], `${to}.rows`, { attributes: { axis: 2 } })
    const attributes = { transB: 1 }
    writer.node('Gemm', [`${to}.rows`, 'embedding.weight'], `${to}.flat`, { attributes })
    writer.node('Shape', [from], `${to}.outer`, { attributes: { start: 0, end: 2 } })
    const last = this.#integer(writer, `${to}.units`, [units])
    writer.node('Concat', [`${to}.outer`, last], `${to}.shape`, { attributes: { axis: 0 } })
    writer.node('Reshape', [`${to}.flat`, `${to}.shape`], to)
  }

  #vector(tensorOf: string, name: string, size: number): GgufWeight {
    const tensor = this.#tensor(tensorOf, [size])
    return isFloatTensor(tensor) ? floatWeight(name, [size], tensor) : refuseForm(tensor)
  }

  /** A vector of int64, which stands in the graph once. */
  #integer(writer: Writer, name: string, values: readonly number[]): string {
    if (this.#integers.has(name)) return name
    this.#integers.add(name)
    return writer.weight(integerWeight(name, values))
  }

  #tensor(name: string, dims: readonly number[]): GgufTensor {
    this.#used.add(name)
    const tensor = this.#file.tensors.get(name)
    if (tensor === undefined) {
      return refuse('GGUF_MODEL_INVALID', `expected a tensor ${name}, got no such tensor`)
    }
    const fits =
      tensor.dims.length === dims.length && dims.every((size, at) => size === tensor.dims[at])
    if (fits) return tensor
    const got = tensor.dims.join(' × ')
    return refuse('GGUF_MODEL_INVALID', `expected ${name} of ${dims.join(' × ')}, got ${got}`)
  }
}

function tensorName({ role, layer }: Slot<MatrixRole | NormRole>): string {
  return layer === undefined ? NAMES[role] : `blk.${layer}.${NAMES[role]}`
}

function integerWeight(name: string, values: readonly number[]): GgufWeight {
  const content = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
  return knownWeight({ name, type: 'int64', dims: [values.length] }, content)
}

function refuseForm({ name, format }: GgufTensor): never {
  return refuse('GGUF_UNSUPPORTED', `expected floats in ${plainWord(name)}, got ${format.name}`)
}
