import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../core/random.ts'
import { CrowdWorld } from './crowd-world.ts'

describe('a crowd of devices', () => {
  const run = (seed: number): CrowdWorld =>
    new CrowdWorld({ devices: 150, seats: 16, epochs: 2 }, SeededRandom.fromInteger(seed)).run()

  it('brings the statements of nearly all to every seat, and leaves nobody alone', () => {
    const world = run(3)
    expect(world.violations()).toEqual([])
    expect(world.clock.events).toBeGreaterThan(20_000)
  })

  it('does the same again from the same seed, and something else from another', () => {
    expect(run(5).clock.traceHash()).toBe(run(5).clock.traceHash())
    expect(run(5).clock.traceHash()).not.toBe(run(6).clock.traceHash())
  })
})
