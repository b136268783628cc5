import { describe, expect, it } from 'vitest'
import type { Tier } from '../../../attestation/index.ts'
import type { BlobId, PeerId } from '../../../core/ids.ts'
import { capabilities } from '../../../test/fixtures/capabilities.ts'
import { doublingModel } from '../../../test/fixtures/job-parts.ts'
import { LinkTable } from './link-table.ts'
import { Planner } from './planner.ts'
import type { PlannedDevice, PlanWish } from './plan-wish.ts'
import { planView } from './plan-view.ts'
import { SpeedTable } from './speed-table.ts'

const [self, a, b] = ['self', 'a', 'b'] as [PeerId, PeerId, PeerId]
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

function setup(
  records: readonly PlannedDevice[],
  excluded: ReadonlyMap<PeerId, string> = new Map(),
  /** What those come to that are asked for evidence. */
  evidence: ReadonlyMap<PeerId, Tier> = new Map(),
) {
  const scores = new Map<PeerId, number>()
  const links = new LinkTable(self)
  const asked = new Set<PeerId>()
  const surveyed: PeerId[] = []
  const nowMs = 0
  const planner = new Planner(
    {
      self,
      links,
      speeds: new SpeedTable(),
      nowMs: () => nowMs,
      records: () => records,
      excluded: () => excluded,
      scoreOf: (peer) => scores.get(peer),
      tierOf: (peer) => (asked.has(peer) ? evidence.get(peer) : undefined),
      survey: async (peers) => {
        surveyed.push(...peers)
      },
      appraise: async (peers) => {
        for (const peer of peers) asked.add(peer)
      },
    },
    { inFlightMax: 4, loadedMs: 60_000 },
  )
  return { links, planner, asked, scores, surveyed }
}

const model = doublingModel(4)
const peersOf = ({ plan }: ReturnType<Planner['plan']>) =>
  plan.replicas.map((stages) => stages.map(({ peer }) => peer))

