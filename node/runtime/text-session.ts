/**
 * The texts of one loaded stage: feeds keys and values that stay here beside what crosses the cut.
 *
 * @module
 */

import type * as Ort from 'onnxruntime-node'
import type { Tensor, TensorSpec } from '../../core/tensor.ts'
import { LOGITS, ROWS } from '../../models/index.ts'
import {
  DRAWN_NAMES,
  drawnTensors,
  embeddingTensors,
  type TextRows,
} from '../../protocols/inference/index.ts'
import { cacheParts, type SlotSpan, spanOf } from './cache-message.ts'
import type { BeginMessage, EndMessage } from './executor-messages.ts'
import type { TokenBytes } from './executor-spec.ts'
import type { WireTensor } from './executor-wire.ts'
import { TEXTS_TOGETHER_MAX } from './limits.ts'
import { NotFiniteError } from './not-finite.ts'
import { CacheRooms } from './text-cache.ts'
import { textFeeds } from './text-feeds.ts'
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

/** Rows of the text in a slot. */
export interface SlotRows {
  readonly slot: number
  readonly rows: TextRows
}

/** A step of one text. */
export interface RunPart {
  readonly text: TextRun
  readonly rows: TextRows
  /** Where its first row stands among all that came. */
  readonly from: number
  /** Where it stands among all steps that were asked for. */
  readonly at: number
}

/** What steps gave, each its own tensors. */
export interface StepsGiven {
  readonly outputs: readonly (readonly WireTensor[])[]
  readonly computeUs: number
}

export class TextSession {
  readonly #init: TextSessionInit
  readonly #texts = new Map<number, TextRun>()
  readonly #memory = new TextMemory()
  readonly #rooms: CacheRooms
  #guides = new TextGuides()

  constructor(init: TextSessionInit) {
    this.#init = init
    const { cached, several } = init.graph
    this.#rooms = new CacheRooms(cached, several ? TEXTS_TOGETHER_MAX : 1, this.#memory)
  }

  /** Brings what tokens stand for: texts with a guide come after it. */
  learnTokens(tokens: TokenBytes): void {
    this.#guides = new TextGuides(tokens)
  }

  /**
   * @throws {GuideError} when the guide of the text is of no use; {Error} when the text that it begins
   * with is not there.
   */
  begin(message: BeginMessage): void {
    const { slot, guide, sampling, after } = message
    const constraint =
      guide === undefined ? undefined : this.#guides.constraint(guide, sampling.stopTokens)
    const place = { graph: this.#init.graph, rooms: this.#rooms, memory: this.#memory }
    const source = after === undefined ? undefined : this.#texts.get(after.slot)
    if (after !== undefined && source === undefined) {
      throw new Error(`expected a text in slot ${after.slot}`)
    }
    this.end({ slot, keptRows: undefined })
    const text = new TextRun(place, message, constraint)
    if (after !== undefined && source !== undefined) text.beginAfter(source, after.rows)
    this.#texts.set(slot, text)
  }

  /** @throws {Error} when there is no such text, or it has no such rows. */
  exportRows({ slot, from, to }: SlotSpan): readonly WireTensor[] {
    const rows = this.#text(slot).exportRows(from, to)
    return cacheParts(this.#init.graph, to - from).map(({ type, dims }, index) => {
      const { buffer, byteOffset, byteLength } = rows[index] ?? new Float32Array(0)
      return { index, type, dims, data: new Uint8Array(buffer, byteOffset, byteLength) }
    })
  }

  /** @throws {Error} when there is no such text, or these rows do not fit it. */
  importRows(tensors: readonly WireTensor[]): void {
    const span = spanOf(tensors)
    if (span === undefined) throw new Error('expected rows of a text')
    const { slot, from, to } = span
    const parts = cacheParts(this.#init.graph, to - from)
    const rows = tensors.filter(({ index }) => index < parts.length).map(elementsOf)
    this.#text(slot).importRows(from, to, rows)
  }

  #text(slot: number): TextRun {
    const text = this.#texts.get(slot)
    if (text === undefined) throw new Error(`expected a text in slot ${slot}`)
    return text
  }

