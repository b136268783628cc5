import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { REQUESTER } from '../../test/fixtures/requester-session.ts'
import { READY, TEXT } from '../../test/fixtures/session-records.ts'
import type { InferenceMessage } from './messages.ts'
import type { ReadyRecord } from './records.ts'
import { RequesterMachine } from './requester-machine.ts'
import type { RequesterInit, RequesterOutput } from './requester-types.ts'
import { drawnTensors, stepTensors } from './text-rows.ts'

const text = { ...TEXT, positionsMax: 40, promptTokens: 2 }
const draw = [{ token: 7, logprob: undefined, alternatives: [], logitsHash: undefined }]
const drawn = { hops: [], leaf: new Uint8Array(8), tensors: drawnTensors(draw) }
const stepOf = (position: number) => stepTensors({ position, drawFrom: 0, tokens: [7] })

const init: RequesterInit = {
  ...REQUESTER,
  open: { ...REQUESTER.open, text },
  stallMs: 4_000,
  progressMs: 4_000,
}

/** A text in two stages that serve, and what its machine says to each word, without the pings. */
class Session {
  readonly #machine: RequesterMachine
  #nowMs = 0

  constructor(more: Partial<RequesterInit> = {}, ready = READY) {
    this.#machine = new RequesterMachine({ ...init, ...more })
    this.handle({ type: 'start', peers: ['a', 'b'] as PeerId[] })
    for (const stage of [0, 1]) this.hear(stage, 0, { type: 'ready', record: ready })
  }

