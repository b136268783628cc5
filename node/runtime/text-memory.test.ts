import { describe, expect, it } from 'vitest'
import { TextCache } from './text-cache.ts'
import { TextMemory } from './text-memory.ts'

const TENSORS = [{ past: 'past.0.key', present: 'present.0.key', heads: 2, headSize: 4 }]

describe('the memory of texts', () => {
  it('gives arrays out again, with nothing of the text before in them', () => {
    const memory = new TextMemory()
    const first = new TextCache(TENSORS, 500, memory)
    first.reserve(10)
    const array = first.at(0).fill(7)
    first.end()
    expect([memory.bytes, first.capacity, first.at(0).length]).toEqual([array.byteLength, 0, 0])

    const second = new TextCache(TENSORS, 500, memory)
    second.reserve(10)
    expect(second.at(0)).toBe(array)
    expect(second.at(0).every((value) => value === 0)).toBe(true)
    expect(memory.bytes).toBe(0)
  })

  it('takes back what a text has outgrown, and keeps what is valid of it', () => {
    const memory = new TextMemory()
    const cache = new TextCache(TENSORS, 500, memory)
    cache.reserve(128)
    const small = cache.at(0)
    for (let at = 0; at < small.length; at++) small[at] = at
    cache.length = 128
    cache.reserve(129)
    expect(cache.capacity).toBe(256)
    expect([...cache.at(0).subarray(0, 512)]).toEqual([...small.subarray(0, 512)])
    expect([...cache.at(0).subarray(1_024, 1_536)]).toEqual([...small.subarray(512)])
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
