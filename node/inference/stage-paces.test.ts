import { describe, expect, it } from 'vitest'
import type { ModelId } from '../../core/ids.ts'
import type { Pace } from '../../protocols/presence/index.ts'
import { type PacedStage, StagePaces, toldMebibytes, toldStreams } from './stage-paces.ts'

const MODEL = 'ab'.repeat(32) as ModelId

function stage(toLayer: number, change: Partial<PacedStage> = {}): PacedStage {
  const description = { fromLayer: 0, toLayer }
  return { model: MODEL, provider: 'cpu', stepUs: 10_000, chunkUs: 2_000, description, ...change }
}

function paces() {
  const told: (readonly Pace[])[] = []
  const all = new StagePaces((now) => told.push(now))
  const ran = (of: PacedStage, position: number, computeUs: number, ownUs = computeUs) =>
    all.ran(of, { position, drawFrom: 0, tokens: [1] }, { computeUs, ownUs })
  return { all, ran, told }
}

const pace = (toLayer: number, rowUs: number, farUs = 0): Pace => ({
  model: new Uint8Array(8).fill(0xab),
  fromLayer: 0,
  toLayer,
  rowUs,
  farUs,
  chunkUs: 2_000,
})

describe('paces of stages', () => {
  it('are told from the test on, and by what ran once something did', () => {
    const { all, ran, told } = paces()
    all.proved(stage(4))
    ran(stage(4), 7, 16_000)
    ran(stage(4), 1_500, 24_000)
    expect(told).toEqual([[pace(4, 10_000)], [pace(4, 16_000)], [pace(4, 16_000, 24_000)]])
  })

  it('are not told again for what changed a little, nor for what loads again', () => {
    const { all, ran, told } = paces()
    all.proved(stage(4))
    ran(stage(4), 0, 11_000)
    for (let row = 0; row < 50; row++) ran(stage(4), row, 12_400)
    all.proved(stage(4))
    expect(told).toEqual([[pace(4, 10_000)]])
    for (let row = 0; row < 50; row++) ran(stage(4), row, 14_000)
    expect(told).toHaveLength(2)
    expect(told[1]?.[0]?.rowUs).toBeGreaterThan(12_500)
  })

  it('leave out what says nothing of a row alone', () => {
    const { all, ran, told } = paces()
    all.proved(stage(4))
    ran(stage(4), 0, 90_000, 30_000)
    ran(stage(4), 600, 90_000)
    ran(stage(4), 2_048, 90_000)
    all.ran(stage(4), { position: 0, drawFrom: 0, tokens: [1, 2] }, { computeUs: 9e4, ownUs: 9e4 })
    ran(stage(5), 0, 90_000)
    expect(told).toEqual([[pace(4, 10_000)]])
  })

  it('are those of the processor, of stages that write texts', () => {
    const { all, told } = paces()
    all.proved(stage(4, { provider: 'webgpu' }))
    all.proved(stage(4, { stepUs: 0 }))
    expect(told).toEqual([])
  })

  it('are those of the latest stages, the latest first', () => {
    const { all, told } = paces()
    for (let layers = 1; layers <= 7; layers++) all.proved(stage(layers))
    all.proved(stage(3))
    expect(told.at(-1)?.map(({ toLayer }) => toLayer)).toEqual([3, 7, 6, 5, 4, 2])
  })
})

it('tells of open stages only when they are many, and coarsely', () => {
  expect([0, 3, 4, 7, 8, 15, 16, 63, 64, 999].map(toldStreams)).toEqual([
    0, 0, 4, 4, 8, 8, 16, 32, 64, 64,
  ])
})

it('tells of memory for texts in powers of two, and of none below one mebibyte', () => {
  const told = [0, 1_048_575, 1_048_576, 896 * 2 ** 20, 2 ** 30].map(toldMebibytes)
  expect(told).toEqual([0, 0, 1, 512, 1_024])
})