  handle(input: Parameters<RequesterMachine['handle']>[0]): readonly RequesterOutput[] {
    return this.#machine
      .handle(input, this.#nowMs)
      .filter((output) => output.type !== 'send' || output.message.type !== 'ping')
  }

  hear(stage: number, epoch: number, message: InferenceMessage): readonly RequesterOutput[] {
    return this.handle({ type: 'message', stage, epoch, message })
  }

  /** Lets `ms` pass in steps of a ping. */
  pass(ms: number): readonly RequesterOutput[] {
    return Array.from({ length: ms / 100 }, () => {
      this.#nowMs += 100
      return this.handle({ type: 'time-passed' })
    }).flat()
  }

  /** Lets `ms` pass in which nothing is done here, not even a ping. */
  sleep(ms: number): readonly RequesterOutput[] {
    this.#nowMs += ms
    return this.handle({ type: 'time-passed' })
  }
}

const types = (outputs: readonly RequesterOutput[]) =>
  outputs.map((output) => (output.type === 'send' ? `send ${output.message.type}` : output.type))

/** A text whose ring may make steps below `until`, and has drawn behind the first one. */
function running(until: number, session = new Session()): Session {
  session.handle({ type: 'submit', request: 0, tensors: stepOf(0) })
  session.handle({ type: 'free', until })
  session.hear(1, 0, { type: 'output', request: 0, ...drawn })
  return session
}

/** Numbers of the steps that go to the first stage. */
const steps = (outputs: readonly RequesterOutput[]) =>
  outputs.flatMap((output) =>
    output.type === 'send' && output.message.type === 'step' ? output.message.request : [],
  )

describe('requester machine of a text', () => {
  it('tells the first stage how far the ring may go, and sends no step below', () => {
    const session = new Session()
    session.handle({ type: 'submit', request: 0, tensors: stepOf(0) })
    const free = session.handle({ type: 'free', until: 2 })
    session.hear(1, 0, { type: 'output', request: 0, ...drawn })
    const first = session.handle({ type: 'submit', request: 1, tensors: stepOf(1) })
    session.hear(1, 0, { type: 'output', request: 1, ...drawn })
    const second = session.handle({ type: 'submit', request: 2, tensors: stepOf(2) })

    expect(free).toEqual([
      { type: 'send', stage: 0, epoch: 0, message: { type: 'free', request: 2 } },
    ])
    expect([steps(first), steps(second)]).toEqual([[], [2]])
  })

  it('sends what was left to the ring when its last stage is replaced', () => {
    const session = running(9)
    session.handle({ type: 'submit', request: 1, tensors: stepOf(1) })
    session.handle({ type: 'lost', stage: 1, epoch: 0, code: 'INFERENCE_LINK_LOST' })
    session.handle({ type: 'replacement', stage: 1, peer: 'c' as PeerId })
    const seated = session.hear(1, 1, { type: 'ready', record: READY })

    expect(steps(seated)).toEqual([1])
    session.hear(1, 1, { type: 'output', request: 1, ...drawn })
    expect(session.handle({ type: 'submit', request: 2, tensors: stepOf(2) })).toEqual([])
  })

  it('feeds a new first stage all of it, and tells it how far it may go', () => {
    const session = running(9)
    session.handle({ type: 'submit', request: 1, tensors: stepOf(1) })
    session.handle({ type: 'lost', stage: 0, epoch: 0, code: 'INFERENCE_LINK_LOST' })
    session.handle({ type: 'replacement', stage: 0, peer: 'c' as PeerId })
    const seated = session.hear(0, 1, { type: 'ready', record: READY })

    expect(steps(seated)).toEqual([0, 1])
    expect(types(seated).at(-1)).toBe('send free')
  })

  it('makes every step itself while the last stage does not reach the first', () => {
    const session = running(9)
    session.handle({ type: 'submit', request: 1, tensors: stepOf(1) })
    const fault = {
      code: 'INFERENCE_NEXT_UNREACHABLE',
      request: undefined,
      nextEpoch: 0,
      beforeEpoch: undefined,
    } as const
    const cut = session.hear(1, 0, { type: 'fault', record: fault })
    session.hear(1, 0, { type: 'output', request: 1, ...drawn })
    const next = session.handle({ type: 'submit', request: 2, tensors: stepOf(2) })

    expect([types(cut), steps(cut), steps(next)]).toEqual([['send step'], [1], [2]])
  })

  it('sends what the ring does not make in time', () => {
    const session = running(9)
    session.handle({ type: 'submit', request: 1, tensors: stepOf(1) })
    expect(steps(session.pass(400))).toEqual([])
    // The one before it as well: a first stage may be new, and lack it.
    expect(steps(session.pass(100))).toEqual([0, 1])
    expect(steps(session.pass(1_000))).toEqual([])
  })

  it('gives the place of a lost stage to who stands by for it, at once', () => {
    const session = running(0)
    const opened = session.handle({ type: 'stand-by', stage: 1, peer: 'c' as PeerId })
    const loaded = session.hear(1, 1, { type: 'ready', record: READY })
    const lost = session.handle({ type: 'lost', stage: 1, epoch: 0, code: 'INFERENCE_LINK_LOST' })

    expect(types(opened)).toEqual(['open'])
    expect(loaded).toEqual([{ type: 'standby', stage: 1, peer: 'c', ready: true }])
    expect(types(lost)).toEqual([
      'drop',
      'ready',
      'recovered',
      'send release',
      'send release',
      'send release',
      'send route',
      'send route',
    ])
  })

  it('has who stands by fed while a stage that leaves still serves', () => {
    const session = running(0)
    session.handle({ type: 'stand-by', stage: 1, peer: 'c' as PeerId })
    session.hear(1, 1, { type: 'ready', record: READY })
    const left = session.hear(1, 0, { type: 'leaving', reason: 'battery', graceMs: 1_000 })

    expect(types(left)).toContain('ready')
    expect(types(left)).not.toContain('replace')
    expect(types(left)).not.toContain('recovered')
  })

  it('forgets who stood by and is lost, and asks for nobody', () => {
    const session = running(0)
    session.handle({ type: 'stand-by', stage: 1, peer: 'c' as PeerId })
    const again = session.handle({ type: 'stand-by', stage: 1, peer: 'd' as PeerId })
    const lost = session.handle({ type: 'lost', stage: 1, epoch: 1, code: 'INFERENCE_LINK_LOST' })

    expect(again).toEqual([])
    expect(types(lost)).toEqual(['drop', 'standby'])
    expect(lost[1]).toMatchObject({ peer: 'c', ready: false })
  })

  it('says what has arrived before it says farewell', () => {
    expect(types(running(9).handle({ type: 'finish' }))).toEqual([
      'send release',
      'send release',
      'send close',
      'send close',
    ])
  })
})

describe('requester machine of a text whose stage leaves', () => {
  const slow: ReadyRecord = { ...READY, stepUs: 50_000, chunkUs: 20_000, keptRowBytes: 64 }
  const leaving = { type: 'leaving', reason: 'battery', graceMs: 1_000 } as const
  const none = { type: 'copied', request: 0, rows: 0 } as const

  /** Its second stage leaves, and 'c' is ready to follow. */
  function moved(bytesPerMs: number, follower = slow) {
    const session = running(0, new Session({ bytesPerMs: () => bytesPerMs }, slow))
    session.hear(1, 0, leaving)
    session.handle({ type: 'replacement', stage: 1, peer: 'c' as PeerId })
    const begun = session.hear(1, 1, { type: 'ready', record: follower })
    return { session, begun: types(begun) }
  }

  it('has it copied where that is quicker, and fed where it is not', () => {
    expect(moved(1_000).begun).toEqual(['ready', 'send copy', 'send copy'])
    expect(moved(0.001).begun).toContain('send route')
    expect(moved(0.001).begun).not.toContain('send copy')
  })

  it.each([
    ['of another numeric class', { ...slow, numericClass: new Uint8Array(32).fill(1) }],
    ['with other keys and values', { ...slow, keptRowBytes: 65 }],
    ['that was not measured', { ...slow, chunkUs: undefined }],
  ])('has a follower fed %s', (_what, follower) => {
    expect(moved(1_000, follower).begun).not.toContain('send copy')
  })

  it('seats who has a copy of all that was answered', () => {
    const { session } = moved(1_000)
    const outputs = session.hear(1, 1, { type: 'copied', request: 1, rows: 1 })
    expect(types(outputs)).toContain('recovered')
    expect(outputs.find(({ type }) => type === 'recovered')).toMatchObject({
      recovery: { copiedRows: 1, code: 'INFERENCE_STAGE_LEAVING' },
    })
  })

  it('has who lacks the latest steps fed with those', () => {
    const { session } = moved(1_000)
    session.handle({ type: 'submit', request: 1, tensors: stepOf(1) })
    session.hear(1, 0, { type: 'output', request: 1, ...drawn })
    const outputs = session.hear(1, 1, { type: 'copied', request: 1, rows: 1 })
    const shadows = outputs.flatMap((output) =>
      output.type === 'send' && output.message.type === 'route' ? output.message.shadow : [],
    )
    expect(shadows[0]).toEqual({ stage: 1, peer: 'c', epoch: 1, from: 1 })
    expect(types(outputs)).not.toContain('recovered')
  })

  it('has a follower fed with everything when one of the two says that there is no copy', () => {
    for (const epoch of [0, 1]) {
      const { session } = moved(1_000)
      const outputs = session.hear(1, epoch, none)
      expect(types(outputs)).toContain('send route')
      expect(session.hear(1, epoch, none)).toEqual([])
    }
  })

  it('does not wait for a copy that takes too long', () => {
    const { session } = moved(1_000)
    expect(types(session.pass(500))).not.toContain('send route')
    expect(types(session.pass(200))).toContain('send route')
  })

  it('does not call a copy late for the time in which it was asleep itself', () => {
    const { session } = moved(1_000)
    expect(types(session.sleep(60_000))).not.toContain('send route')
    const outputs = session.hear(1, 1, { type: 'copied', request: 1, rows: 1 })
    expect(outputs.find(({ type }) => type === 'recovered')).toMatchObject({
      recovery: { copiedRows: 1 },
    })
  })

  it('seats a follower at once when who left is gone before the copy is there', () => {
    const { session } = moved(1_000)
    const lost = session.handle({ type: 'lost', stage: 1, epoch: 0, code: 'INFERENCE_LINK_LOST' })
    expect(types(lost)).toContain('recovered')
    expect(lost.find(({ type }) => type === 'recovered')).toMatchObject({
      recovery: { copiedRows: 0 },
    })
    expect(session.hear(1, 1, { type: 'copied', request: 1, rows: 1 })).toEqual([])
  })
})

describe('requester machine of a text whose stage finds only another numeric class', () => {
  const refusal = (code: 'INFERENCE_CLASS_OTHER' | 'INFERENCE_OPEN_REFUSED') =>
    ({
      type: 'fault',
      record: { code, request: undefined, nextEpoch: undefined, beforeEpoch: undefined },
    }) as const
  const classOf = (outputs: readonly RequesterOutput[]) =>
    outputs.flatMap((output) =>
      output.type === 'open' && output.message.type === 'open'
        ? [output.message.record.numericClass ?? 'any']
        : [],
    )

  /** Its second stage is lost, and 'c' refuses to follow. */
  function refused(code: Parameters<typeof refusal>[0]) {
    const session = running(0)
    session.handle({ type: 'lost', stage: 1, epoch: 0, code: 'INFERENCE_LINK_LOST' })
    const asked = session.handle({ type: 'replacement', stage: 1, peer: 'c' as PeerId })
    expect(classOf(asked)).toEqual([READY.numericClass])
    session.hear(1, 1, refusal(code))
    return session
  }

  it('asks all others first, and then takes who refused rather than nobody', () => {
    const session = refused('INFERENCE_CLASS_OTHER')
    const other = session.handle({ type: 'replacement', stage: 1, peer: 'd' as PeerId })
    expect(classOf(other)).toEqual([READY.numericClass])
    session.handle({ type: 'lost', stage: 1, epoch: 2, code: 'INFERENCE_LINK_LOST' })
    const taken = session.handle({ type: 'replacement', stage: 1, peer: undefined })
    expect(taken).toMatchObject([{ type: 'open', stage: 1, peer: 'c' }])
    expect(classOf(taken)).toEqual(['any'])
  })

  it('ends when nobody is left who refused for that', () => {
    const session = refused('INFERENCE_OPEN_REFUSED')
    const ended = session.handle({ type: 'replacement', stage: 1, peer: undefined })
    expect(types(ended)).toContain('failed')
  })

  it('asks from the start for the class that the text was begun in', () => {
    const [first, second] = [new Uint8Array(32).fill(1), undefined]
    const machine = new RequesterMachine({ ...init, numericClasses: [first, second] })
    const opened = machine.handle({ type: 'start', peers: ['a', 'b'] as PeerId[] }, 0)
    expect(classOf(opened)).toEqual([first, 'any'])
  })
})