describe('planner', () => {
  it('asks others to replace first, and those again only when there is nobody else', () => {
    const { planner } = setup([record(self), record(a), record(b)])
    const planned = planner.plan(model, { ...wish, stages: 1 })
    const [stages = []] = planned.plan.replicas
    const lost = { stages, stageIndex: 0 }
    const find = (excluded: readonly PeerId[], again: readonly PeerId[]) =>
      planner.replacement(planned, { ...lost, excluded, again })

    expect(find([self, a], [self, a])).toBe(b)
    expect(find([self, a, b], [a])).toBe(a)
    expect(find([self, a, b], [])).toBe(undefined)
  })

  it('keeps away from devices that are to be avoided, and does not come back to them by habit', () => {
    const { planner } = setup([record(self), record(a), record(b)])
    const planned = planner.plan(model, { ...wish, stages: 1 })
    planner.adopt(planned)
    const [[first] = []] = peersOf(planned)
    if (first === undefined) throw new Error('expected a place')
    const other = planner.plan(model, { ...wish, stages: 1, avoid: new Map([[first, 'busy']]) })
    expect(peersOf(other).flat()).not.toContain(first)
    expect(() =>
      planner.plan(model, {
        ...wish,
        stages: 1,
        avoid: new Map([self, a, b].map((peer) => [peer, 'busy'])),
      }),
    ).toThrow(/place|device/i)
  })

  it('replaces only by devices that have the provider and are not excluded', () => {
    const gpu = record(a, { providers: ['cpu', 'webgpu'] })
    const { planner } = setup(
      [record(self), gpu, record(b, { providers: ['webgpu'] })],
      new Map([[b, 'it is not connected']]),
    )
    const planned = planner.plan(model, { ...wish, provider: 'webgpu', stages: 1 })
    const [stages = []] = planned.plan.replicas
    const lost = { stages, stageIndex: 0, excluded: [a], again: [] }
    expect([peersOf(planned), planner.replacement(planned, lost)]).toEqual([[[a]], undefined])
  })

  it('gives a job that requires a tier to devices only whose evidence reaches it', async () => {
    const liar = record(a, { tier: 'tee' })
    const good = record(b, { tier: 'tpm' })
    const { planner, asked } = setup(
      [record(self), liar, good],
      new Map(),
      new Map([
        [a, 'self'],
        [b, 'tpm'],
      ]),
    )
    const required = { ...wish, requirements: { tier: 'tpm' } } as const
    expect(() => planner.plan(model, required)).toThrow(
      expect.objectContaining({ code: 'PLACEMENT_TIER' }),
    )
    await planner.qualify(required.requirements)
    const planned = planner.plan(model, required)
    expect([peersOf(planned), [...asked]]).toEqual([[[b]], [a, b]])
    const [stages = []] = planned.plan.replicas
    const lost = { stages, stageIndex: 0, excluded: [b], again: [] }
    expect(planner.replacement(planned, lost)).toBe(undefined)
  })

  it('asks others that may be chosen how far away they are, and takes no far one for a near one', async () => {
    const { planner, links, surveyed } = setup(
      [record(self, { memoryFreeBytes: 0 }), record(a), record(b)],
      new Map([[self, 'it is busy']]),
    )
    await planner.survey()
    expect(surveyed).toEqual([a, b])
    links.notePing(a, 80)
    expect(peersOf(planner.plan(model, { ...wish, stages: 1 }))).toEqual([[b]])
  })

  it('gives a job that requires a score to devices only that have it certified', () => {
    const { planner, scores } = setup([record(self), record(a), record(b)])
    scores.set(a, 0.39).set(b, 0.4)
    const required = { ...wish, requirements: { score: 0.4 } } as const
    const planned = planner.plan(model, required)
    expect(peersOf(planned)).toEqual([[b]])
    expect(planned.plan.notChosen.find(({ peer }) => peer === a)?.reason).toBe(
      'expected a score of 0.4, got 0.3900',
    )
    scores.set(b, 0)
    expect(() => planner.plan(model, required)).toThrow(
      expect.objectContaining({ code: 'PLACEMENT_SCORE' }),
    )
  })

  it('places on a device that stays rather than on one whose owner usually comes back', () => {
    const forecast = (quarters: number) => ({
      staysFor5minQuarters: quarters,
      staysFor15minQuarters: quarters,
      staysFor60minQuarters: quarters,
    })
    const records = [record(a, { forecast: forecast(1) }), record(b, { forecast: forecast(4) })]
    const { planner } = setup(records)
    expect(peersOf(planner.plan(model, { ...wish, inputs: 1_000 }))).toEqual([[b]])
  })

  it('charges a tensor that many layers share about once a stage, not once a layer', () => {
    const { planner } = setup([record(self)])
    const blob = { id: model.id as string as BlobId, bytes: 1_000, chunkHashes: [] }
    const shared = { name: 'table', type: 'float32', dims: [250], blob } as const
    const { manifest } = model
    const layers = manifest.layers.map((layer) => ({ ...layer, tensors: [0] }))
    const sharing = { ...model, manifest: { ...manifest, tensors: [shared], layers } }
    const { plan } = planner.plan(sharing, { ...wish, stages: 1 })
    expect(plan.stages[0]?.weightBytes).toBe(2_000)
  })

  it('refuses when nobody may take a stage', () => {
    const { planner } = setup([record(self, { levelQuarters: 0 })])
    expect(() => planner.plan(model, wish)).toThrow(
      expect.objectContaining({ code: 'PLACEMENT_NO_PEER' }),
    )
  })

  it('sends activations as binary16 over slow links only, unless it is told otherwise', () => {
    const cut = { ...wish, stages: 2 }
    const { planner, links } = setup([record(self), record(a)])
    expect(planner.plan(model, cut).wires).toEqual([['f32']])
    for (let sample = 0; sample < 20; sample++) {
      links.note({ from: self, to: a, bytes: 1_000_000, ms: 1_000 })
    }
    expect(planner.plan(model, cut).wires).toEqual([['f16']])
    expect(planner.plan(model, { ...cut, wire: 'f32' }).wires).toEqual([['f32']])
  })

  it('shows how each stage passes on, and what that is in bytes', () => {
    const { planner } = setup([record(self), record(a)])
    const view = planView(planner.plan(model, { ...wish, stages: 2, wire: 'f16' }), {
      objective: 'latency',
      provider: 'cpu',
      nameOf: (peer) => peer,
    })
    const passed = view.stages.map(({ wire, cutBytes }) => [wire, cutBytes])
    expect([view.wire, passed]).toEqual([
      'f16',
      [
        ['f16', 4],
        [undefined, 8],
      ],
    ])
  })

  it('shows a plan with names for its devices', () => {
    const { planner } = setup([record(self), record(a, { levelQuarters: 0 })])
    const view = planView(planner.plan(model, { ...wish, stages: 1 }), {
      objective: 'latency',
      provider: 'cpu',
      nameOf: (peer) => `name of ${peer}`,
    })
    expect(view).toMatchObject({
      model: model.id,
      modelName: 'doubling',
      wire: 'f32',
      replicas: 1,
      stages: [
        { replica: 0, index: 0, peer: self, name: 'name of self', fromLayer: 0, toLayer: 4 },
      ],
      notChosen: [{ peer: a, name: 'name of a' }],
    })
  })

  describe('of a text', () => {
    const text: PlanWish = {
      ...wish,
      objective: 'throughput',
      stages: 2,
      inputs: 8,
      text: { positions: 10 },
    }
    const devices = [self, a, b].map((peer) => record(peer))
    const run = (planned: ReturnType<Planner['plan']>, factors: readonly number[]) =>
      planned.plan.stages.map(({ peer, fromLayer, toLayer }, index) => ({
        peer,
        fromLayer,
        toLayer,
        computeMs: (toLayer - fromLayer) * 10 * (factors[index] ?? 1),
        scale: 1,
        source: 'alone' as const,
      }))
    const cutsOf = ({ plan }: ReturnType<Planner['plan']>) =>
      plan.stages.map(({ peer, fromLayer, toLayer }) => `${peer} ${fromLayer}-${toLayer}`).join()

    it('stays where its stages are loaded while devices seem quicker and slower by turns', () => {
      const { planner } = setup([record(self), record(a)])
      const large = doublingModel(40)
      const cuts = new Set<string>()
      for (let count = 0; count < 20; count++) {
        const planned = planner.plan(large, text)
        planner.adopt(planned)
        for (const stage of planned.plan.stages) {
          planner.noteReady(planned, {
            ...stage,
            loadMs: 2_000,
            stepMs: 0,
            besideMs: undefined,
            chunkMs: undefined,
            rttMs: 1,
          })
        }
        // Until its devices have run the model, a plan rests on guesses.
        if (count > 1) cuts.add(cutsOf(planned))
        planner.learn(planned, run(planned, count % 2 === 0 ? [1.25, 0.8] : [0.8, 1.25]))
      }
      expect([...cuts]).toHaveLength(1)
    })

    it('moves when another plan is so much better that it pays for the loading', () => {
      const { planner } = setup(devices)
      const large = doublingModel(40)
      const first = planner.plan(large, text)
      planner.adopt(first)
      for (let count = 0; count < 20; count++) planner.learn(first, run(first, [6, 1]))
      expect(cutsOf(planner.plan(large, text))).not.toBe(cutsOf(first))
    })

    it('foresees by the test of its stages what nobody has run', () => {
      const { planner } = setup(devices)
      const planned = planner.plan(model, { ...text, objective: 'latency', inputs: 1 })
      const { stages } = planned.plan
      expect(planned.prediction.basis).toBe('benchmark')
      for (const stage of stages) {
        const times = { loadMs: 5, stepMs: 20, besideMs: 5, chunkMs: 2, rttMs: 40 }
        planner.noteReady(planned, { ...stage, ...times })
      }
      const foreseen = planner.foresee(planned, stages, 1)
      expect(foreseen.basis).toBe('probe')
      const others = stages.filter(({ peer }) => peer !== self).length
      expect(foreseen.latencyMs).toBeGreaterThan(40 + 20 * others)
      expect(foreseen.latencyMs).toBeLessThan(45 + 40 * others)
    })

    it('goes by what devices say of the model before it has seen them run it', () => {
      const pace = (rowUs: number, bytes: number) => ({
        model: new Uint8Array(8).fill(bytes),
        fromLayer: 0,
        toLayer: 4,
        rowUs,
        farUs: 0,
        chunkUs: 0,
      })
      const own = Number.parseInt(model.id.slice(0, 2), 16)
      const records = [
        record(a, { paces: [pace(50_000, own)] }),
        record(b, { paces: [pace(20_000, own), pace(1, own + 1)] }),
      ]
      const { planner } = setup(records)
      const alone = { ...text, stages: 1, objective: 'latency', inputs: 1 } as const
      const planned = planner.plan(model, alone)
      expect([peersOf(planned), planned.prediction.basis]).toEqual([[[b]], 'told'])
      expect(planned.plan.stages[0]?.predictedMs).toBeCloseTo(20)
      planner.learn(planned, run(planned, [10]))
      expect(peersOf(planner.plan(model, alone)), 'and by what it saw from then on').toEqual([[a]])
      expect(planner.plan(model, { ...alone, provider: 'cpu' }).prediction.basis).toBe('told')
    })

    it('knows who has as many stages open as run together', () => {
      const { planner } = setup([record(a, { streams: 4 }), record(b, { streams: 8 })])
      expect([...planner.busy()]).toEqual([b])
    })

    it('corrects what it foresees by how far off it was, for each way and number of texts', () => {
      const { planner } = setup(devices)
      const guessed = planner.plan(model, text)
      planner.learn(guessed, run(guessed, []))
      const planned = planner.plan(model, text)
      planner.adopt(planned)
      const { stages } = planned.plan
      const many = planner.foresee(planned, stages, 8)
      planner.judge(planned, stages, { perS: many.perS / 16, shownPerS: many.perS / 8, streams: 8 })
      const again = planner.foresee(planned, stages, 8)
      expect(again.perS).toBeCloseTo(many.perS / 2)
      expect(again.errorPercent).toBeCloseTo(-50)
      expect(planner.foresee(planned, stages, 1).errorPercent).toBe(undefined)
      const view = planView(planner.plan(model, text), {
        objective: 'throughput',
        provider: 'cpu',
        nameOf: (peer) => peer,
      })
      expect(view).toMatchObject({ predictedAtOnce: 8 })
      expect([view.lastErrorPercent, view.predictedPerSecond / many.perS]).toEqual([
        expect.closeTo(-50),
        expect.closeTo(0.5),
      ])
    })
  })
})
