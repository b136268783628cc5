/**
 * The keys and values of one text at one stage, inside the executor that computes with them.
 *
 * A run takes them as they lie here, and new rows are put behind them afterwards. Where a graph gives
 * all that it took and not new rows alone, onnxruntime writes in place: the same memory is what a run
 * takes and what it gives. The valid part is always the slots from 0 on, without a gap (inference.md 7,
 * rule R2); what lies behind is overwritten before anything reads it. Room grows by doubling, and what
 * a row gives does not depend on how much of it there is.
 *
 * @module
 */

import { CacheArena, type Tenant } from './cache-arena.ts'
import { TextMemory } from './text-memory.ts'

/** One pair of tensors of the graph. */
export interface CachedTensor {
  /** Input of the graph. */
  readonly past: string
  /** Its output: new rows, or all in the memory of the input. */
  readonly present: string
  readonly heads: number
  readonly headSize: number
}

/** Rows of the smallest room. */
const ROWS_MIN = 128

/** Rows beside a power of two: a text that fills one exactly has some more that only pad. */
const ROWS_SPARE = 8

/** Rows that a text takes memory for when it has `rows`: texts whose rooms are equally large can be run together. */
export function roomRows(rows: number): number {
  let room = ROWS_MIN
  while (room + ROWS_SPARE < rows) room *= 2
  return room + ROWS_SPARE
}

const NO_TENSOR: CachedTensor = { past: '', present: '', heads: 0, headSize: 0 }

/** Rooms of such sizes are hardly asked for again. */
const NOTHING_KEPT = new TextMemory(0)

/** The rooms of one executor's texts. */
export class CacheRooms {
  readonly tensors: readonly CachedTensor[]
  readonly #placesMax: number
  readonly #memory: TextMemory
  /** By their capacity. */
  readonly #arenas = new Map<number, CacheArena<TextCache>[]>()

  /** @param placesMax - Texts that a run takes, at most. */
  constructor(tensors: readonly CachedTensor[], placesMax: number, memory: TextMemory) {
    this.tensors = tensors
    this.#placesMax = placesMax
    this.#memory = memory
  }

  /** An arena with a free place for `rows` rows. */
  arena(rows: number): CacheArena<TextCache> {
    const capacity = roomRows(rows)
    const arenas = this.#arenas.get(capacity) ?? []
    this.#arenas.set(capacity, arenas)
    const open = arenas.find((arena) => !arena.isFull)
    if (open !== undefined) return open
    const init = { capacity, placesMax: this.#placesMax }
    const arena = new CacheArena<TextCache>(this.tensors, init, this.#memory)
    arenas.push(arena)
    return arena
  }

  /** A place for just so many rows, away from texts that go on. */
  aside(rows: number): CacheArena<TextCache> {
    const init = { capacity: rows, placesMax: 1 }
    return new CacheArena<TextCache>(this.tensors, init, NOTHING_KEPT)
  }

  /** Takes a place back, and the arena where it was the last one. */
  leave(arena: CacheArena<TextCache>, place: number): void {
    arena.remove(place)
    if (!arena.isEmpty) return
    const arenas = this.#arenas.get(arena.capacity)?.filter((other) => other !== arena) ?? []
    if (arenas.length === 0) this.#arenas.delete(arena.capacity)
    else this.#arenas.set(arena.capacity, arenas)
  }
}

export class TextCache implements Tenant {
  readonly #rooms: CacheRooms
  #arena: CacheArena<TextCache> | undefined
  /** Where it stands in its arena. */
  place = 0
  /** Rows that are valid. */
  length = 0

  constructor(rooms: CacheRooms) {
    this.#rooms = rooms
  }

  get capacity(): number {
    return this.#arena?.capacity ?? 0
  }

  /** What of the graph it holds. */
  get tensors(): readonly CachedTensor[] {
    return this.#rooms.tensors
  }

  /** Undefined while it has no room. */
  get arena(): CacheArena<TextCache> | undefined {
    return this.#arena
  }

  /** The memory of tensor `index`: [1, heads, capacity, headSize]. */
  at(index: number): Float32Array {
    return this.#arena?.at(index, this.place, 1) ?? new Float32Array(0)
  }

  /** Makes room for `rows` rows, keeping the valid ones. */
  reserve(rows: number): void {
    const before = this.#arena
    if (before !== undefined && rows <= before.capacity) return
    this.#move(this.#rooms.arena(rows))
  }

  /** Holds its first `rows` rows in no more room than they need; it does not go on. */
  setAside(rows: number): void {
    this.length = rows
    this.#move(this.#rooms.aside(rows))
  }

  #move(arena: CacheArena<TextCache>): void {
    const before = this.#arena
    const from = { length: this.length, place: this.place }
    arena.add(this)
    this.#arena = arena
    if (before === undefined) return
    arena.copyFrom(before, from, this)
    this.#rooms.leave(before, from.place)
  }

  /** Holds the first `rows` rows of another text. */
  beginAfter(other: TextCache, rows: number): void {
    this.reserve(rows)
    const { arena, place } = other
    if (arena !== undefined) this.#arena?.copyFrom(arena, { length: rows, place }, this)
    this.length = rows
  }

  /** The rows [from, to) of tensor `index`: [heads, rows, headSize]. */
  rows(index: number, from: number, to: number): Float32Array {
    const { heads, headSize } = this.#rooms.tensors[index] ?? NO_TENSOR
    const [all, count] = [this.at(index), (to - from) * headSize]
    const rows = new Float32Array(heads * count)
    for (let head = 0; head < heads; head++) {
      const start = (head * this.capacity + from) * headSize
      rows.set(all.subarray(start, start + count), head * count)
    }
    return rows
  }

  /** Puts the first `count` of such rows in their place, all when it is not said; there must be room. */
  setRows(index: number, from: number, rows: Float32Array, count = Infinity): void {
    const { heads, headSize } = this.#rooms.tensors[index] ?? NO_TENSOR
    const [all, given] = [this.at(index), rows.length / heads]
    const put = Math.min(given, count * headSize)
    for (let head = 0; head < heads; head++) {
      const start = (head * this.capacity + from) * headSize
      all.set(rows.subarray(head * given, head * given + put), start)
    }
  }

  /** Gives all room back. */
  end(): void {
    if (this.#arena !== undefined) this.#rooms.leave(this.#arena, this.place)
    this.#arena = undefined
    this.length = 0
  }
}
