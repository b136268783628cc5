import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedQueue } from './bounded-queue.ts'
import { InvariantError } from './invariant.ts'

describe('bounded queue', () => {
  it('gives items back in the order in which it took them', () => {
    const queue = new BoundedQueue<string>(3)
    expect(['a', 'b'].map((item) => queue.push(item))).toEqual([true, true])
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['a', 'b', undefined])
  })

  it('refuses an item when it is full, and keeps those it has', () => {
    const queue = new BoundedQueue<number>(2)
    expect([1, 2, 3].map((item) => queue.push(item))).toEqual([true, true, false])
    expect([queue.length, queue.shift(), queue.shift()]).toEqual([2, 1, 2])
  })

  it('behaves as an array with a limit, whatever is done in whatever order', () => {
    const step = fc.oneof(fc.nat(), fc.constant('shift' as const))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (lengthMax, steps) => {
        const queue = new BoundedQueue<number>(lengthMax)
        const model: number[] = []
        for (const next of steps) {
          if (next === 'shift') expect(queue.shift()).toBe(model.shift())
          else {
            expect(queue.push(next)).toBe(model.length < lengthMax)
            if (model.length < lengthMax) model.push(next)
          }
          expect(queue.length).toBe(model.length)
        }
      }),
    )
  })

  it.each([0, -1, 1.5])('cannot hold %d items at most', (lengthMax) => {
    expect(() => new BoundedQueue(lengthMax)).toThrow(InvariantError)
  })
})
