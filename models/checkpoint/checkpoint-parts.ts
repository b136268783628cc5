/**
 * The weights of a decoder out of files, in the form that the files give them.
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
import type { Checkpoint, FileDecoder, Quantisation } from './file-decoder.ts'
import {
  isBlockTensor,
  isFloatTensor,
  type FileTensor,
  type FloatFormat,
  type TensorOf,
} from './file-tensor.ts'
import { plainWord } from './plain-word.ts'
import { ROUNDED_BLOCK, roundedWeights, RoundingLoss } from './rounded-blocks.ts'
import {
  blockWeights,
  floatWeight,
  knownWeight,
  rotaryWeight,
  turnedFloatWeight,
  type BlockWeights,
  type FileWeight,
} from './weight-rows.ts'

type Writer = GraphWriter<FileWeight>

export class CheckpointParts implements DecoderParts<FileWeight> {
  /** What rounding costs, known when all weights are written. */
  readonly loss = new RoundingLoss()
  readonly #checkpoint: Checkpoint
  readonly #decoder: FileDecoder
  readonly #quantisation: Quantisation
  /** Names of tensors that have a place. */
  readonly #used = new Set<string>()
  readonly #integers = new Set<string>()
  /** Names of nodes' sums of blocks that stand in the graph. */
  readonly #sums = new Set<string>()

  constructor(checkpoint: Checkpoint, decoder: FileDecoder, quantisation: Quantisation) {
    this.#checkpoint = checkpoint
    this.#decoder = decoder
    this.#quantisation = quantisation
  }

  /** Refuses files with tensors that have no place: without them the model would be another. */
  checkAllUsed(): void {
    const { tensors, names, codes } = this.#checkpoint
    const isSpare = (name: string): boolean => !this.#used.has(name) && !names.spare(name)
    const spare = [...tensors.keys()].find(isSpare)
    if (spare === undefined) return
    const { architecture } = this.#decoder
    refuse(codes.unsupported, `expected only tensors of ${architecture}, got ${plainWord(spare)}`)
  }

  embed(writer: Writer, to: string): void {
    const { hidden, vocabulary } = this.#decoder
    const tensor = this.#tensor(this.#checkpoint.names.embedding, [hidden, vocabulary])
    const weight = 'embedding.weight'
    const blocks = this.#blocks(weight, tensor, 'logits')
    if (blocks !== undefined) this.#embedBlocks(writer, blocks, to)
    else if (isFloatTensor(tensor)) {
      const table = writer.weight(floatWeight(weight, [vocabulary, hidden], tensor))
      writer.node('Gather', [table, TOKENS], to)
    }
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

  norm(slot: Slot<NormRole>, name: string): FileWeight {
    const { hidden } = this.#decoder
    return this.#vector(`${this.#checkpoint.names.base(slot)}.weight`, name, hidden)
  }

  rotary(kind: 'cos' | 'sin', name: string): FileWeight {
    const { positionsMax: positions, headSize, ropeTheta: theta, slowdown } = this.#decoder
    const columns = headSize / 2
    const { tensors, names } = this.#checkpoint
    const factors =
      names.frequencies !== undefined && tensors.has(names.frequencies)
        ? this.#floats(this.#tensor(names.frequencies, [columns]))
        : undefined
    const spec = { name, type: 'float32', dims: [positions, columns] } as const
    return rotaryWeight(spec, kind, { positions, headSize, theta, slowdown }, factors)
  }

  integer(name: string, value: number): FileWeight {
    return integerWeight(name, [value])
  }

  multiply(writer: Writer, product: Product): void {
    const { role, width, units, to } = product
    const { tensors, names } = this.#checkpoint
    const base = names.base(product)
    const bias = tensors.has(`${base}.bias`)
    const sum = bias ? `${to}.unbiased` : to
    const weight = `${slotName(product)}.weight`
    const tied = role === 'logits' && this.#decoder.tied
    const tensor = this.#tensor(tied ? names.embedding : `${base}.weight`, [width, units])
    const inner = { ...product, to: sum }
    const blocks = this.#blocks(weight, tensor, role)
    if (blocks !== undefined) this.#multiplyBlocks(writer, inner, blocks)
    else if (tied) this.#multiplyEmbedding(writer, inner)
    else if (isFloatTensor(tensor)) {
      const matrix = writer.weight(turnedFloatWeight(weight, tensor))
      writer.node('MatMul', [product.from, matrix], sum)
    }
    if (!bias) return
    const vector = this.#vector(`${base}.bias`, `${slotName(product)}.bias`, units)
    writer.node('Add', [sum, writer.weight(vector)], to)
  }

  /**
   * A matrix in blocks: those of the file, or its plain numbers rounded where that was asked for.
   *
   * Embedding and head keep eight bits: of all matrices, answers depend most on those two.
   */
  #blocks(weight: string, tensor: FileTensor, role: MatrixRole): BlockWeights | undefined {
    if (isBlockTensor(tensor)) return blockWeights(weight, tensor)
    if (this.#quantisation === 'none' || !isFloatTensor(tensor)) return undefined
    if (tensor.columns % ROUNDED_BLOCK !== 0) {
      const { invalid } = this.#checkpoint.codes
      refuse(invalid, `expected quantised widths in multiples of ${ROUNDED_BLOCK}`)
    }
    const bits = this.#quantisation === 'q4' && role !== 'logits' ? 4 : 8
    return roundedWeights(weight, tensor, { bits, loss: this.loss })
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

  #vector(tensorOf: string, name: string, size: number): FileWeight {
    return floatWeight(name, [size], this.#floats(this.#tensor(tensorOf, [size])))
  }

  #floats(tensor: FileTensor): TensorOf<FloatFormat> {
    if (isFloatTensor(tensor)) return tensor
    const { name, format } = tensor
    const { unsupported } = this.#checkpoint.codes
    return refuse(unsupported, `expected floats in ${plainWord(name)}, got ${format.name}`)
  }

  /** A vector of int64, which stands in the graph once. */
  #integer(writer: Writer, name: string, values: readonly number[]): string {
    if (this.#integers.has(name)) return name
    this.#integers.add(name)
    return writer.weight(integerWeight(name, values))
  }

  #tensor(name: string, dims: readonly number[]): FileTensor {
    this.#used.add(name)
    const { tensors, codes } = this.#checkpoint
    const tensor = tensors.get(name)
    if (tensor === undefined) {
      return refuse(codes.invalid, `expected a tensor ${name}, got no such tensor`)
    }
    const fits =
      tensor.dims.length === dims.length && dims.every((size, at) => size === tensor.dims[at])
    if (fits) return tensor
    const got = tensor.dims.join(' × ')
    return refuse(codes.invalid, `expected ${name} of ${dims.join(' × ')}, got ${got}`)
  }
}

function integerWeight(name: string, values: readonly number[]): FileWeight {
  const content = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
  return knownWeight({ name, type: 'int64', dims: [values.length] }, content)
}
