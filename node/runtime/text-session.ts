/**
 * The texts of one loaded stage: feeds keys and values that stay here beside what crosses the cut.
 *
 * @module
 */

import type * as Ort from 'onnxruntime-node'
import type { Tensor, TensorSpec } from '../../core/tensor.ts'
import { LAST_POSITIONS, LOGITS, ROWS, TOTAL_LENGTH } from '../../models/index.ts'
import {
  DRAWN_NAMES,
  drawnTensors,
  embeddingTensors,
  type TextRows,
} from '../../protocols/inference/index.ts'
import type { BeginMessage } from './executor-messages.ts'
import type { TokenBytes } from './executor-spec.ts'
import type { WireTensor } from './executor-wire.ts'
import type { TextGraph } from './text-graph.ts'
import { TextGuides } from './text-guides.ts'
import { TextMemory } from './text-memory.ts'
import { ROWS_MIN, TextRun } from './text-run.ts'

type OrtLibrary = typeof Ort

export interface TextSessionInit {
  readonly ort: OrtLibrary
  readonly session: Ort.InferenceSession
  readonly graph: TextGraph
  /** Outputs of the graph that cross the cut, in its order. */
  readonly sent: readonly TensorSpec[]
}

/** What crosses the cut into a stage. */
export interface Crossing {
  readonly name: string
  readonly tensor: Ort.Tensor
}

export class TextSession {
  readonly #init: TextSessionInit
  readonly #texts = new Map<number, TextRun>()
  readonly #memory = new TextMemory()
  #guides = new TextGuides()

  constructor(init: TextSessionInit) {
    this.#init = init
  }

  /** Brings what tokens stand for: texts with a guide come after it. */
  learnTokens(tokens: TokenBytes): void {
    this.#guides = new TextGuides(tokens)
  }

  /** @throws {GuideError} when the guide of the text is of no use. */
  begin(message: BeginMessage): void {
    const { slot, guide, sampling } = message
    const constraint =
      guide === undefined ? undefined : this.#guides.constraint(guide, sampling.stopTokens)
    const place = { graph: this.#init.graph, memory: this.#memory }
    this.end(slot)
    this.#texts.set(slot, new TextRun(place, message, constraint))
  }

  end(slot: number): void {
    this.#texts.get(slot)?.cache.end()
    this.#texts.delete(slot)
  }

  /**
   * Runs `rows` of the text in `slot`.
   *
   * @returns Tensors of the cut behind; of the stage that draws or pools, what it drew or the mean
   * of all rows, each with its place in DRAWN_NAMES.
   * @throws {Error} of onnxruntime, or when rows and text do not fit or what came out is no number.
   */
  async step(
    slot: number,
    rows: TextRows,
    crossing: readonly Crossing[],
  ): Promise<{ readonly outputs: readonly WireTensor[]; readonly computeUs: number }> {
    const text = this.#texts.get(slot)
    if (text === undefined) throw new Error(`expected a text in slot ${slot}`)
    const count = rows.tokens.length
    const rowCount = Math.max(count, ROWS_MIN)
    text.begin(rows, rowCount)
    const feeds = this.#feeds(text, rows, rowCount)
    for (const { name, tensor } of crossing) feeds[name] = this.#padded(tensor, count, rowCount)
    const { sent, session } = this.#init
    const fetches: Record<string, Ort.Tensor | null> = {}
    for (const { name } of sent) fetches[name] = null
    for (const { past, present } of this.#init.graph.cached) fetches[present] = feeds[past] ?? null

    const startedMs = performance.now()
    const results = await session.run(feeds, fetches)
    text.commit(rows)
    const outputs = this.#init.graph.draws
      ? this.#drawn(text, rows, results)
      : sent.map(({ name }, index) => crossed(results[name], index, { count, rowCount }))
    const [hidden] = outputs
    const given =
      this.#init.graph.pools && hidden !== undefined ? pooled(text, rows, hidden) : outputs
    const computeUs = Math.min(0xffff_ffff, Math.round(1000 * (performance.now() - startedMs)))
    return { outputs: given, computeUs }
  }

  #feeds(text: TextRun, rows: TextRows, rowCount: number): Record<string, Ort.Tensor> {
    const { ort, graph } = this.#init
    const { Tensor } = ort
    const end = rows.position + rowCount
    const feeds: Record<string, Ort.Tensor> = {}
    const { local } = graph
    if (local.has(LAST_POSITIONS)) {
      feeds[LAST_POSITIONS] = new Tensor('int32', Int32Array.of(end - 1), [1])
    }
    if (local.has(TOTAL_LENGTH)) feeds[TOTAL_LENGTH] = new Tensor('int32', Int32Array.of(end), [1])
    if (local.has(ROWS)) {
      const wanted = wantedRows(graph.pools ? { ...rows, drawFrom: 0 } : rows)
      feeds[ROWS] = new Tensor('int64', wanted, [wanted.length])
    }
    for (const [index, { past, heads, headSize }] of graph.cached.entries()) {
      const dims = [1, heads, text.cache.capacity, headSize]
      feeds[past] = new Tensor('float32', text.cache.at(index), dims)
    }
    return feeds
  }

  /** `tensor` [1, rows, …] with its last row once more where there is only one. */
  #padded(tensor: Ort.Tensor, count: number, rowCount: number): Ort.Tensor {
    const [, rows, ...rest] = tensor.dims
    if (rows !== count) throw new Error(`expected ${count} rows, got ${rows}`)
    if (count === rowCount) return tensor
    const { Tensor } = this.#init.ort
    const given = tensor.data as Float32Array
    const wide = new (given.constructor as Float32ArrayConstructor)(2 * given.length)
    wide.set(given)
    wide.set(given, given.length)
    return new Tensor(tensor.type as 'float32', wide, [1, rowCount, ...rest])
  }

