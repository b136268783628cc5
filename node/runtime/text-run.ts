/**
 * The texts that one executor holds: their keys and values, and who draws their next tokens.
 *
 * Rule R1 (inference.md 7): attention never has a single row. A step of one row attends as that row
 * twice; what the copy gives is dropped, and its place in the cache is the next one's. So each row
 * gives the same bits alone, in a chunk of a prompt, or in a replay of a whole text. What is not
 * attention takes the row alone where that was proved to change no bit, and two elsewhere.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import {
  samplerOf,
  TokenHistory,
  verifyDraft,
  type Sampler,
  type TokenConstraint,
} from '../../models/index.ts'
import type { DrawnToken, TextRows } from '../../protocols/inference/index.ts'
import type { BeginMessage } from './executor-messages.ts'
import { TextCache, type CacheRooms } from './text-cache.ts'
import { MeanRow } from './mean-row.ts'
import type { TextGraph } from './text-graph.ts'
import { NotFiniteError } from './not-finite.ts'
import { GuideError } from './text-guides.ts'
import type { TextMemory } from './text-memory.ts'

/** Rows that attention may not fall below, nor anything else where lone rows are not proved. */
export const ROWS_MIN = 2

/** Where a text is: the stage, and the memory that its texts share. */
export interface TextPlace {
  readonly graph: TextGraph
  readonly rooms: CacheRooms
  readonly memory: TextMemory
}

/** A text in an executor. */
export class TextRun {
  readonly cache: TextCache
  readonly #init: BeginMessage
  readonly #tokens: Int32Array
  #sampler: Sampler | undefined
  #history: TokenHistory | undefined
  readonly #constraint: TokenConstraint | undefined
  readonly #memory: TextMemory
  readonly #mean = new MeanRow()

  /** @param constraint - What the answer has to be. */
  constructor(
    { graph, rooms, memory }: TextPlace,
    init: BeginMessage,
    constraint: TokenConstraint | undefined,
  ) {
    this.#init = init
    this.#memory = memory
    this.#constraint = constraint
    this.cache = new TextCache(rooms)
    this.#tokens = new Int32Array(graph.draws ? init.positionsMax : 0)
  }

  /** Whether a row without company may run alone, but in attention. */
  get lone(): boolean {
    return this.#init.lone === true
  }

  /** Takes over the first `rows` rows of another text. @throws {Error} when it has fewer, or this one no room. */
  beginAfter(other: TextRun, rows: number): void {
    if (rows > other.cache.length || rows > this.#init.positionsMax) {
      throw new Error(`expected at most ${other.cache.length} rows, got ${rows}`)
    }
    this.cache.beginAfter(other.cache, rows)
    this.#tokens.set(other.#tokens.subarray(0, this.#tokens.length === 0 ? 0 : rows))
  }

  /**
   * Keys and values of the rows [from, to), in the order of the graph, then their tokens where some are
   * drawn. @throws {Error} when there are fewer.
   */
  exportRows(from: number, to: number): readonly (Float32Array | Int32Array)[] {
    if (from >= to || to > this.cache.length) {
      throw new Error(`expected rows up to ${this.cache.length}, got ${from} to ${to}`)
    }
    const kept = this.cache.tensors.map((_, index) => this.cache.rows(index, from, to))
    return this.#tokens.length === 0 ? kept : [...kept, this.#tokens.slice(from, to)]
  }

  /** Takes such rows. @throws {Error} when there is a gap, no room, or what is no number. */
  importRows(from: number, to: number, rows: readonly (Float32Array | Int32Array)[]): void {
    if (from >= to || from > this.cache.length || to > this.#init.positionsMax) {
      throw new Error(`expected rows from at most ${this.cache.length} on, got ${from} to ${to}`)
    }
    this.cache.length = from
    this.cache.reserve(to)
    for (const [index, part] of rows.entries()) {
      if (part instanceof Int32Array) this.#tokens.set(part, from)
      else if (!part.every(Number.isFinite)) throw new Error(`tensor ${index} is not finite`)
      else this.cache.setRows(index, from, part)
    }
    this.cache.length = to
  }

  /** Whether it may be run as `rowCount` rows from `position` on: one row alone is padded by one more. */
  fits(position: number, rowCount: number): boolean {
    return position + rowCount <= this.#init.positionsMax + ROWS_MIN - 1
  }

