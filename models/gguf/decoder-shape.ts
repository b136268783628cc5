/**
 * The sizes and habits of the decoder in a GGUF file, from its metadata.
 *
 * @module
 */

import { decoderProblem, type Past } from '../builder/decoder-graph.ts'
import type { FileDecoder } from '../checkpoint/file-decoder.ts'
import type { FileTensor } from '../checkpoint/file-tensor.ts'
import { plainWord } from '../checkpoint/plain-word.ts'
import { refuse } from '../refuse.ts'
import type { GgufFile } from './gguf-file.ts'

/**
 * Architectures whose graph is that of Llama, and how each turns positions: converters permute the
 * queries and keys of `llama` so that neighbouring columns belong together.
 */
const INTERLEAVED: ReadonlyMap<string, boolean> = new Map([
  ['llama', true],
  ['qwen2', false],
])

const LAYERS_MAX = 1_024
const SIZE_MAX = 2 ** 20
const HEAD_SIZE_MAX = 1_024
const THETA = 10_000
/** Longer contexts are shortened to this: each position takes a row of two tables. */
const POSITIONS_MAX = 2 ** 18

/** Refuses other architectures, and sizes that do not fit together. */
export function decoderOf(file: GgufFile, past: Past): FileDecoder {
  const architecture = architectureOf(file)
  const interleaved = INTERLEAVED.get(architecture)
  if (interleaved === undefined) {
    const known = [...INTERLEAVED.keys()].join(' or ')
    return refuse('GGUF_UNSUPPORTED', `expected the architecture ${known}, got ${architecture}`)
  }
  const keys = new ModelKeys(file, architecture)
  const hidden = keys.size('embedding_length')
  const heads = keys.size('attention.head_count', 1_024)
  const headSize = keys.optionalSize('attention.key_length') ?? hidden / heads
  if (headSize > HEAD_SIZE_MAX) {
    refuse('GGUF_MODEL_INVALID', `expected heads of at most ${HEAD_SIZE_MAX} columns`)
  }
  const rotated = keys.optionalSize('rope.dimension_count') ?? headSize
  const valueSize = keys.optionalSize('attention.value_length') ?? headSize
  if (rotated !== headSize || valueSize !== headSize) {
    refuse('GGUF_UNSUPPORTED', 'expected heads of one size that turn with all their columns')
  }
  const shape = {
    architecture,
    layers: keys.size('block_count', LAYERS_MAX),
    hidden,
    heads,
    kvHeads: keys.optionalSize('attention.head_count_kv') ?? heads,
    headSize,
    ffn: keys.size('feed_forward_length'),
    vocabulary: embeddingOf(file, hidden).rows,
    positionsMax: Math.min(keys.size('context_length', 2 ** 32), POSITIONS_MAX),
    epsilon: keys.number('attention.layer_norm_rms_epsilon', 0, 1),
    interleaved,
    past,
    ropeTheta: keys.optionalNumber('rope.freq_base', 1, 1e12) ?? THETA,
    slowdown: Array.from({ length: headSize / 2 }, () => ropeFactor(keys)),
    // A head of its own is missing where the embedding serves as one.
    tied: !file.tensors.has('output.weight'),
  } as const
  const problem = decoderProblem(shape)
  return problem === undefined ? shape : refuse('GGUF_MODEL_INVALID', problem)
}

function architectureOf({ metadata }: GgufFile): string {
  const split = metadata.get('split.count')
  if (typeof split === 'number' && split > 1) {
    refuse('GGUF_PARTS_INVALID', `expected all ${split} parts of the model, got one`)
  }
  const architecture = metadata.get('general.architecture')
  if (typeof architecture === 'string') return plainWord(architecture)
  return refuse('GGUF_MODEL_INVALID', 'expected general.architecture, got no such key')
}

/** The embedding says how many tokens there are: the vocabulary's own list may be shorter. */
function embeddingOf({ tensors }: GgufFile, hidden: number): FileTensor {
  const table = tensors.get('token_embd.weight')
  if (table?.dims.length === 2 && table.columns === hidden && table.rows <= SIZE_MAX) return table
  return refuse('GGUF_MODEL_INVALID', `expected token_embd.weight with rows of ${hidden}`)
}

/** Only plain and linear scaling: others depend on the length of the text. */
function ropeFactor(keys: ModelKeys): number {
  const type = keys.optionalText('rope.scaling.type') ?? 'none'
  if (type !== 'none' && type !== 'linear') {
    const got = plainWord(type)
    refuse('GGUF_UNSUPPORTED', `expected linear scaling of positions or none, got ${got}`)
  }
  if (type === 'none') return keys.optionalNumber('rope.scale_linear', 1, 1e6) ?? 1
  return keys.number('rope.scaling.factor', 1, 1e6)
}

/** The keys of one architecture, each with the rule that its value must keep. */
class ModelKeys {
  readonly #file: GgufFile
  readonly #architecture: string

  constructor(file: GgufFile, architecture: string) {
    this.#file = file
    this.#architecture = architecture
  }

  size(key: string, most = SIZE_MAX): number {
    return this.optionalSize(key, most) ?? this.#missing(key)
  }

  optionalSize(key: string, most = SIZE_MAX): number | undefined {
    const size = this.optionalNumber(key, 1, most)
    if (size === undefined || Number.isInteger(size)) return size
    return refuse('GGUF_MODEL_INVALID', `expected a whole number for ${this.#name(key)}`)
  }

  number(key: string, least: number, most: number): number {
    return this.optionalNumber(key, least, most) ?? this.#missing(key)
  }

  optionalNumber(key: string, least: number, most: number): number | undefined {
    const value = this.#file.metadata.get(this.#name(key))
    if (value === undefined) return undefined
    const number = typeof value === 'bigint' ? Number(value) : value
    if (typeof number === 'number' && number >= least && number <= most) return number
    const range = `a number from ${least} to ${most}`
    return refuse('GGUF_MODEL_INVALID', `expected ${range} for ${this.#name(key)}`)
  }

  optionalText(key: string): string | undefined {
    const value = this.#file.metadata.get(this.#name(key))
    return typeof value === 'string' ? value : undefined
  }

  #name(key: string): string {
    return `${this.#architecture}.${key}`
  }

  #missing(key: string): never {
    return refuse('GGUF_MODEL_INVALID', `expected ${this.#name(key)}, got no such key`)
  }
}
