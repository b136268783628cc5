import { expect, it } from 'vitest'
import type { ModelId, PeerId } from '../../../core/ids.ts'
import { PlanMemory } from './plan-memory.ts'

const model = 'aa'.repeat(32) as ModelId
const [a, b] = ['a', 'b'] as [PeerId, PeerId]

function stage(peer: PeerId, fromLayer: number, toLayer: number, loadMs = 0) {
  return { model, peer, fromLayer, toLayer, loadMs }
}

it('keeps the plan of each wish', () => {
  const memory = new PlanMemory(100)
  memory.adopt('two stages', [])
  expect([memory.plan('two stages'), memory.plan('three stages')]).toEqual([[], undefined])
})

it('knows what devices have loaded until nobody has used it for a while', () => {
  const memory = new PlanMemory(100)
  memory.noteLoaded(stage(a, 0, 2), 0)
  memory.noteLoaded(stage(a, 0, 3), 50)
  memory.noteLoaded(stage(b, 2, 4), 60)
  expect([...memory.loaded(model, 100)]).toEqual([
    [
      a,
      [
        { fromLayer: 0, toLayer: 2 },
        { fromLayer: 0, toLayer: 3 },
      ],
    ],
    [b, [{ fromLayer: 2, toLayer: 4 }]],
  ])
  expect([...memory.loaded(model, 155)]).toEqual([[b, [{ fromLayer: 2, toLayer: 4 }]]])
  memory.noteLost(model, b)
  expect(memory.loaded(model, 155).size).toBe(0)
})

it('learns how long loading takes', () => {
  const memory = new PlanMemory(100)
  expect(memory.loadMs(model)).toBe(0)
  memory.noteLoaded(stage(a, 0, 2, 1_000), 0)
  memory.noteLoaded(stage(a, 0, 2, 2_000), 0)
  memory.noteLoaded(stage(a, 0, 2), 0)
  expect(memory.loadMs(model)).toBe(1_300)
})
