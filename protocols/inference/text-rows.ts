/**
 * What a step and an output of a text session carry beside the tensors of their cut.
 *
 *     step    rows          int32 [2 + n]  position of the first row, index of the first row that is
 *                                          drawn at (n for none), token id of each of the n rows
 *     output  drawn         int32 [k]      tokens that the last stage drew, in order
 *             logprobs      float32 [k, 1 + a]  natural logarithms: of the drawn token, of a others
 *             alternatives  int32 [k, a]        the a likeliest tokens, the likeliest first
 *             logits.sha256 uint8 [k, 32]       only where the session asked for it
 *             embedding     float32 [d]         the mean of the last hidden states of all rows, in a
 *                                               session that gives one; then k is 1 and the token 0
 *
 * They are tensors like the others, and so a journal replays them and a receipt commits to them.
 * More than one row that is drawn at are a token and drafts behind it: row i + 1 counts only when
 * its token is what was drawn at row i.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import { EMBEDDING_MAX, LOGPROBS_MAX, TEXT_POSITIONS_MAX, VOCABULARY_MAX } from './limits.ts'

/** Names that no graph uses: ours begin with a colon. */
const ROWS = ':rows'
const DRAWN = ':drawn'
const LOGPROBS = ':logprobs'
const ALTERNATIVES = ':alternatives'
const HASHES = ':logits.sha256'
const EMBEDDING = ':embedding'

/** Names of the tensors that {@link drawnTensors} and {@link embeddingTensors} give. */
export const DRAWN_NAMES: readonly string[] = [DRAWN, LOGPROBS, ALTERNATIVES, HASHES, EMBEDDING]

/** The rows that one step adds to a text. */
export interface TextRows {
  /** Of the first row; a stage forgets what it holds from there on. */
  readonly position: number
  /** Index of the first row behind which a token is drawn; the number of rows when none is. */
  readonly drawFrom: number
  /** Token id of each row: at least one. */
  readonly tokens: readonly number[]
}

/** One token that the last stage drew. */
export interface DrawnToken {
  readonly token: number
  /** Natural logarithm of its probability; undefined when the session did not ask. */
  readonly logprob: number | undefined
  readonly alternatives: readonly { readonly token: number; readonly logprob: number }[]
  /** SHA-256 of the logits that it was drawn from; undefined when the session did not ask. */
  readonly logitsHash: Uint8Array | undefined
}

/** `rows` as a tensor of a step. */
export function rowsTensor({ position, drawFrom, tokens }: TextRows): Tensor {
  return integers(ROWS, [2 + tokens.length], [position, drawFrom, ...tokens])
}

/** True for the tensor that {@link rowsTensor} gives. */
export function isRows({ name }: Tensor): boolean {
  return name === ROWS
}

/** The rows that a step adds, or undefined when it says none, or nonsense. */
export function rowsOf(tensors: readonly Tensor[]): TextRows | undefined {
  const tensor = tensors.find(({ name }) => name === ROWS)
  if (tensor?.type !== 'int32' || tensor.dims.length !== 1) return undefined
  const [position, drawFrom, ...tokens] = numbersOf(tensor)
  if (position === undefined || drawFrom === undefined || tokens.length === 0) return undefined
  const fits =
    position >= 0 &&
    position + tokens.length <= TEXT_POSITIONS_MAX &&
    drawFrom >= 0 &&
    drawFrom <= tokens.length &&
    tokens.every(isToken)
  return fits ? { position, drawFrom, tokens } : undefined
}

/** `drawn` as the tensors of an output. All of them say as much as the first one does. */
export function drawnTensors(drawn: readonly DrawnToken[]): readonly Tensor[] {
  const tokens = integers(
    DRAWN,
    [drawn.length],
    drawn.map(({ token }) => token),
  )
  const [first] = drawn
  const tensors = [tokens]
  if (first?.logprob !== undefined) {
    const others = first.alternatives.length
    const logprobs = drawn.flatMap(({ logprob = 0, alternatives }) => [
      logprob,
      ...alternatives.map((other) => other.logprob),
    ])
    const ids = drawn.flatMap(({ alternatives }) => alternatives.map((other) => other.token))
    tensors.push(
      {
        name: LOGPROBS,
        type: 'float32',
        dims: [drawn.length, 1 + others],
        data: new Uint8Array(Float32Array.from(logprobs).buffer),
      },
      integers(ALTERNATIVES, [drawn.length, others], ids),
    )
  }
  if (first?.logitsHash !== undefined) {
    const data = new Uint8Array(HASH_BYTES * drawn.length)
    for (const [index, { logitsHash }] of drawn.entries()) {
      if (logitsHash !== undefined) data.set(logitsHash, HASH_BYTES * index)
    }
    tensors.push({ name: HASHES, type: 'uint8', dims: [drawn.length, HASH_BYTES], data })
  }
  return tensors
}

/** An embedding as the tensors of an output: it comes in the place of a token. */
export function embeddingTensors(embedding: Float32Array): readonly Tensor[] {
  const data = new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength)
  const dims = [embedding.length]
  return [integers(DRAWN, [1], [0]), { name: EMBEDDING, type: 'float32', dims, data }]
}

