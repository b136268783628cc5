import { describe, expect, it } from 'vitest'
import { CacheRooms, roomRows, TextCache } from './text-cache.ts'
import { TextMemory } from './text-memory.ts'

const TENSORS = [{ past: 'past.0.key', present: 'present.0.key', heads: 2, headSize: 4 }]
/** Rows of the two smallest rooms. */
const SMALL = roomRows(1)
const NEXT = roomRows(SMALL + 1)

function rooms(memory: TextMemory, placesMax = 1): CacheRooms {
  return new CacheRooms(TENSORS, placesMax, memory)
}

describe('the memory of texts', () => {
  it('gives arrays out again, with nothing of the text before in them', () => {
    const memory = new TextMemory()
    const shared = rooms(memory)
    const first = new TextCache(shared)
    first.reserve(10)
    const array = first.at(0).fill(7)
    first.end()
    expect([memory.bytes, first.capacity, first.at(0).length]).toEqual([array.byteLength, 0, 0])

    const second = new TextCache(shared)
    second.reserve(10)
    expect(second.at(0).buffer).toBe(array.buffer)
    expect(second.at(0).every((value) => value === 0)).toBe(true)
    expect(memory.bytes).toBe(0)
  })

  it('takes back what a text has outgrown, and keeps what is valid of it', () => {
    const memory = new TextMemory()
    const cache = new TextCache(rooms(memory))
    cache.reserve(SMALL)
    const small = cache.at(0)
    for (let at = 0; at < small.length; at++) small[at] = at
    cache.length = SMALL
    cache.reserve(SMALL + 1)
    expect(cache.capacity).toBe(NEXT)
    const [head, size] = [4 * NEXT, 4 * SMALL]
    expect([...cache.at(0).subarray(0, size)]).toEqual([...small.subarray(0, size)])
    expect([...cache.at(0).subarray(head, head + size)]).toEqual([...small.subarray(size)])
    expect(memory.bytes).toBe(small.byteLength)
  })

  it('keeps no more than it may', () => {
    const memory = new TextMemory(100)
    memory.give(new Float32Array(20))
    memory.give(new Float32Array(20))
    expect(memory.bytes).toBe(80)
    expect(memory.take(20)).toHaveLength(20)
    expect(memory.bytes).toBe(0)
  })

  it('has one place to draw in for each size of vocabulary', () => {
    const memory = new TextMemory()
    expect(memory.sampling(8)).toBe(memory.sampling(8))
    expect(memory.sampling(9).logits).toHaveLength(9)
  })
})

describe('the rooms of texts', () => {
  /** Texts of 10 valid rows that each hold their own number. */
  function texts(count: number, shared: CacheRooms): TextCache[] {
    return Array.from({ length: count }, (_, index) => {
      const text = new TextCache(shared)
      text.reserve(10)
      text.length = 10
      text.at(0).fill(index)
      return text
    })
  }
  const numbersIn = (all: readonly TextCache[]): number[] => all.map((text) => text.at(0)[0] ?? -1)

  it('are as large for a text that ends with a power of two as for one a row shorter', () => {
    expect([128, 129, 136, 137, 2_049].map(roomRows)).toEqual([136, 136, 136, 264, 2_056])
  })

  it('stand side by side, grow with what comes, and are given back with the last one', () => {
    const memory = new TextMemory()
    const shared = rooms(memory, 4)
    const all = texts(5, shared)
    expect(all.map(({ place }) => place)).toEqual([0, 1, 2, 3, 0])
    expect(numbersIn(all)).toEqual([0, 1, 2, 3, 4])
    expect(all[4]?.arena).not.toBe(all[0]?.arena)
    all[1]?.end()
    const [other] = texts(1, shared)
    expect(other?.place).toBe(1)
    for (const text of all) text.end()
    other?.end()
    expect(memory.bytes).toBeGreaterThan(0)
  })

  it('are brought side by side for texts that are run together, and stay so', () => {
    const all = texts(8, rooms(new TextMemory(), 8))
    const asked = [0, 3, 5, 6].flatMap((index) => all[index] ?? [])
    const [group, ...others] = all[0]?.arena?.gathered(asked) ?? []
    expect(others).toEqual([])
    expect(new Set(group)).toEqual(new Set(asked))
    const places = group?.map(({ place }) => place) ?? []
    expect(places).toEqual(places.map((_, index) => (places[0] ?? 0) + index))
    expect(numbersIn(all)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    all[0]?.arena?.gathered(asked)
    expect(group?.map(({ place }) => place)).toEqual(places)
  })

  it('are left by texts that are set aside, which take just what they hold', () => {
    const memory = new TextMemory()
    const shared = rooms(memory, 8)
    const all = texts(3, shared)
    const [first, second, third] = all
    second?.setAside(7)
    expect([second?.capacity, second?.length, second?.at(0).length]).toEqual([7, 7, 2 * 7 * 4])
    expect(numbersIn(all)).toEqual([0, 1, 2])
    const [next] = texts(1, shared)
    expect(next?.place).toBe(1)
    const copy = new TextCache(shared)
    if (second !== undefined) copy.beginAfter(second, 5)
    expect([copy.length, copy.at(0)[0]]).toEqual([5, 1])
    for (const text of [first, second, third, next, copy]) text?.end()
    expect(second?.capacity).toBe(0)
  })

  it('are left where they are when texts are long, in groups of neighbours', () => {
    const shared = rooms(new TextMemory(), 4)
    const all = texts(4, shared)
    for (const text of all) {
      text.reserve(400)
      text.length = 400
    }
    const asked = all.filter((_, index) => index !== 1)
    expect(all[0]?.arena?.gathered(asked).map((group) => group.map(({ place }) => place))).toEqual([
      [0],
      [2, 3],
    ])
  })
})
