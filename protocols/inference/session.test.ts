/**
 * Whole sessions in a simulated network: requester and stages are the real machines,
 * links have random delays, and devices die at random moments.
 */

import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlobId, ModelId, PeerId, SessionId } from '../../core/ids.ts'
import { SeededRandom } from '../../core/random.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { InferenceMessage } from './messages.ts'
import { RequesterMachine } from './requester-machine.ts'
import type { RequesterOutput } from './requester-types.ts'
import { StageMachine, type StageInput, type StageOutput } from './stage-machine.ts'

const sha256 = (data: Uint8Array) => new Uint8Array(createHash('sha256').update(data).digest())
const requester = 'requester' as PeerId
const session = '00'.repeat(16) as SessionId

interface Host {
  readonly peer: PeerId
  readonly stage: number
  readonly epoch: number
  readonly machine: StageMachine
  alive: boolean
  frozen: boolean
  nextHost?: { stage: number; epoch: number; link: number }
}

interface WorldInit {
  readonly stages: number
  readonly spares: number
  readonly requests: number
  readonly seed: number
  /** Moments in ms at which the device that holds a stage dies. */
  readonly kills: readonly { readonly atMs: number; readonly stage: number }[]
  /** Moments at which a device goes silent, or still answers but computes nothing more. */
  readonly hangs?: readonly {
    readonly atMs: number
    readonly stage: number
    readonly how: 'silent' | 'frozen'
  }[]
  readonly leaves?: readonly { readonly atMs: number; readonly stage: number }[]
  readonly journalBytesMax?: number
}