/** The embedding of an output, or undefined when there is none, or nonsense. */
export function embeddingOf(tensors: readonly Tensor[]): Float32Array | undefined {
  const tensor = tensors.find(({ name }) => name === EMBEDDING)
  if (tensor?.type !== 'float32' || tensor.dims.length !== 1) return undefined
  const embedding = Float32Array.from(floatsOf(tensor))
  const fits = embedding.length > 0 && embedding.length <= EMBEDDING_MAX
  return fits && embedding.every(Number.isFinite) ? embedding : undefined
}

const HASH_BYTES = 32

/** The tensors that say what was drawn. */
interface DrawnTables {
  readonly tokens: Tensor
  readonly logprobs: Tensor | undefined
  readonly alternatives: Tensor | undefined
  readonly hashes: Tensor | undefined
  /** Alternatives of each token. */
  readonly others: number
}

/** The tokens of an output, or undefined when they are nonsense. */
export function drawnOf(tensors: readonly Tensor[]): readonly DrawnToken[] | undefined {
  const tables = tablesOf(tensors)
  if (tables === undefined) return undefined
  const { logprobs, hashes, others } = tables
  const tokens = numbersOf(tables.tokens)
  const rates = logprobs === undefined ? [] : floatsOf(logprobs)
  const ids = tables.alternatives === undefined ? [] : numbersOf(tables.alternatives)
  if (![...tokens, ...ids].every(isToken) || rates.some((rate) => Number.isNaN(rate))) {
    return undefined
  }
  return tokens.map((token, index) => {
    const at = index * (1 + others)
    return {
      token,
      logprob: logprobs === undefined ? undefined : rates[at],
      alternatives: Array.from({ length: others }, (_, other) => ({
        token: ids[index * others + other] ?? 0,
        logprob: rates[at + 1 + other] ?? 0,
      })),
      logitsHash: hashes?.data.slice(HASH_BYTES * index, HASH_BYTES * (index + 1)),
    }
  })
}

/** Undefined unless all of them say the same number of tokens. */
function tablesOf(tensors: readonly Tensor[]): DrawnTables | undefined {
  const [tokens, logprobs, alternatives, hashes] = DRAWN_NAMES.map((name) =>
    tensors.find((tensor) => tensor.name === name),
  )
  if (tokens?.type !== 'int32' || tokens.dims.length !== 1) return undefined
  const [count = 0] = tokens.dims
  const others = alternatives?.dims[1] ?? 0
  const fits =
    others <= LOGPROBS_MAX &&
    (logprobs === undefined) === (alternatives === undefined) &&
    isTable(logprobs, 'float32', count, 1 + others) &&
    isTable(alternatives, 'int32', count, others) &&
    isTable(hashes, 'uint8', count, HASH_BYTES)
  return fits ? { tokens, logprobs, alternatives, hashes, others } : undefined
}

/** Whether `drawn` can have been drawn at `rows`: one token, and one more for each draft that was right. */
export function mayBeDrawn(
  { drawFrom, tokens }: TextRows,
  drawn: readonly Pick<DrawnToken, 'token'>[],
): boolean {
  const rows = tokens.length - drawFrom
  if (rows === 0) return drawn.length === 0
  const right = drawn
    .slice(0, -1)
    .every(({ token }, index) => token === tokens[drawFrom + 1 + index])
  return drawn.length > 0 && drawn.length <= rows && right
}

/** The step behind a draw: the last token of it, and nothing that is guessed. */
export function stepBehind(
  { position, drawFrom }: TextRows,
  drawn: readonly Pick<DrawnToken, 'token'>[],
): TextRows | undefined {
  const last = drawn.at(-1)
  if (last === undefined) return undefined
  return { position: position + drawFrom + drawn.length, drawFrom: 0, tokens: [last.token] }
}

/** What the first stage takes for `rows`: [1, rows] token ids, and what they are. */
export function stepTensors(rows: TextRows): readonly Tensor[] {
  const { tokens } = rows
  const data = new Uint8Array(BigInt64Array.from(tokens, BigInt).buffer)
  const ids: Tensor = { name: 'input_ids', type: 'int64', dims: [1, tokens.length], data }
  return [ids, rowsTensor(rows)]
}

/** Of an output, what the first stage has to know; undefined when nothing was drawn. */
export function drawnAlone(tensors: readonly Tensor[]): Tensor | undefined {
  const tensor = tensors.find(({ name }) => name === DRAWN)
  return tensor === undefined || tensor.data.length === 0 ? undefined : tensor
}

function isToken(value: number): boolean {
  return value >= 0 && value < VOCABULARY_MAX
}

/** True when a tensor is missing, or has this type and shape. */
function isTable(
  tensor: Tensor | undefined,
  type: Tensor['type'],
  rows: number,
  columns: number,
): boolean {
  if (tensor === undefined) return true
  return tensor.type === type && tensor.dims.join() === [rows, columns].join()
}

function integers(name: string, dims: readonly number[], values: readonly number[]): Tensor {
  const data = new Uint8Array(4 * values.length)
  const view = new DataView(data.buffer)
  for (const [index, value] of values.entries()) view.setInt32(4 * index, value, true)
  return { name, type: 'int32', dims, data }
}

function numbersOf({ data }: Tensor): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  return Array.from({ length: data.length / 4 }, (_, index) => view.getInt32(4 * index, true))
}

function floatsOf({ data }: Tensor): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  return Array.from({ length: data.length / 4 }, (_, index) => view.getFloat32(4 * index, true))
}
