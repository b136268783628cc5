/**
 * Keys and values of several texts side by side, each with room for equally many rows.
 *
 * One run takes the texts of neighbouring places as one tensor (models/text/several-texts.ts), without
 * copying: so texts that are run together are brought side by side, which lasts as long as they are.
 *
 * @module
 */

import type { CachedTensor } from './text-cache.ts'
import type { TextMemory } from './text-memory.ts'

/** What stands in a place. */
export interface Tenant {
  /** Rows that are valid. */
  readonly length: number
  place: number
}

/** Rows that are moved for one run, at most: a long text costs more to move than its company saves. */
const MOVED_ROWS_MAX = 512

export class CacheArena<Text extends Tenant> {
  /** Rows that each place has room for. */
  readonly capacity: number
  readonly #tensors: readonly CachedTensor[]
  readonly #placesMax: number
  readonly #memory: TextMemory
  readonly #texts: (Text | undefined)[] = []
  /** Of each tensor: [places, heads, capacity, headSize]. */
  #data: Float32Array[] = []

  constructor(
    tensors: readonly CachedTensor[],
    { capacity, placesMax }: { readonly capacity: number; readonly placesMax: number },
    memory: TextMemory,
  ) {
    this.#tensors = tensors
    this.capacity = capacity
    this.#placesMax = placesMax
    this.#memory = memory
  }

  get isFull(): boolean {
    return this.#texts.length === this.#placesMax && !this.#texts.includes(undefined)
  }

  get isEmpty(): boolean {
    return this.#texts.every((text) => text === undefined)
  }

  /** Gives `text` a place; there must be one. */
  add(text: Text): void {
    const free = this.#texts.indexOf(undefined)
    if (free === -1) this.#grow()
    text.place = free === -1 ? this.#texts.indexOf(undefined) : free
    this.#texts[text.place] = text
  }

  /** Takes a place back; with the last one all memory is given back. */
  remove(place: number): void {
    this.#texts[place] = undefined
    if (!this.isEmpty) return
    for (const array of this.#data) this.#memory.give(array)
    this.#data = []
    this.#texts.length = 0
  }

  /** Tensor `index` in `count` places from `place` on: [count, heads, capacity, headSize]. */
  at(index: number, place: number, count: number): Float32Array {
    const size = this.#placeSize(index)
    return this.#array(index).subarray(place * size, (place + count) * size)
  }

  /** Copies the valid rows of what stands in a place of another arena. */
  copyFrom(other: CacheArena<Text>, from: Readonly<Tenant>, to: Tenant): void {
    for (const [index, { heads, headSize }] of this.#tensors.entries()) {
      const [source, target] = [other.at(index, from.place, 1), this.at(index, to.place, 1)]
      for (let head = 0; head < heads; head++) {
        const start = head * other.capacity * headSize
        const valid = source.subarray(start, start + from.length * headSize)
        target.set(valid, head * this.capacity * headSize)
      }
    }
  }

  /**
   * Brings `texts` side by side, as far as that moves few rows.
   *
   * @returns All of them, in groups that stand in neighbouring places, in the order of those.
   */
  gathered(texts: readonly Text[]): readonly (readonly Text[])[] {
    const wanted = new Set(texts)
    const start = this.#bestWindow(wanted)
    const outside = texts.filter(({ place }) => place < start || place >= start + texts.length)
    let rowsLeft = MOVED_ROWS_MAX
    for (let place = start; place < start + texts.length; place++) {
      const other = this.#texts[place]
      if (other !== undefined && wanted.has(other)) continue
      const text = outside.pop()
      if (text === undefined) break
      rowsLeft -= text.length + (other?.length ?? 0)
      if (rowsLeft < 0) break
      this.#swap(text, place)
    }
    return neighbours(texts)
  }

  /** Where most of `wanted` stand in as many places as they are. */
  #bestWindow(wanted: ReadonlySet<Text>): number {
    let best = { start: 0, count: -1 }
    for (let start = 0; start + wanted.size <= this.#texts.length; start++) {
      const inside = this.#texts.slice(start, start + wanted.size)
      const count = inside.filter((text) => text !== undefined && wanted.has(text)).length
      if (count > best.count) best = { start, count }
    }
    return best.start
  }

  #swap(text: Text, place: number): void {
    const other = this.#texts[place]
    const rows = Math.max(text.length, other?.length ?? 0)
    for (const [index, { heads, headSize }] of this.#tensors.entries()) {
      const [own, its] = [this.at(index, text.place, 1), this.at(index, place, 1)]
      for (let head = 0; head < heads; head++) {
        const start = head * this.capacity * headSize
        const end = start + rows * headSize
        const moved = own.slice(start, end)
        own.set(its.subarray(start, end), start)
        its.set(moved, start)
      }
    }
    this.#texts[text.place] = other
    if (other !== undefined) other.place = text.place
    this.#texts[place] = text
    text.place = place
  }

  #grow(): void {
    // By half: each growth copies all that is here, and what nobody stands in is memory all the same.
    const places = Math.min(this.#placesMax, Math.max(1, Math.ceil(1.5 * this.#texts.length)))
    for (const index of this.#tensors.keys()) {
      const before = this.#array(index)
      const grown = this.#memory.take(places * this.#placeSize(index))
      grown.set(before)
      this.#data[index] = grown
      this.#memory.give(before)
    }
    while (this.#texts.length < places) this.#texts.push(undefined)
  }

  #array(index: number): Float32Array {
    return this.#data[index] ?? new Float32Array(0)
  }

  #placeSize(index: number): number {
    const tensor = this.#tensors[index]
    return tensor === undefined ? 0 : tensor.heads * this.capacity * tensor.headSize
  }
}

function neighbours<Text extends Tenant>(texts: readonly Text[]): readonly (readonly Text[])[] {
  const groups: Text[][] = []
  for (const text of texts.toSorted((a, b) => a.place - b.place)) {
    const group = groups.at(-1)
    if (group?.at(-1)?.place === text.place - 1) group?.push(text)
    else groups.push([text])
  }
  return groups
}