/** Runs one session to its end; returns what the requester saw. */
function run(init: WorldInit) {
  const random = SeededRandom.fromInteger(init.seed)
  const events: { atMs: number; order: number; act: () => void }[] = []
  let nowMs = 0
  let order = 0
  let links = 0
  const after = (ms: number, act: () => void) =>
    events.push({ atMs: nowMs + ms, order: order++, act })
  // Links keep the order of what is sent on them, whatever the delays.
  const busyUntil = new Map<string, number>()
  const deliver = (link: string, act: () => void) => {
    const at = Math.max(busyUntil.get(link) ?? 0, nowMs + 1 + Math.floor(random.fraction() * 5))
    busyUntil.set(link, at)
    after(at - nowMs, act)
  }
  const hosts: Host[] = []
  const waiting: { attach: StageInput & { type: 'attach' }; steps: StageInput[]; host: string }[] =
    []
  const outputs = new Map<number, number>()
  const log: RequesterOutput[] = []
  let submitted = 0
  let spare = 0
  const machine = new RequesterMachine({
    open: {
      version: 1,
      session,
      model: 'ab'.repeat(32) as ModelId,
      manifest: { id: 'cd'.repeat(32) as BlobId, bytes: 1, chunkHashes: [] },
      wire: 'f32',
      provider: 'auto',
      inFlightMax: 6,
      runMsMax: 1000,
    },
    ranges: Array.from({ length: init.stages }, (_, i) => ({ fromLayer: i, toLayer: i + 1 })),
    pingMs: 50,
    stallMs: 400,
    progressMs: 2000,
    recoveriesMax: 32,
    receiptMs: 500,
  })
  const find = (stage: number, epoch: number) =>
    hosts.find((host) => host.stage === stage && host.epoch === epoch)

  function feedStage(host: Host, input: StageInput | { type: 'time-passed' }): void {
    if (!host.alive) return
    for (const output of host.machine.handle(input, nowMs)) performStage(host, output)
    // Attaches that came before their route are tried again after every word of the requester.
    for (const entry of waiting.filter(({ host: key }) => key === `${host.stage}/${host.epoch}`)) {
      if (!host.machine.expects(entry.attach.from, entry.attach.record)) continue
      waiting.splice(waiting.indexOf(entry), 1)
      for (const held of [entry.attach, ...entry.steps]) feedStage(host, held)
    }
  }

  function performStage(host: Host, output: StageOutput): void {
    const up = `${host.stage}/${host.epoch}>C`
    switch (output.type) {
      case 'reply':
        deliver(up, () => {
          if (host.alive)
            feed({ type: 'message', stage: host.stage, epoch: host.epoch, message: output.message })
        })
        return
      case 'run':
        after(1 + Math.floor(random.fraction() * 8), () => {
          if (host.frozen) return
          feedStage(host, {
            type: 'ran',
            request: output.request,
            tensors: output.tensors.map((tensor) => ({ ...tensor, data: sha256(tensor.data) })),
            queueUs: 0,
            computeUs: 1,
          })
        })
        return
      case 'connect-next': {
        const to = { stage: host.stage + 1, epoch: output.to.epoch, link: ++links }
        host.nextHost = to
        const attach: StageInput & { type: 'attach' } = {
          type: 'attach',
          from: host.peer,
          link: to.link,
          record: output.attach,
        }
        deliver(`link${to.link}`, () => {
          const target = find(to.stage, to.epoch)
          if (target?.machine.expects(host.peer, output.attach)) feedStage(target, attach)
          else waiting.push({ attach, steps: [], host: `${to.stage}/${to.epoch}` })
        })
        return
      }
      case 'forward': {
        const to = host.nextHost
        const { message } = output
        if (to === undefined || message.type !== 'step') return
        deliver(`link${to.link}`, () => {
          const step: StageInput = { type: 'step', link: to.link, step: message }
          const held = waiting.find(({ attach }) => attach.link === to.link)
          const target = find(to.stage, to.epoch)
          if (held !== undefined) held.steps.push(step)
          else if (target?.alive) feedStage(target, step)
          else if (host.alive) feedStage(host, { type: 'next-lost', epoch: to.epoch })
        })
        return
      }
      case 'end':
        return
    }
  }

  function feed(input: Parameters<RequesterMachine['handle']>[0]): void {
    for (const output of machine.handle(input, nowMs)) perform(output)
    while (machine.capacity > 0 && submitted < init.requests) {
      const request = submitted++
      for (const output of machine.handle(
        { type: 'submit', request, tensors: [input0(request)] },
        nowMs,
      )) {
        perform(output)
      }
    }
  }

  function perform(output: RequesterOutput): void {
    log.push(output)
    switch (output.type) {
      case 'open': {
        const { stage, peer, epoch, message } = output
        deliver(`C>${stage}/${epoch}`, () => open(stage, peer, epoch, message))
        return
      }
      case 'send': {
        const { stage, epoch, message } = output
        deliver(`C>${stage}/${epoch}`, () => {
          const host = find(stage, epoch)
          if (host !== undefined) feedStage(host, { type: 'control', message })
        })
        return
      }
      case 'replace': {
        const peer = spare < init.spares ? (`spare${spare++}` as PeerId) : undefined
        after(3, () => feed({ type: 'replacement', stage: output.stage, peer }))
        return
      }
      case 'output':
        outputs.set(output.output.request, (outputs.get(output.output.request) ?? 0) + 1)
        expect(output.output.tensors[0]?.data).toEqual(expected(output.output.request, init.stages))
        return
      default:
    }
  }

  function open(stage: number, peer: PeerId, epoch: number, message: InferenceMessage): void {
    if (message.type !== 'open') return
    const journalBytesMax = init.journalBytesMax ?? 1_000_000
    const opened = new StageMachine({
      open: message.record,
      self: peer,
      requester,
      sha256,
      journalBytesMax,
    })
    const host: Host = { peer, stage, epoch, machine: opened, alive: true, frozen: false }
    hosts.push(host)
    after(5 + Math.floor(random.fraction() * 20), () =>
      feedStage(host, {
        type: 'loaded',
        ready: {
          provider: 'cpu',
          numericClass: new Uint8Array(32),
          loadMs: 1,
          fetchedBytes: 0,
          weightBytes: 1,
        },
      }),
    )
  }

  const current = (stage: number) => hosts.findLast((host) => host.stage === stage && host.alive)
  for (const { atMs, stage } of init.kills) {
    after(atMs, () => {
      const victim = current(stage)
      if (victim === undefined) return
      victim.alive = false
      deliver(`${victim.stage}/${victim.epoch}>C`, () =>
        feed({ type: 'lost', stage, epoch: victim.epoch, code: 'INFERENCE_LINK_LOST' }),
      )
    })
  }
  for (const { atMs, stage, how } of each(init.hangs)) {
    after(atMs, () => {
      const victim = current(stage)
      if (victim !== undefined) victim[how === 'silent' ? 'alive' : 'frozen'] = how === 'frozen'
    })
  }
  for (const { atMs, stage } of each(init.leaves)) {
    after(atMs, () => {
      const host = current(stage)
      if (host !== undefined) feedStage(host, { type: 'leave', reason: 'battery', graceMs: 1000 })
    })
  }
  feed({
    type: 'start',
    peers: Array.from({ length: init.stages }, (_, index) => `first${index}` as PeerId),
  })
  const over = () => log.some(({ type }) => type === 'failed' || type === 'closed')
  for (let steps = 0; steps < 20_000 && !over(); steps++) {
    const deadline = machine.deadlineMs()
    events.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
    const next = events[0]
    if (next === undefined || (deadline !== undefined && deadline < next.atMs)) {
      nowMs = Math.max(nowMs, deadline ?? nowMs)
      feed({ type: 'time-passed' })
    } else {
      events.shift()
      nowMs = next.atMs
      next.act()
    }
    if (outputs.size === init.requests) feed({ type: 'finish' })
  }
  return { outputs, log, nowMs }
}

