import { expect, it } from 'vitest'
import { doublingModel } from '../../../test/fixtures/job-parts.ts'
import { textWish } from './text-wish.ts'

const spread = { stages: 2, wire: 'auto', provider: 'cpu' } as const

it('asks for steps of one token, and room for all of them', () => {
  const model = doublingModel(3)
  const [sample] = model.manifest.samples
  const tokens = sample?.dims[1] ?? 1

  expect(textWish(model, spread, 512)).toEqual({
    ...spread,
    replicas: 1,
    objective: 'latency',
    inputs: 1,
    scale: 1 / tokens,
    text: { positions: 512 },
  })
})

it('asks for many texts at once where that is the goal', () => {
  const many = { ...spread, objective: 'throughput', replicas: 'auto', inputs: 8 } as const

  expect(textWish(doublingModel(3), many, 1)).toMatchObject(many)
})
