import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from './event-queue.ts'

describe('event queue', () => {
  it('gives events by time, and those of one moment as they were pushed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9)), (times) => {
        const queue = new EventQueue()
        const events = times.map((atMs, order) => ({
          atMs,
          order,
          kind: 'work' as const,
          device: 0,
          act: () => undefined,
        }))
        for (const event of events) queue.push(event)
        const popped = events.map(() => queue.pop())
        expect(popped).toEqual(events.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order))
        expect(queue.pop()).toBe(undefined)
      }),
    )
  })
})
