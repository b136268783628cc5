import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { READY, stageOpen } from '../../test/fixtures/session-records.ts'
import {
  MESSAGE_BYTES_MAX,
  REQUESTS_AHEAD_MAX,
  ROUTES_MAX,
  SESSION_SILENCE_MS_MAX,
  STAGES_MAX,
} from './limits.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import { leafOf } from './receipt-roots.ts'
import type { OpenRecord } from './records.ts'
import { StageMachine } from './stage-machine.ts'
import type { StageInput } from './stage-types.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'] as [PeerId, PeerId, PeerId, PeerId]
const { sha256 } = nodeCrypto

const open = stageOpen([a, b, c], 1, { inFlightMax: 2 })

function tensors(value: number): readonly Tensor[] {
  return [{ name: 'x', type: 'uint8', dims: [1], data: Uint8Array.of(value) }]
}

function stepOf(request: number): TensorMessage {
  const leaf = leafOf(tensors(request), sha256).subarray(0, 8)
  return { request, hops: [], tensors: tensors(request), leaf }
}

function step(request: number, link = 7): StageInput {
  return { type: 'step', link, step: stepOf(request) }
}

function ran(request: number): StageInput {
  return { type: 'ran', request, tensors: tensors(100 + request), queueUs: 1, computeUs: 2 }
}

const attach: StageInput & { type: 'attach' } = {
  type: 'attach',
  from: a,
  link: 7,
  record: { version: 1, session: open.session, stage: 0, to: 1, epoch: 0 },
}

const control = (message: InferenceMessage): StageInput => ({ type: 'control', message })
const release = (request: number) => control({ type: 'release', request })

/** The second of three stages, attached and loaded. */
function serving(more: { readonly open?: Partial<OpenRecord>; readonly journal?: number } = {}) {
  const machine = new StageMachine({
    open: { ...open, ...more.open },
    self: b,
    requester: d,
    sha256,
    journalBytesMax: more.journal ?? 1_000,
  })
  const feed = (...inputs: readonly StageInput[]) =>
    inputs.flatMap((input) => machine.handle(input, 0))
  feed({ type: 'loaded', ready: READY }, attach)
  return { machine, feed }
}

/** The step that goes on for a request. */
function sent(request: number) {
  const outputs = tensors(100 + request)
  return {
    type: 'forward',
    to: 'next',
    message: {
      type: 'step',
      request,
      hops: [{ arrivedMs: 0, heldUs: 0, queueUs: 1, computeUs: 2 }],
      tensors: outputs,
      leaf: leafOf(outputs, sha256).subarray(0, 8),
    },
  }
}

const fault = (code: string, request?: number, nextEpoch?: number, beforeEpoch?: number) => ({
  type: 'reply',
  message: { type: 'fault', record: { code, request, nextEpoch, beforeEpoch } },
})

