import { describe, expect, it } from 'vitest'
import type { Tier } from '../../../attestation/index.ts'
import type { BlobId, PeerId } from '../../../core/ids.ts'
import { capabilities } from '../../../test/fixtures/capabilities.ts'
import { doublingModel } from '../../../test/fixtures/job-parts.ts'
import { LinkTable } from './link-table.ts'
import { Planner, type PlannedDevice, type PlanWish } from './planner.ts'
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
  const links = new LinkTable()
  const asked = new Set<PeerId>()
  const planner = new Planner(
    {
      self,
      links,
      speeds: new SpeedTable(),
      records: () => records,
      excluded: () => excluded,
      tierOf: (peer) => (asked.has(peer) ? evidence.get(peer) : undefined),
      appraise: async (peers) => {
        for (const peer of peers) asked.add(peer)
      },
    },
    { inFlightMax: 4 },
  )
  return { links, planner, asked }
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
    const { planner, links } = setup([record(a)])
    expect(planner.plan(model, wish).wire).toBe('f32')
    for (let sample = 0; sample < 20; sample++) links.note(a, 1_000_000, 1_000)
    expect(planner.plan(model, wish).wire).toBe('f16')
    expect(planner.plan(model, { ...wish, wire: 'f32' }).wire).toBe('f32')
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
})