  /** Forgets what is behind the first of `rows`, and makes room. @throws {Error} when there is a gap. */
  begin(rows: TextRows, rowCount: number): void {
    const end = rows.position + rows.tokens.length
    if (rows.position > this.cache.length || end > this.#init.positionsMax) {
      throw new Error(`expected rows from at most ${this.cache.length} on, got ${rows.position}`)
    }
    this.cache.length = rows.position
    this.cache.reserve(rows.position + rowCount)
  }

  /** The rows are valid from now on. */
  commit({ position, tokens }: TextRows): void {
    this.cache.length = position + tokens.length
    if (this.#tokens.length > 0) this.#tokens.set(tokens, position)
  }

  /**
   * The tokens that follow `rows`: one, and one more for each draft that was right.
   *
   * @param logits - Of the rows from `drawFrom` on, one row after another.
   * @throws {GuideError} when the guide of the text allows none; {Error} when the logits are none.
   */
  draw(rows: TextRows, logits: Float32Array): readonly DrawnToken[] {
    const { position, drawFrom, tokens } = rows
    const count = tokens.length - drawFrom
    if (count === 0) return []
    const vocabulary = logits.length / count
    const sampler = this.#samplerOf(vocabulary)
    const window = Array.from({ length: count }, (_, row) =>
      logits.subarray(row * vocabulary, (row + 1) * vocabulary),
    )
    const length = position + drawFrom + 1
    const history = this.#historyUpTo(length)
    const constraint = this.#constraintUpTo(history)
    const verified = verifyDraft(
      sampler,
      { rows: window, draft: tokens.slice(drawFrom + 1), position: length },
      { history, constraint },
    )
    if (verified.type === 'refused') {
      // Not all of them need be numbers: exports rule tokens out by what is none.
      if (verified.code === 'SAMPLING_LOGITS_INVALID') throw new NotFiniteError('the best logit')
      const guided = constraint !== undefined && verified.code === 'SAMPLING_NOTHING_ALLOWED'
      throw guided ? new GuideError(verified.reason) : new Error(verified.reason)
    }
    return verified.tokens.map(({ token, logprob, alternatives }, row) => ({
      token,
      logprob,
      alternatives,
      logitsHash: this.#init.hashesLogits ? hashOf(window[row]) : undefined,
    }))
  }

  /**
   * Adds `rows` to the mean of all.
   *
   * @param hidden - Of each of them, one row after another.
   * @throws {Error} when they are not those behind what was added.
   */
  pool({ position, tokens }: TextRows, hidden: Float32Array): void {
    this.#mean.add(position, hidden, hidden.length / tokens.length)
  }

  /** Of all rows that were added. */
  mean(): Float32Array {
    return this.#mean.value
  }

  #samplerOf(vocabulary: number): Sampler {
    if (this.#sampler !== undefined) return this.#sampler
    const made = samplerOf(this.#init.sampling, this.#memory.sampling(vocabulary))
    if (made.type === 'refused') throw new Error(made.reason)
    this.#sampler = made.value
    return made.value
  }

  /** What was said so far: prompt, then answer. */
  #historyUpTo(length: number): TokenHistory {
    const { promptTokens, positionsMax } = this.#init
    const history = this.#history
    if (history !== undefined && promptTokens <= length && history.length >= promptTokens) {
      history.truncate(length)
      for (let at = history.length; at < length; at++) history.append(this.#tokens[at] ?? 0)
      // A step that goes back may say other tokens than before.
      if (agrees(history.view(promptTokens), this.#tokens.subarray(promptTokens, length))) {
        return history
      }
    }
    const prompt = Math.min(promptTokens, length)
    this.#constraint?.truncate(0)
    const made = new TokenHistory(this.#tokens.subarray(0, prompt), positionsMax)
    for (let at = prompt; at < length; at++) made.append(this.#tokens[at] ?? 0)
    this.#history = made
    return made
  }

  /** Brings the constraint to where the history is: it has what the one before had, as far as it goes. */
  #constraintUpTo(history: TokenHistory): TokenConstraint | undefined {
    const constraint = this.#constraint
    if (constraint === undefined) return undefined
    constraint.truncate(history.generatedLength)
    for (const token of history.view(this.#init.promptTokens + constraint.length)) {
      if (!constraint.append(token)) throw new GuideError('expected tokens that the guide allows')
    }
    return constraint
  }
}

function agrees(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index])
}

function hashOf(logits: Float32Array | undefined): Uint8Array {
  const bytes =
    logits === undefined
      ? new Uint8Array(0)
      : new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength)
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}