  /** Keeps the first rows of a text where it is told to, and nothing of it where not. */
  end({ slot, keptRows }: EndMessage): void {
    const text = this.#texts.get(slot)
    if (keptRows !== undefined && text !== undefined && keptRows <= text.cache.length) {
      text.cache.setAside(keptRows)
      return
    }
    text?.cache.end()
    this.#texts.delete(slot)
  }

  /**
   * Runs rows of one text, or of several at once where the graph can.
   *
   * @param crossing - The rows of all texts, one text after another.
   * @returns For each text, tensors of the cut behind; of the stage that draws or pools, what it drew
   * or the mean of all rows, each with its place in DRAWN_NAMES.
   * @throws {Error} of onnxruntime, or when rows and text do not fit or what came out is no number.
   * All steps may then be asked for again.
   */
  async steps(asked: readonly SlotRows[], crossing: readonly Crossing[]): Promise<StepsGiven> {
    let count = 0
    const parts = asked.map(({ slot, rows }, at): RunPart => {
      const text = this.#text(slot)
      const from = count
      count += rows.tokens.length
      return { text, rows, from, at }
    })
    if (new Set(parts.map(({ text }) => text)).size < parts.length) {
      throw new Error('expected each text once')
    }
    for (const { tensor } of crossing) {
      const [, rows] = tensor.dims
      if (rows !== count) throw new Error(`expected ${count} rows, got ${rows}`)
    }
    const outputs: (readonly WireTensor[])[] = []
    const startedMs = performance.now()
    for (const group of this.#grouped(parts)) {
      const given = await this.#run(group, crossing)
      for (const [index, { at }] of group.entries()) outputs[at] = given[index] ?? []
    }
    const computeUs = Math.min(0xffff_ffff, Math.round(1000 * (performance.now() - startedMs)))
    return { outputs, computeUs }
  }

  /** Those that are run together: texts in neighbouring places of one arena. */
  #grouped(parts: readonly RunPart[]): readonly (readonly RunPart[])[] {
    const together = paddedRows(parts)
    const own = (part: RunPart): boolean =>
      !this.#init.graph.several || !part.text.fits(part.rows.position, together)
    const alone = parts.filter(own)
    const company = parts.filter((part) => !own(part))
    for (const { text, rows } of alone) text.begin(rows, paddedRows([{ rows }]))
    for (const { text, rows } of company) text.begin(rows, together)
    const byCache = new Map(company.map((part) => [part.text.cache, part]))
    const arenas = Map.groupBy(byCache.keys(), ({ arena }) => arena)
    const groups = [...arenas].flatMap(([arena, caches]) => arena?.gathered(caches) ?? [caches])
    return [
      ...groups.map((caches) => caches.flatMap((cache) => byCache.get(cache) ?? [])),
      ...alone.map((part) => [part]),
    ]
  }

  /** What each of `parts` gave. */
  async #run(
    parts: readonly RunPart[],
    crossing: readonly Crossing[],
  ): Promise<readonly (readonly WireTensor[])[]> {
    const { ort, graph, sent, session } = this.#init
    const rowsMin = graph.several && parts.every(({ text }) => text.lone) ? 1 : ROWS_MIN
    const wanted = wantedRows(parts, graph, rowsMin)
    const padded = paddedRows(parts)
    const feeds = textFeeds({ ort, graph }, { parts, crossing, padded, rowsMin })
    if (graph.local.has(ROWS)) {
      feeds[ROWS] = new ort.Tensor('int64', BigInt64Array.from(wanted, BigInt), [wanted.length])
    }
    const fetches: Record<string, Ort.Tensor | null> = {}
    for (const { name } of sent) fetches[name] = null
    for (const { past, present } of graph.cached) {
      fetches[present] = graph.adds ? null : (feeds[past] ?? null)
    }
    const results = await session.run(feeds, fetches)
    if (graph.adds) keepAdded(graph, parts, results)
    for (const { text, rows } of parts) text.commit(rows)
    if (graph.draws) return this.#drawn(parts, wanted.length, results)
    const made = sent.map(({ name }, index) => crossed(results[name], index, { parts, rowsMin }))
    return parts.map(({ text, rows }, at) => {
      const outputs = made.flatMap((each) => each[at] ?? [])
      const [hidden] = outputs
      return graph.pools && hidden !== undefined ? pooled(text, rows, hidden) : outputs
    })
  }

  #drawn(
    parts: readonly RunPart[],
    wanted: number,
    results: Readonly<Record<string, Ort.OnnxValue>>,
  ): readonly (readonly WireTensor[])[] {
    const logits = results[LOGITS]?.data
    if (!(logits instanceof Float32Array)) throw new Error('expected logits of float32')
    const vocabulary = logits.length / wanted
    let row = 0
    return parts.map(({ text, rows }) => {
      const from = row
      row += rows.tokens.length - rows.drawFrom
      const drawn = text.draw(rows, logits.subarray(from * vocabulary, row * vocabulary))
      return drawnTensors(drawn).map(placed)
    })
  }
}

