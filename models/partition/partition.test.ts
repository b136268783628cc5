import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  partition,
  type Objective,
  type Partition,
  type PartitionModel,
  type StageSeat,
} from './partition.ts'

/** A model of `weights.length` layers, each with one tensor of its own and cuts of 10 bytes. */
function chain(weights: readonly number[]): PartitionModel {
  return {
    layers: weights.map((bytes, index) => ({
      flops: bytes,
      readBytes: 0,
      activationBytes: 0,
      tensors: [index],
    })),
    cutBytes: Array.from({ length: weights.length + 1 }, () => 10),
    tensorBytes: weights,
  }
}

const seat = (init: Partial<StageSeat> = {}): StageSeat => ({
  flopsPerSecond: 1_000,
  memoryBytesPerSecond: 1_000,
  memoryBytesMax: 1e9,
  linkBytesPerSecond: 10_000,
  linkMs: 0,
  ...init,
})

/** Every way to put all layers on all seats, priced without dynamic programming. */
function bruteForce(model: PartitionModel, seats: readonly StageSeat[]): readonly Partition[] {
  const all: Partition[] = []
  const extend = (bounds: readonly number[]): void => {
    if (bounds.length < seats.length) {
      for (let next = (bounds.at(-1) ?? 0) + 1; next < model.layers.length; next++) {
        extend([...bounds, next])
      }
      return
    }
    const priced = price(model, seats, [...bounds, model.layers.length])
    if (priced !== undefined) all.push(priced)
  }
  extend([0])
  return all
}

function price(
  model: PartitionModel,
  seats: readonly StageSeat[],
  bounds: readonly number[],
): Partition | undefined {
  const stages = seats.map((at, index) => {
    const [fromLayer = 0, toLayer = 0] = bounds.slice(index, index + 2)
    const layers = model.layers.slice(fromLayer, toLayer)
    const held = [...new Set(layers.flatMap((layer) => layer.tensors))]
    const memoryBytes =
      held.reduce((sum, tensor) => sum + (model.tensorBytes[tensor] ?? 0), 0) +
      Math.max(...layers.map((layer) => layer.activationBytes))
    const computeMs = layers
      .map((layer) =>
        Math.max(
          (1_000 * layer.flops) / at.flopsPerSecond,
          (1_000 * layer.readBytes) / at.memoryBytesPerSecond,
        ),
      )
      .reduce((sum, ms) => sum + ms, 0)
    const receiveMs = at.linkMs + (1_000 * (model.cutBytes[fromLayer] ?? 0)) / at.linkBytesPerSecond
    return { fromLayer, toLayer, computeMs, receiveMs, memoryBytes }
  })
  if (stages.some((stage, index) => stage.memoryBytes > (seats[index]?.memoryBytesMax ?? 0))) {
    return undefined
  }
  return {
    stages,
    latencyMs: stages.reduce((sum, stage) => sum + stage.computeMs + stage.receiveMs, 0),
    bottleneckMs: Math.max(...stages.flatMap((stage) => [stage.computeMs, stage.receiveMs])),
  }
}

describe('partition', () => {
  it('balances equal devices', () => {
    expect(partition(chain([3, 1, 1, 1]), [seat(), seat()], 'throughput')).toEqual({
      type: 'value',
      value: {
        stages: [
          { fromLayer: 0, toLayer: 1, computeMs: 3, receiveMs: 1, memoryBytes: 3 },
          { fromLayer: 1, toLayer: 4, computeMs: 3, receiveMs: 1, memoryBytes: 3 },
        ],
        latencyMs: 8,
        bottleneckMs: 3,
      },
    })
  })

  it('gives a device no more than its memory holds', () => {
    const result = partition(
      chain([3, 1, 1, 1]),
      [seat(), seat({ memoryBytesMax: 2 })],
      'throughput',
    )
    expect(result.type === 'value' && result.value.stages.map((stage) => stage.toLayer)).toEqual([
      2, 4,
    ])
  })

  it('refuses what cannot be', () => {
    const small = seat({ memoryBytesMax: 2 })
    expect(partition(chain([3, 1]), [small, seat()], 'latency')).toEqual({
      type: 'refused',
      code: 'MODELS_NO_PARTITION',
      reason: 'expected 2 stages that fit their memory, got none',
    })
    expect(partition(chain([3, 1]), [seat(), seat(), seat()], 'latency')).toEqual({
      type: 'refused',
      code: 'MODELS_NO_PARTITION',
      reason: 'expected 1 to 2 stages, got 3',
    })
  })

  it('is as good as trying every boundary', () => {
    const models = fc
      .array(
        fc.record({
          flops: fc.nat(1_000),
          readBytes: fc.nat(1_000),
          activationBytes: fc.nat(100),
          tensors: fc.uniqueArray(fc.nat(5), { maxLength: 3 }),
        }),
        { minLength: 1, maxLength: 7 },
      )
      .chain((layers) =>
        fc.record({
          layers: fc.constant(layers),
          cutBytes: fc.array(fc.nat(1_000), {
            minLength: layers.length + 1,
            maxLength: layers.length + 1,
          }),
          tensorBytes: fc.array(fc.nat(500), { minLength: 6, maxLength: 6 }),
        }),
      )
    const seats = fc.array(
      fc.record({
        flopsPerSecond: fc.integer({ min: 1, max: 1_000 }),
        memoryBytesPerSecond: fc.integer({ min: 1, max: 1_000 }),
        memoryBytesMax: fc.integer({ min: 300, max: 2_500 }),
        linkBytesPerSecond: fc.integer({ min: 1, max: 1_000 }),
        linkMs: fc.nat(100),
      }),
      { minLength: 1, maxLength: 4 },
    )
    const objectives = fc.constantFrom<Objective>('latency', 'throughput')
    fc.assert(
      fc.property(models, seats, objectives, (model, row, objective) => {
        const found = partition(model, row, objective)
        const all = bruteForce(model, row)
        if (found.type === 'refused') return all.length === 0
        const { value } = found
        const key = objective === 'latency' ? 'latencyMs' : 'bottleneckMs'
        const least = Math.min(...all.map((one) => one[key]))
        const ties = all.filter((one) => one[key] <= least * (1 + 1e-9))
        const latency = Math.min(...ties.map((one) => one.latencyMs))
        return value[key] <= least * (1 + 1e-9) && value.latencyMs <= latency * (1 + 1e-9)
      }),
    )
  })
})