const each = <T>(items: readonly T[] | undefined): readonly T[] => items ?? []

function input0(request: number): Tensor {
  return { name: 'x', type: 'uint8', dims: [32], data: sha256(Uint8Array.of(request)) }
}

function expected(request: number, stages: number): Uint8Array {
  let data = input0(request).data
  for (let stage = 0; stage < stages; stage++) data = sha256(data)
  return data
}

const once = (requests: number) =>
  new Map(Array.from({ length: requests }, (_, request) => [request, 1]))
const sorted = (outputs: ReadonlyMap<number, number>) =>
  new Map([...outputs].toSorted((a, b) => a[0] - b[0]))

describe('inference session', () => {
  it('gives every output once when nothing goes wrong', () => {
    const { outputs, log } = run({ stages: 3, spares: 0, requests: 20, seed: 1, kills: [] })
    expect(sorted(outputs)).toEqual(once(20))
    expect(log.filter(({ type }) => type === 'recovered')).toEqual([])
    expect(log.at(-1)).toEqual({ type: 'closed' })
  })

  it('gives every output once whichever stages die, and when', () => {
    const kill = fc.record({ atMs: fc.nat(400), stage: fc.nat(3) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(kill, { maxLength: 5 }),
        fc.nat(),
        (stages, kills, seed) => {
          const within = kills.map(({ atMs, stage }) => ({ atMs, stage: stage % stages }))
          const { outputs } = run({ stages, spares: 40, requests: 15, seed, kills: within })
          expect(sorted(outputs)).toEqual(once(15))
        },
      ),
      { numRuns: 100, endOnFailure: true },
    )
  })

  it('gives every output once when neighbours die together', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.nat(300),
        fc.nat(3),
        fc.nat(),
        (stages, atMs, first, seed) => {
          const neighbours = [first % (stages - 1), (first % (stages - 1)) + 1]
          const kills = neighbours.map((stage) => ({ atMs, stage }))
          const { outputs } = run({ stages, spares: 9, requests: 15, seed, kills })
          expect(sorted(outputs)).toEqual(once(15))
        },
      ),
      { numRuns: 60, endOnFailure: true },
    )
  })

  it('notices devices that go silent, or that answer and compute nothing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('silent' as const, 'frozen' as const),
        fc.nat(150),
        fc.nat(2),
        fc.nat(),
        (how, atMs, stage, seed) => {
          const hangs = [{ atMs, stage, how }]
          const { outputs, nowMs } = run({
            stages: 3,
            spares: 9,
            requests: 40,
            seed,
            kills: [],
            hangs,
          })
          expect(sorted(outputs)).toEqual(once(40))
          return nowMs < 4_000
        },
      ),
      { numRuns: 60, endOnFailure: true },
    )
  })

  it('gives every output once when journals are too small to hold anything', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(2), fc.nat(), (atMs, stage, seed) => {
        const kills = [{ atMs, stage }]
        const { outputs } = run({
          stages: 3,
          spares: 9,
          requests: 12,
          seed,
          kills,
          journalBytesMax: 0,
        })
        expect(sorted(outputs)).toEqual(once(12))
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  it('moves a stage that leaves to another device and loses nothing', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(2), fc.nat(), (atMs, stage, seed) => {
        const leaves = [{ atMs, stage }]
        const { outputs, log } = run({
          stages: 3,
          spares: 9,
          requests: 30,
          seed,
          kills: [],
          leaves,
        })
        expect(sorted(outputs)).toEqual(once(30))
        const recovered = log.filter(({ type }) => type === 'recovered')
        expect(recovered.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  it('fails with a code when nobody can take a lost stage', () => {
    const { log } = run({
      stages: 2,
      spares: 0,
      requests: 50,
      seed: 3,
      kills: [{ atMs: 60, stage: 1 }],
    })
    expect(log.at(-1)).toEqual({ type: 'failed', code: 'INFERENCE_NO_REPLACEMENT', stage: 1 })
  })
})