  #drawn(
    text: TextRun,
    rows: TextRows,
    results: Readonly<Record<string, Ort.OnnxValue>>,
  ): readonly WireTensor[] {
    const logits = results[LOGITS]?.data
    if (!(logits instanceof Float32Array)) throw new Error('expected logits of float32')
    const count = rows.tokens.length - rows.drawFrom
    const wanted = wantedRows(rows).length
    const drawn = text.draw(rows, logits.subarray(0, (logits.length / wanted) * count))
    return drawnTensors(drawn).map(placed)
  }
}

/** Nothing while rows are still to come, then the mean of all. */
function pooled(text: TextRun, rows: TextRows, hidden: WireTensor): readonly WireTensor[] {
  const { buffer, byteOffset, byteLength } = hidden.data
  text.pool(rows, new Float32Array(buffer, byteOffset, byteLength / 4))
  const isLast = rows.drawFrom < rows.tokens.length
  return (isLast ? embeddingTensors(text.mean()) : drawnTensors([])).map(placed)
}

function placed({ name, type, dims, data }: Tensor): WireTensor {
  return { index: DRAWN_NAMES.indexOf(name), type, dims, data }
}

/** The rows whose logits are asked for: at least two, of which the last may only pad. */
function wantedRows({ drawFrom, tokens }: TextRows): BigInt64Array {
  const last = tokens.length - 1
  const rows = tokens.slice(drawFrom).map((_, index) => BigInt(drawFrom + index))
  while (rows.length < ROWS_MIN) rows.push(BigInt(last))
  return BigInt64Array.from(rows)
}

/** The first `count` of the rows of an output, all of them numbers. */
function crossed(
  value: Ort.OnnxValue | undefined,
  index: number,
  { count, rowCount }: { readonly count: number; readonly rowCount: number },
): WireTensor {
  const [, rows, ...rest] = value?.dims ?? []
  if (value?.type !== 'float32' || rows !== rowCount) {
    throw new Error(`expected ${rowCount} rows of float32 at output ${index}`)
  }
  const all = value.data as Float32Array
  const own = all.subarray(0, (all.length / rowCount) * count)
  // Not a number anywhere spoils every row after it, in this stage and behind.
  if (!own.every(Number.isFinite)) throw new Error(`output ${index} is not finite`)
  const data = new Uint8Array(own.buffer, own.byteOffset, own.byteLength)
  return { index, type: 'float32', dims: [1, count, ...rest], data }
}
