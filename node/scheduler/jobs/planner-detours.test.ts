import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { capabilities } from '../../../test/fixtures/capabilities.ts'
import { decoderManifest } from '../../../test/fixtures/decoder-model.ts'
import { doublingModel } from '../../../test/fixtures/job-parts.ts'
import { LinkTable } from './link-table.ts'
import { Planner } from './planner.ts'
import type { PlannedDevice, PlanWish } from './plan-wish.ts'
import { SpeedTable } from './speed-table.ts'

const [self, a, b] = ['self', 'a', 'b'] as [PeerId, PeerId, PeerId]
const model = doublingModel(4)
const wish: PlanWish = {
  stages: 'auto',
  replicas: 'auto',
  objective: 'latency',
  wire: 'auto',
  provider: 'auto',
  inputs: 1,
  scale: 1,
}

function record(peer: PeerId, change: Parameters<typeof capabilities>[0] = {}): PlannedDevice {
  return { ...capabilities(change), peer }
}

function planners(records: readonly PlannedDevice[]) {
  let nowMs = 0
  const planner = new Planner(
    {
      self,
      links: new LinkTable(self),
      speeds: new SpeedTable(),
      nowMs: () => nowMs,
      records: () => records,
      excluded: () => new Map(),
      scoreOf: () => undefined,
      tierOf: () => undefined,
      survey: async () => undefined,
      appraise: async () => undefined,
    },
    { inFlightMax: 4, loadedMs: 60_000 },
  )
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { planner, pass }
}

const peersOf = ({ plan }: ReturnType<Planner['plan']>) =>
  plan.replicas.map((stages) => stages.map(({ peer }) => peer))

describe('a plan around devices', () => {
  it('asks a device last that made what is no number, for ten minutes or until it is forgiven', () => {
    const { planner, pass } = planners([record(self), record(a), record(b)])
    const one = { ...wish, stages: 1 }
    const first = planner.plan(model, one)
    planner.adopt(first)
    const [[peer = self] = []] = peersOf(first)
    planner.noteLost({ model: model.id, peer, code: 'INFERENCE_NOT_FINITE' })
    const second = planner.plan(model, one)
    expect(peersOf(second).flat()).not.toContain(peer)
    expect(second.plan.notChosen).toContainEqual(
      expect.objectContaining({ peer, reason: 'its stage made what is no number' }),
    )
    planner.noteLost({ model: model.id, peer: self, code: 'INFERENCE_LINK_LOST' })
    for (const other of [self, a, b]) {
      planner.noteLost({ model: model.id, peer: other, code: 'INFERENCE_NOT_FINITE' })
    }
    expect(peersOf(planner.plan(model, one))).toEqual(peersOf(first))
    planner.forgive(b)
    expect(peersOf(planner.plan(model, one)).flat()).toEqual([b])
    const [stages = []] = first.plan.replicas
    const lost = { stages, stageIndex: 0, excluded: [b], again: [b] }
    expect([self, a]).toContain(planner.replacement(first, lost))
    pass(600_000)
    expect(peersOf(planner.plan(model, one))).toEqual(peersOf(first))
  })

  it('goes where texts of others leave memory, in parts where none leaves enough, and waits where none does', () => {
    const written = { ...model, manifest: decoderManifest(2).manifest }
    // 128 bytes a token in each of its two layers that keep something.
    const long = { ...wish, text: { positions: 65_536 } } as const
    const [whole, part] = [16, 8]
    const plan = (own: number, other: number) => {
      const speeds = { ...capabilities().speeds, f32MflopsPerS: 500_000 }
      const records = [
        record(a, { speeds, textMebibytes: own }),
        record(b, { textMebibytes: other }),
      ]
      const { planner } = planners(records)
      return { planner, planned: planner.plan(written, long) }
    }
    const placed = (own: number, other: number) => {
      const { planner, planned } = plan(own, other)
      const lost = { stages: planned.plan.stages, stageIndex: 0, excluded: [a], again: [] }
      return [peersOf(planned)[0], planner.replacement(planned, lost)]
    }
    expect([placed(whole, whole), placed(0, whole), placed(0, 0)]).toEqual([
      [[a], b],
      [[b], b],
      [[a], b],
    ])
    const { stages, why } = plan(part, part).planned.plan
    expect([stages.length, why[0]]).toEqual([
      2,
      '2 stages because the text may need 16 MiB and no device has as much left beside others',
    ])
  })

  it('has a text go on where its bits stay the same, by what devices say of themselves', () => {
    const written = { ...model, manifest: decoderManifest(2).manifest }
    const text = { ...wish, text: { positions: 10 }, stages: 1 } as const
    const speeds = { ...capabilities().speeds, f32MflopsPerS: 500_000 }
    const [c, d, e] = ['c', 'd', 'e'] as [PeerId, PeerId, PeerId]
    const [x, y] = ['11'.repeat(32), '22'.repeat(32)]
    const holder = record(a, { speeds, numericClass: x })
    const others = [
      record(b, { speeds, numericClass: y }),
      record(c, { speeds }),
      record(d, { numericClass: x }),
    ]
    const { planner } = planners([holder, ...others])
    const planned = planner.plan(written, text)
    expect(peersOf(planned)).toEqual([[a]])
    const place = { stages: planned.plan.stages, stageIndex: 0, again: [] as PeerId[] }
    const inTurn = (lost: Partial<Parameters<Planner['replacement']>[1]>) => {
      const excluded: PeerId[] = [a]
      for (;;) {
        const next = planner.replacement(planned, { ...place, ...lost, excluded })
        if (next === undefined || excluded.includes(next)) return [...excluded.slice(1), next]
        excluded.push(next)
      }
    }
    expect(inTurn({})).toEqual([d, c, b, undefined])
    // A second one in waiting is of no use where it would be refused.
    expect(inTurn({ anyClass: false })).toEqual([d, c, undefined])
    // Who failed, but is still there, comes before what ends exactness.
    expect(inTurn({ again: [a] })).toEqual([d, c, a])
    // The class that the text was begun in is another one than that of who holds it now.
    const begun = planner.plan(written, { ...text, numericClass: y })
    expect(peersOf(begun)).toEqual([[b]])
    expect(planner.replacement(begun, { ...place, excluded: [a] })).toBe(b)
    // Where that is not known, who was refused for it shows which it is not.
    expect(inTurn({ ofOtherClass: [a] })).toEqual([b, c, d, undefined])
    expect(inTurn({ ofOtherClass: [a, b] })).toEqual([c, b, d, undefined])
    // Of a holder that says nothing nothing is known of others.
    const unknown = { ...place, stages: planned.plan.stages.map((each) => ({ ...each, peer: e })) }
    expect(planner.replacement(planned, { ...unknown, excluded: [e] })).toBe(a)
    // Classes are those of processors, and count for texts alone.
    const job = planner.plan(model, { ...wish, stages: 1 })
    const jobPlace = { stages: job.plan.stages, stageIndex: 0, excluded: [a], again: [] }
    expect(planner.replacement(job, jobPlace)).toBe(b)
  })
})