/** Puts keys and values of new rows into their place; those of rows that only padded are dropped. */
function keepAdded(
  { cached }: TextGraph,
  parts: readonly RunPart[],
  results: Readonly<Record<string, Ort.OnnxValue>>,
): void {
  for (const [index, { present }] of cached.entries()) {
    const added = results[present]?.data
    if (!(added instanceof Float32Array)) throw new Error(`expected ${present} of float32`)
    const size = added.length / parts.length
    for (const [at, { text, rows }] of parts.entries()) {
      const own = added.subarray(at * size, (at + 1) * size)
      text.cache.setRows(index, rows.position, own, rows.tokens.length)
    }
  }
}

/** Copied: what came in a message need not begin where numbers may. */
function elementsOf({ type, data }: WireTensor): Float32Array | Int32Array {
  const { buffer } = data.slice()
  return type === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer)
}

/** Rows that each text of a run has in attention: as many as the longest, and never one alone. */
function paddedRows(parts: readonly Pick<RunPart, 'rows'>[]): number {
  return Math.max(ROWS_MIN, ...parts.map(({ rows }) => rows.tokens.length))
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

/** The rows, of all that come in, whose logits are asked for: at least `rowsMin`, of which the last may only pad. */
function wantedRows(
  parts: readonly RunPart[],
  { pools }: TextGraph,
  rowsMin: number,
): readonly number[] {
  let count = 0
  const rows = parts.flatMap(({ rows: { tokens, drawFrom } }) => {
    const from = count
    count += tokens.length
    const first = pools ? 0 : drawFrom
    return tokens.slice(first).map((_, index) => from + first + index)
  })
  while (rows.length < rowsMin) rows.push(count - 1)
  return rows
}

/** Of an output, the rows of each of `parts`, all of them numbers. */
function crossed(
  value: Ort.OnnxValue | undefined,
  index: number,
  { parts, rowsMin }: { readonly parts: readonly RunPart[]; readonly rowsMin: number },
): readonly WireTensor[] {
  const count = parts.reduce((sum, { rows }) => sum + rows.tokens.length, 0)
  const rowCount = Math.max(count, rowsMin)
  const [, rows, ...rest] = value?.dims ?? []
  if (value?.type !== 'float32' || rows !== rowCount) {
    throw new Error(`expected ${rowCount} rows of float32 at output ${index}`)
  }
  const all = value.data as Float32Array
  const width = all.length / rowCount
  let row = 0
  return parts.map(({ rows: { tokens } }) => {
    const own = all.subarray(row * width, (row + tokens.length) * width)
    row += tokens.length
    // Not a number anywhere spoils every row after it, in this stage and behind.
    if (!own.every(Number.isFinite)) throw new NotFiniteError(`output ${index}`)
    const data = new Uint8Array(own.buffer, own.byteOffset, own.byteLength)
    return { index, type: 'float32', dims: [1, tokens.length, ...rest], data }
  })
}
