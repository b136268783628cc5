import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { pipelineRate, type Queue } from './pipeline-rate.ts'

function rate(queues: readonly Queue[], linksMs: number, inFlight: number): number {
  const latencyMs = queues.reduce((sum, { aloneMs }) => sum + aloneMs, linksMs)
  const slowestMs = Math.max(...queues.map(({ besideMs }) => besideMs))
  return pipelineRate({ latencyMs, slowestMs, queues }, inFlight)
}

const alone = (aloneMs: number): Queue => ({ aloneMs, besideMs: aloneMs })

it('is one over the round trip with one step under way', () => {
  expect(rate([alone(10), { aloneMs: 20, besideMs: 5 }], 70, 1)).toBe(0.01)
})

it('is bounded by the round trip, or by the slowest stage, where nothing is run together', () => {
  expect(rate([alone(10), alone(20)], 70, 1.5)).toBeCloseTo(0.015)
  expect(rate([alone(10), alone(20)], 70, 4)).toBeCloseTo(0.04)
  expect(rate([alone(10), alone(20)], 70, 8)).toBeCloseTo(0.05)
})

it('is higher where a busy stage runs several together: all eight at once in one that is all there is', () => {
  // Eight steps go round together, each time in 10 + 7 × 2 ms.
  expect(rate([{ aloneMs: 10, besideMs: 2 }], 0, 8)).toBeCloseTo(8 / 24)
  // In two stages four are in each.
  const half = { aloneMs: 10, besideMs: 2 }
  expect(rate([half, half], 0, 8)).toBeCloseTo(4 / 16)
})

it('never falls with more under way, and stays within round trip and slowest stage', () => {
  const queue = fc
    .tuple(
      fc.double({ min: 0.1, max: 50, noNaN: true }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
    )
    .map(([aloneMs, share]): Queue => ({ aloneMs, besideMs: aloneMs * share }))
  const queues = fc.array(queue, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(
      queues,
      fc.nat(200),
      fc.integer({ min: 1, max: 64 }),
      (stages, linksMs, inFlight) => {
        const [few, more] = [inFlight, inFlight + 1].map((count) => rate(stages, linksMs, count))
        const latencyMs = stages.reduce((sum, { aloneMs }) => sum + aloneMs, linksMs)
        const slowestMs = Math.max(...stages.map(({ besideMs }) => besideMs))
        const bound = Math.min(inFlight / latencyMs, 1 / slowestMs)
        return (few ?? 0) <= bound * (1 + 1e-9) && (few ?? 0) <= (more ?? 0) * (1 + 1e-6)
      },
    ),
  )
})
