import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { forecast } from '../placement/forecast.ts'
import { candidate, layer, peer, request } from '../placement/placement-fixture.ts'
import type { Plan, PlanStage } from '../placement/plan.ts'
import { solvePlacement } from '../placement/solve.ts'
import { LinkTable } from './link-table.ts'
import { chooseWires, commonWire, type WireWish } from './wire-choice.ts'

const [self, a, b, c] = ['s', 'a', 'b', 'c'].map((name) => peer(name)) as [
  PeerId,
  PeerId,
  PeerId,
  PeerId,
]

/** What was measured of links, in Mbit/s. */
function links(
  ...rates: readonly (readonly [from: PeerId, to: PeerId, mbps: number])[]
): LinkTable {
  const table = new LinkTable(self)
  const bytes = 1_000_000
  for (const [from, to, mbps] of rates) table.note({ from, to, bytes, ms: bytes / (125 * mbps) })
  return table
}

const asked = request({
  layers: Array.from({ length: 6 }, () => layer({ roundedBytes: 5e3 })),
  candidates: ['a', 'b', 'c'].map((name) => candidate(name)),
})

/** Pipelines of these devices, two layers each, as the solver might have found them. */
function solved(pipelines: readonly (readonly PeerId[])[]): Plan {
  const replicas = pipelines.map((peers) =>
    peers.map((each, index): PlanStage => ({
      peer: each,
      fromLayer: 2 * index,
      toLayer: 2 * index + 2,
      predictedMs: 20,
      weightBytes: 1,
      downloadBytes: 0,
      cutBytes: 10e3,
      sendMs: 1,
    })),
  )
  return { ...solvePlacement(asked), stages: replicas[0] ?? [], replicas, predictedLatencyMs: 60 }
}

function choice(wish: WireWish, pipelines: readonly (readonly PeerId[])[], table: LinkTable) {
  return chooseWires(wish, { request: asked, plan: solved(pipelines) }, table)
}

describe('the type of floats at each cut', () => {
  it.each([
    ['one stage', [[a]], links([self, a, 5]), [[]]],
    ['two stages on one device', [[a, a]], links([self, a, 5]), [['f32']]],
    ['links of which nothing is known', [[a, b]], links(), [['f32']]],
    ['a slow link', [[a, b]], links([a, b, 20]), [['f16']]],
    [
      'a slow link to the requester, where nothing else is known',
      [[a, b]],
      links([b, self, 20]),
      [['f16']],
    ],
    ['a slow link in one of two pipelines', [[a], [b, c]], links([b, c, 20]), [[], ['f16']]],
    ['quick links', [[a, b]], links([a, b, 900]), [['f32']]],
    ['a link that is slow the other way', [[a, b]], links([a, b, 900], [b, a, 5]), [['f32']]],
    [
      'a quick link before a slow one',
      [[a, b, c]],
      links([a, b, 900], [b, c, 20]),
      [['f32', 'f16']],
    ],
    [
      'a slow link before a quick one',
      [[a, b, c]],
      links([a, b, 20], [b, c, 900]),
      [['f16', 'f32']],
    ],
  ] as const)('for %s', (_, pipelines, table, wires) => {
    expect(choice('auto', pipelines, table).wires).toEqual(wires)
  })

  it('is not rounded where that saves next to nothing of a step', () => {
    const long = { ...solved([[a, b]]), predictedLatencyMs: 10_000 }
    const { wires, wireWhy } = chooseWires(
      'auto',
      { request: asked, plan: long },
      links([a, b, 20]),
    )
    expect([wires, wireWhy]).toEqual([
      [['f32']],
      'a link carries 20 Mbit/s, which is enough for its cut',
    ])
  })

  it('is what was asked for', () => {
    expect(choice('f16', [[a, b]], links([a, b, 900])).wires).toEqual([['f16']])
    expect(choice('f32', [[a, b]], links([a, b, 5])).wires).toEqual([['f32']])
  })

  it('is that of the cuts that a text was begun with, whatever links are now', () => {
    const begun = [
      { layer: 2, wire: 'f16' },
      { layer: 4, wire: 'f32' },
    ] as const
    const { wires, wireWhy } = choice(begun, [[a, b, c]], links([a, b, 900], [b, c, 5]))
    expect([wires, wireWhy]).toEqual([[['f16', 'f32']], 'as the text was begun'])
    expect(choice(begun.slice(1), [[a, b, c]], links()).wires, 'of a cut that is new').toEqual([
      ['f32', 'f32'],
    ])
  })

  it('comes with its reason', () => {
    const { wireWhy } = choice('auto', [[a, b, c]], links([a, b, 900], [b, c, 20]))
    expect(wireWhy).toBe('a link carries 20 Mbit/s')
    expect(choice('auto', [[a, b]], links([a, b, 900])).wireWhy).toBe(
      'links carry 900 Mbit/s or more',
    )
  })

  it('is told as one where all are alike', () => {
    expect([
      commonWire([[]]),
      commonWire([['f16', 'f16']]),
      commonWire([['f32'], ['f16']]),
    ]).toEqual(['f32', 'f16', 'mixed'])
  })

  it('is part of the plan: half the bytes cross, in half the time', () => {
    const way = [{ from: b, to: c, delayMs: 1, mbps: 20 }]
    const slow = { ...asked, links: way }
    const table = links([a, b, 900], [b, c, 20])
    const before = forecast(slow, solved([[a, b, c]]).stages)
    const { request: later, plan } = chooseWires(
      'auto',
      { request: slow, plan: solved([[a, b, c]]) },
      table,
    )
    expect(plan.stages.map(({ cutBytes }) => cutBytes)).toEqual([10e3, 5e3, 10e3])
    expect(plan.stages[1]?.sendMs).toBeCloseTo(1 + 2)
    expect(plan.predictedLatencyMs).toBeCloseTo((before?.latencyMs ?? 0) - 2)
    expect(forecast(later, plan.stages)?.latencyMs).toBe(plan.predictedLatencyMs)
    expect(plan.replicas).toEqual([plan.stages])
  })
})