describe('stage machine', () => {
  it('runs what the attached link brings, once, and answers repetitions from its journal', () => {
    const { feed } = serving()
    expect(feed(step(0))).toEqual([{ type: 'run', request: 0, tensors: tensors(0) }])
    expect(feed(step(0))).toEqual([])
    expect(feed(ran(0))).toEqual([sent(0)])
    expect(feed(step(0))).toEqual([sent(0)])
  })

  it('runs nothing that comes from anybody else', () => {
    const { feed } = serving()
    const record = { ...attach.record, epoch: 4 }
    const message = { type: 'step', ...stepOf(0) } as const
    expect(
      feed(
        { ...attach, from: d, link: 8 },
        step(0, 8),
        { ...attach, link: 9, record },
        step(0, 9),
        { type: 'step', link: undefined, step: stepOf(0) },
        control(message),
      ),
    ).toEqual([])
  })

  it('refuses more requests than two windows of its session, of which the first was replayed', () => {
    const { feed } = serving()
    const window = [step(0), step(1)]
    const next = [step(2), step(3)]
    expect(feed(...window, ...next).map(({ type }) => type)).toEqual(['run', 'run', 'run', 'run'])
    expect(feed(step(4))).toEqual([fault('INFERENCE_OVERLOADED', 4)])
  })

  it('refuses requests far above the oldest that is not released', () => {
    const { feed } = serving()
    const ahead = REQUESTS_AHEAD_MAX
    expect(feed(step(ahead))).toEqual([fault('INFERENCE_OVERLOADED', ahead)])
    expect(feed(release(1), step(ahead)).map(({ type }) => type)).toEqual(['run'])
  })

  it('passes on no more hops than there are stages before it', () => {
    const { feed } = serving()
    const hop = { arrivedMs: 1, heldUs: 1, queueUs: 1, computeUs: 1 }
    const hops = Array.from({ length: STAGES_MAX }, () => hop)
    const sentOn = feed({ type: 'step', link: 7, step: { ...stepOf(0), hops } }, ran(0)).at(-1)
    expect(sentOn).toMatchObject({ message: { hops: [hop, { computeUs: 2 }] } })
  })

  it('sends nothing that no message may carry: the link is others’ too', () => {
    const { feed } = serving()
    const data = { length: MESSAGE_BYTES_MAX } as Uint8Array
    const huge = [{ name: 'x', type: 'uint8' as const, dims: [MESSAGE_BYTES_MAX], data }]
    const hashed = new StageMachine({
      open,
      self: b,
      requester: d,
      sha256: () => new Uint8Array(32),
      journalBytesMax: 1,
    })
    const unhashed = {
      type: 'step',
      link: 7,
      step: { ...stepOf(0), leaf: new Uint8Array(8) },
    } as const
    for (const input of [{ type: 'loaded', ready: READY } as const, attach, unhashed])
      hashed.handle(input, 0)
    expect(hashed.handle({ ...ran(0), tensors: huge } as StageInput, 0)).toEqual([
      fault('INFERENCE_MESSAGE_TOO_LARGE', 0),
    ])
    expect(feed(step(0)).length).toBe(1)
  })

  it('ends a session whose route changes without end', () => {
    const { feed } = serving()
    const change = (epoch: number) =>
      control({
        type: 'route',
        fed: 0,
        shadow: undefined,
        route: [a, b, d].map((peer) => ({ peer, epoch: peer === d ? epoch : 0 })),
      })
    for (let epoch = 1; epoch <= ROUTES_MAX; epoch++) feed(change(epoch))
    expect(feed(change(ROUTES_MAX + 1))).toMatchObject([
      fault('INFERENCE_OVERLOADED'),
      { type: 'end' },
    ])
  })

  it('forgets what has arrived: neither runs, nor sends, nor replays it', () => {
    const { feed, machine } = serving()
    feed(step(0), step(1), ran(0), release(2))
    expect([machine.wants(1), feed(step(0), step(1), ran(1))]).toEqual([false, []])
    const route = [a, b, d].map((peer, stage) => ({ peer, epoch: stage === 2 ? 1 : 0 }))
    expect(feed(control({ type: 'route', route, fed: 0, shadow: undefined }))).toEqual([
      {
        type: 'connect-next',
        to: { peer: d, epoch: 1 },
        attach: { version: 1, session: open.session, stage: 1, to: 2, epoch: 0 },
      },
    ])
    expect(feed(control({ type: 'ping' }))).toEqual([
      { type: 'reply', message: { type: 'pong', received: 2, done: 2, reached: 1, clockUs: 0 } },
    ])
  })

  it('replays its journal to a new next stage, and says what it had no room for', () => {
    const { feed } = serving({ journal: 1 })
    feed(step(1), step(0), ran(1), ran(0))
    const route = [a, b, d].map((peer, stage) => ({ peer, epoch: stage === 2 ? 1 : 0 }))
    const again = control({ type: 'route', route, fed: 0, shadow: undefined })
    expect(feed(again).slice(1)).toEqual([sent(1), fault('INFERENCE_JOURNAL_MISSING', 0)])
    expect(feed(again)).toEqual([])
  })

  it('ignores a route in which it holds another stage, or none', () => {
    const { feed } = serving()
    const others = [a, d, d].map((peer) => ({ peer, epoch: 1 }))
    expect(feed(control({ type: 'route', route: others, fed: 0, shadow: undefined }))).toEqual([])
    expect(feed(control({ type: 'route', route: [], fed: 0, shadow: undefined }))).toEqual([])
  })

  it('tells that the way to the next stage broke, unless that stage was replaced since', () => {
    const { feed } = serving()
    expect(feed({ type: 'next-lost', epoch: 0 })).toEqual([
      fault('INFERENCE_NEXT_UNREACHABLE', undefined, 0),
    ])
    expect(feed({ type: 'next-lost', epoch: 3 })).toEqual([])
  })

  it('says which request failed, and may run it again', () => {
    const { feed } = serving()
    feed(step(0))
    const failed: StageInput = { type: 'run-failed', request: 0, code: 'INFERENCE_RUN_FAILED' }
    expect(feed(failed)).toEqual([fault('INFERENCE_RUN_FAILED', 0)])
    expect(feed(failed)).toEqual([])
    expect(feed(step(0)).map(({ type }) => type)).toEqual(['run'])
  })

  it('ends with a receipt once it served, also when it was asked nothing', () => {
    const { feed } = serving()
    const outputs = feed(control({ type: 'close' }), control({ type: 'ping' }), step(0))
    expect(outputs).toMatchObject([{ type: 'end', receipt: { requests: 0, provider: b } }])
  })

  it('ends without a receipt when it never served', () => {
    const machine = new StageMachine({ open, self: b, requester: d, sha256, journalBytesMax: 1 })
    expect(machine.handle({ type: 'load-failed', code: 'INFERENCE_MEMORY' }, 0)).toEqual([
      fault('INFERENCE_MEMORY'),
      { type: 'end' },
    ])
  })

  it('ends when its requester is silent for too long, whatever its neighbours say', () => {
    const { machine } = serving()
    const atMs = SESSION_SILENCE_MS_MAX
    expect(machine.handle(step(0), atMs - 1).length).toBe(1)
    expect(machine.handle({ type: 'time-passed' }, atMs - 1)).toEqual([])
    expect(machine.deadlineMs()).toBe(atMs)
    expect(machine.handle({ type: 'time-passed' }, atMs).map(({ type }) => type)).toEqual(['end'])
    expect(machine.deadlineMs()).toBe(undefined)
  })

  it('attaches to the next stage, as a successor, when the requester has announced it', () => {
    const route = [a, c, d].map((peer, stage) => ({ peer, epoch: stage === 1 ? 4 : 0 }))
    const init = { open: { ...open, route }, self: c, requester: d, sha256, journalBytesMax: 1_000 }
    const machine = new StageMachine(init)
    const loaded = machine.handle({ type: 'loaded', ready: READY }, 0)
    const connected = machine.handle(
      control({ type: 'route', route, fed: 0, shadow: undefined }),
      0,
    )

    expect(loaded).toEqual([{ type: 'reply', message: { type: 'ready', record: READY } }])
    expect(connected).toEqual([
      {
        type: 'connect-next',
        to: { peer: d, epoch: 0 },
        attach: { version: 1, session: open.session, stage: 1, to: 2, epoch: 4 },
      },
    ])
    expect(machine.handle(control({ type: 'route', route, fed: 0, shadow: undefined }), 0)).toEqual(
      [],
    )
  })
})
