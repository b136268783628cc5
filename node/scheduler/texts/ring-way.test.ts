import { expect, it } from 'vitest'
import { RingWay } from './ring-way.ts'

/** A step that two stages held for 10 ms each. */
function step(...transfersMs: (number | undefined)[]) {
  const hop = { arrivedMs: 0, heldUs: 10_000, queueUs: 0, computeUs: 10_000 }
  const output = { request: 0, hops: [hop, hop], tensors: [], leaf: new Uint8Array(8) }
  return { output, transfersMs }
}

it('tells the way that no message tells from when answers came and what they say', () => {
  const way = new RingWay()
  expect(way.take(step(1, 4, 6), 100)).toBe(undefined)
  // The last stage sent at 94; the first began at 99, the second at 113, and it came at 129.
  expect(way.take(step(undefined, 4, 6), 129)).toBe(5)
  expect(way.take(step(undefined, 4, 8), 160)).toBe(5)
})

it('tells nothing of a step that the requester sent, or where a link is not known', () => {
  const way = new RingWay()
  way.take(step(1, 4, 6), 100)
  expect(way.take(step(3, 4, 6), 140)).toBe(undefined)
  expect(way.take(step(undefined, undefined, 6), 180)).toBe(undefined)
  expect(way.take(step(undefined, 4, undefined), 220)).toBe(undefined)
  expect(way.take(step(undefined, 4, 6), 260)).toBe(undefined)
})

it('takes a way that clocks make shorter than nothing for nothing', () => {
  const way = new RingWay()
  way.take(step(1, 4, 6), 100)
  expect(way.take(step(undefined, 4, 6), 105)).toBe(0)
})
