import { describe, expect, it } from 'vitest'
import type { ModelId, PeerId } from '../../../core/ids.ts'
import { PositionSamples } from './position-fit.ts'
import { type SpeedQuestion, type SpeedSample, SpeedTable } from './speed-table.ts'

const model = 'aa'.repeat(32) as ModelId
const other = 'bb'.repeat(32) as ModelId
const ash = 'ash' as PeerId
const elm = 'elm' as PeerId

/** Four layers and a head that is as much as all of them. */
const layerFlops = [1e9, 1e9, 1e9, 1e9, 4e9]

function about(peer: PeerId, change: Partial<SpeedQuestion> = {}): SpeedQuestion {
  return { model, peer, benchmark: 100, layerFlops, isText: false, ...change }
}

function sample(computeMs: number, change: Partial<SpeedSample> = {}): SpeedSample {
  return { fromLayer: 0, toLayer: 5, computeMs, source: 'alone', ...change }
}

function layersOf(table: SpeedTable, peer: PeerId): readonly number[] {
  return (table.estimate(about(peer)).layerMs ?? []).map(Math.round)
}

describe('speed table', () => {
  it('takes a share of the benchmark for a model that nobody has run', () => {
    const table = new SpeedTable()
    expect(table.estimate(about(ash))).toEqual({ gflopsPerS: 35, basis: 'benchmark' })
    expect(table.estimate(about(ash, { isText: true })).gflopsPerS).toBeCloseTo(7)
  })

  it('believes what was measured of the model on the device', () => {
    const table = new SpeedTable()
    table.note(about(ash), sample(80))
    expect(layersOf(table, ash)).toEqual([10, 10, 10, 10, 40])
    expect(table.estimate(about(ash))).toMatchObject({ basis: 'measured' })
    table.note(about(ash), sample(160))
    expect(layersOf(table, ash)).toEqual([13, 13, 13, 13, 52])
  })

  it('learns each range by itself, and infers the others from the first', () => {
    const table = new SpeedTable()
    table.note(about(ash), sample(20, { toLayer: 2 }))
    expect(layersOf(table, ash)).toEqual([10, 10, 10, 10, 40])
    table.note(about(ash), sample(30, { fromLayer: 2 }))
    expect(layersOf(table, ash)).toEqual([10, 10, 5, 5, 20])
  })

  it('believes a test of the stage until the model has run', () => {
    const table = new SpeedTable()
    table.note(about(ash), sample(40, { source: 'probe' }))
    expect(table.estimate(about(ash))).toMatchObject({ basis: 'probe' })
    table.note(about(ash), sample(80))
    table.note(about(ash), sample(40, { source: 'probe' }))
    expect(layersOf(table, ash)).toEqual([10, 10, 10, 10, 40])
  })

  it('keeps what a step takes beside computing, and adds to a run of others', () => {
    const table = new SpeedTable()
    table.note(about(ash), sample(80, { stepMs: 2 }))
    table.note(about(ash), sample(40, { source: 'probe', besideMs: 10 }))
    expect(table.estimate(about(ash))).toMatchObject({ stepMs: 2, besideShare: 0.25 })
    expect(layersOf(table, ash)).toEqual([10, 10, 10, 10, 40])
    table.note(about(elm), sample(40, { source: 'probe', besideMs: 90 }))
    expect(table.estimate(about(elm)).besideShare).toBe(1)
  })

  it('learns how a step grows with the tokens before it, from texts that are long enough', () => {
    const table = new SpeedTable()
    const short = new PositionSamples()
    for (let position = 0; position < 20; position++) short.add(position, 1 + position)
    expect(short.sums()).toBe(undefined)
    const long = new PositionSamples()
    for (let position = 100; position < 300; position++) {
      long.add(position, (1 + position / 1_000) * 80 * (position % 2 === 0 ? 0.99 : 1.01))
    }
    const positions = long.sums()
    if (positions === undefined) throw new Error('expected a line')
    table.note(about(ash), sample(80 * 1.2, { positions }))
    const whole = (position: number) =>
      (table.estimate(about(ash, { position })).layerMs ?? []).reduce((sum, ms) => sum + ms, 0)
    expect([0, 1_000].map((position) => Math.round(whole(position) / 4))).toEqual([20, 40])
  })

  it('takes no growth from times that only stray', () => {
    const table = new SpeedTable()
    const steps = new PositionSamples()
    for (let position = 0; position < 100; position++) steps.add(position, position % 7)
    const positions = steps.sums()
    if (positions === undefined) throw new Error('expected a line')
    table.note(about(ash), sample(80, { positions }))
    expect(table.estimate(about(ash, { position: 4_000 })).layerMs?.[0]).toBeCloseTo(10)
  })

  it('takes the share that others reached where the device has not run the model', () => {
    const table = new SpeedTable()
    table.note(about(ash), sample(400))
    expect(table.estimate(about(elm, { benchmark: 50 }))).toEqual({
      gflopsPerS: 10,
      basis: 'others',
    })
    expect(table.estimate(about(elm, { benchmark: 0 })).gflopsPerS).toBe(20)
    expect(table.estimate(about(elm, { model: other })).gflopsPerS).toBe(35)
  })

  it('believes what a device says of itself rather than what others reached, until it is seen', () => {
    const table = new SpeedTable()
    table.note(about(ash), sample(400))
    const told = [{ fromLayer: 0, toLayer: 2, computeMs: 20, chunkMs: 5, growth: 0.001 }]
    const of = (change: Partial<SpeedQuestion> = {}) =>
      table.estimate(about(elm, { told, ...change }))
    expect(of()).toMatchObject({ basis: 'told', chunkShare: 0.25 })
    expect((of().layerMs ?? []).map(Math.round)).toEqual([10, 10, 10, 10, 40])
    expect((of({ position: 1_000 }).layerMs ?? []).map(Math.round)).toEqual([20, 20, 20, 20, 80])
    expect(of({ told: [{ ...(told[0] as (typeof told)[0]), toLayer: 0 }] }).basis).toBe('others')
    table.note(about(elm), sample(160, { source: 'probe' }))
    expect(of()).toMatchObject({ basis: 'probe' })
  })

  it('takes what is told of several stages each for its own layers, the latest first', () => {
    const told = [
      { fromLayer: 0, toLayer: 2, computeMs: 40, growth: 0 },
      { fromLayer: 2, toLayer: 5, computeMs: 60, growth: 0 },
    ]
    const { layerMs = [] } = new SpeedTable().estimate(about(ash, { told }))
    expect(layerMs.map(Math.round)).toEqual([20, 20, 10, 10, 40])
  })

  it('learns nothing from a run that took no time to speak of', () => {
    const table = new SpeedTable()
    for (const computeMs of [Number.NaN, 0, -1]) table.note(about(ash), sample(computeMs))
    expect(table.estimate(about(ash)).basis).toBe('benchmark')
  })
})
