import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import type { InferenceMessage } from './messages.ts'
import type { SignedReceipt } from './records.ts'
import { idle, peers, Session, tensors, types } from '../../test/fixtures/requester-session.ts'
import { READY } from '../../test/fixtures/session-records.ts'

describe('requester machine', () => {
  it('opens every stage at once, and sends nothing before all of them serve', () => {
    const session = new Session()
    const opened = session.handle({ type: 'start', peers })
    const submitted = session.handle({ type: 'submit', request: 0, tensors })
    const first = session.hear(1, 0, { type: 'ready', record: READY })
    const second = session.hear(0, 0, { type: 'ready', record: READY })

    expect(types(opened)).toEqual(['open', 'open'])
    expect(submitted).toEqual([])
    expect(types(first)).toEqual(['ready'])
    expect(types(second)).toEqual(['ready', 'send step'])
  })

  it.each([
    ['another name', { name: 'y' }],
    ['another type', { type: 'int8' as const }],
    ['another rank', { dims: [1, 1] }],
  ])('replaces a last stage whose output has %s', (_what, wrong) => {
    const session = new Session({ outputs: [{ name: 'x', type: 'uint8', dims: [null] }] }).ready()
    session.handle({ type: 'submit', request: 0, tensors })
    const output = { request: 0, hops: [], leaf: new Uint8Array(8) }
    const lie = tensors.map((tensor) => ({ ...tensor, ...wrong }))
    expect(session.hear(1, 0, { type: 'output', ...output, tensors: lie })).toEqual([
      { type: 'drop', stage: 1, epoch: 0 },
      { type: 'replace', stage: 1, excluded: ['b'], code: 'INFERENCE_OUTPUT_INVALID' },
    ])
  })

  it('takes of an output what the model gives, and nothing else', () => {
    const session = new Session({ outputs: [{ name: 'x', type: 'uint8', dims: [1] }] }).ready()
    session.handle({ type: 'submit', request: 0, tensors })
    const other = { name: 'z', type: 'uint8' as const, dims: [0], data: new Uint8Array(0) }
    const more = [other, ...tensors, ...tensors]
    const output = { request: 0, hops: [], leaf: new Uint8Array(8), tensors: more }
    const [first] = session.hear(1, 0, { type: 'output', ...output })
    expect(first).toMatchObject({ type: 'output', output: { tensors } })
  })

  it.each(['INFERENCE_INPUT_INVALID', 'INFERENCE_MESSAGE_TOO_LARGE'] as const)(
    'ends with %s, which every device would say',
    (code) => {
      const session = new Session().ready()
      session.handle({ type: 'submit', request: 0, tensors })
      expect(session.fault(0, 0, code, 0).at(-1)).toEqual({
        type: 'failed',
        code,
        stage: 0,
        request: 0,
      })
    },
  )

  it('replaces a later stage that says so of an input, which it has not seen', () => {
    const session = new Session().ready()
    session.handle({ type: 'submit', request: 0, tensors })
    expect(session.fault(1, 0, 'INFERENCE_INPUT_INVALID', 0)).toEqual([
      { type: 'drop', stage: 1, epoch: 0 },
      { type: 'replace', stage: 1, excluded: ['b'], code: 'INFERENCE_INPUT_INVALID' },
    ])
  })

  it('replaces a stage that answers nothing any more', () => {
    const session = new Session().ready()
    const outputs = session.pass(600, (stage) => (stage === 0 ? idle : undefined))

    expect(outputs).toEqual([
      { type: 'drop', stage: 1, epoch: 0 },
      { type: 'replace', stage: 1, excluded: ['b'], code: 'INFERENCE_STALLED' },
    ])
  })

  it('replaces a stage that answers but does not get its request done', () => {
    const session = new Session().ready()
    session.handle({ type: 'submit', request: 0, tensors })
    const outputs = session.pass(1_200, (stage) =>
      stage === 0 ? { received: 1, done: 0 } : { received: 0, done: 0 },
    )

    expect(outputs).toEqual([
      { type: 'drop', stage: 0, epoch: 0 },
      { type: 'replace', stage: 0, excluded: ['a'], code: 'INFERENCE_STALLED' },
    ])
  })

  it('notices a silence when it has become too long, and not at the next ping', () => {
    const session = new Session().ready()
    session.pass(200, () => idle)
    session.nowMs += 50
    session.hear(1, 0, { type: 'pong', ...idle, reached: 0, clockUs: 0 })
    const losses: number[] = []
    while (losses.length === 0) {
      session.nowMs = session.machine.deadlineMs() ?? Number.NaN
      const outputs = session.handle({ type: 'time-passed' })
      session.hear(0, 0, { type: 'pong', ...idle, reached: 0, clockUs: 0 })
      if (outputs.some(({ type }) => type === 'replace')) losses.push(session.nowMs)
    }
    expect(losses).toEqual([651])
  })

  it('replaces a stage that answers but does not open', () => {
    const session = new Session()
    session.handle({ type: 'start', peers })
    session.hear(0, 0, { type: 'ready', record: READY })

    expect(session.pass(1_200, () => idle)).toEqual([
      { type: 'drop', stage: 1, epoch: 0 },
      { type: 'replace', stage: 1, excluded: ['b'], code: 'INFERENCE_OPEN_TIMEOUT' },
    ])
  })

  it('blames nobody for the time in which it was asleep itself', () => {
    const session = new Session().ready()
    session.pass(500, () => idle)
    session.nowMs += 60_000

    expect(session.handle({ type: 'time-passed' })).toEqual([])
    expect(session.pass(2_000, () => idle)).toEqual([])
  })

  it('fails once when several stages stall together and none may be replaced', () => {
    const session = new Session({ recoveriesMax: 0 }).ready()
    const outputs = session.pass(600, () => undefined)

    expect(types(outputs)).toEqual(['drop', 'send close', 'failed'])
    expect(outputs.at(-1)).toEqual({
      type: 'failed',
      code: 'INFERENCE_RECOVERIES_EXCEEDED',
      stage: 0,
    })
  })

  it('goes on with a stage that leaves while there is nobody else, until it is gone', () => {
    const session = new Session().ready()
    session.handle({ type: 'submit', request: 0, tensors })
    const left = session.hear(1, 0, { type: 'leaving', reason: 'battery', graceMs: 1_000 })
    const nobody = session.handle({ type: 'replacement', stage: 1, peer: undefined })
    const output: InferenceMessage = {
      type: 'output',
      request: 0,
      hops: [],
      tensors,
      leaf: new Uint8Array(8),
    }

    expect(types(left)).toEqual(['replace'])
    expect(nobody).toEqual([])
    expect(types(session.hear(1, 0, output))).toEqual(['output', 'send release', 'send release'])
    expect(
      session.handle({ type: 'lost', stage: 1, epoch: 0, code: 'INFERENCE_LINK_LOST' }),
    ).toEqual([
      { type: 'drop', stage: 1, epoch: 0 },
      { type: 'replace', stage: 1, excluded: ['b'], code: 'INFERENCE_LINK_LOST' },
    ])
    expect(session.handle({ type: 'replacement', stage: 1, peer: undefined }).at(-1)).toEqual({
      type: 'failed',
      code: 'INFERENCE_NO_REPLACEMENT',
      stage: 1,
    })
  })

  it('asks for one successor only when a stage that leaves dies meanwhile', () => {
    const session = new Session().ready()
    session.hear(1, 0, { type: 'leaving', reason: 'battery', graceMs: 1_000 })
    const lost = { type: 'lost', stage: 1, code: 'INFERENCE_LINK_LOST' } as const

    expect(types(session.handle({ ...lost, epoch: 0 }))).toEqual(['drop'])
    expect(types(session.handle({ type: 'replacement', stage: 1, peer: 'c' as PeerId }))).toEqual([
      'open',
    ])
    expect(types(session.handle({ ...lost, epoch: 1 }))).toEqual(['drop', 'replace'])
  })

  it('fails with the request when two devices failed on it', () => {
    const session = new Session().ready()
    session.handle({ type: 'submit', request: 0, tensors })
    expect(types(session.fault(1, 0, 'INFERENCE_RUN_FAILED', 0))).toEqual(['drop', 'replace'])
    session.handle({ type: 'replacement', stage: 1, peer: 'c' as PeerId })
    session.hear(1, 1, { type: 'ready', record: READY })

    expect(session.fault(1, 1, 'INFERENCE_RUN_FAILED', 0).at(-1)).toEqual({
      type: 'failed',
      code: 'INFERENCE_RUN_FAILED',
      stage: 1,
      request: 0,
    })
  })

  it('names what went wrong each time, not how often', () => {
    const session = new Session({ recoveriesMax: 1 })
    session.handle({ type: 'start', peers })
    session.fault(0, 0, 'INFERENCE_LOAD_FAILED')
    session.handle({ type: 'replacement', stage: 0, peer: 'c' as PeerId })

    expect(session.fault(0, 1, 'INFERENCE_LOAD_FAILED').at(-1)).toEqual({
      type: 'failed',
      code: 'INFERENCE_LOAD_FAILED',
      stage: 0,
    })
  })

  it('waits at its end for the receipts of those who serve, and opens nothing any more', () => {
    const session = new Session()
    session.handle({ type: 'start', peers })
    session.hear(0, 0, { type: 'ready', record: READY })
    session.fault(1, 0, 'INFERENCE_MEMORY')

    expect(types(session.handle({ type: 'finish' }))).toEqual(['send close'])
    expect(session.handle({ type: 'replacement', stage: 1, peer: 'c' as PeerId })).toEqual([])
    expect(session.hear(0, 0, { type: 'leaving', reason: 'battery', graceMs: 1_000 })).toEqual([])
    expect(types(session.hear(0, 0, { type: 'receipt', signed: {} as SignedReceipt }))).toEqual([
      'receipt',
      'closed',
    ])
    expect(session.machine.deadlineMs()).toBe(undefined)
  })

  it('waits for a receipt no longer than it may', () => {
    const session = new Session().ready()
    session.handle({ type: 'finish' })
    session.nowMs = session.machine.deadlineMs() ?? 0
    expect([session.nowMs, session.handle({ type: 'time-passed' })]).toEqual([
      500,
      [{ type: 'closed' }],
    ])
  })

  it('tells a stage that still loads who is before it now, so that it knows who attaches', () => {
    const session = new Session()
    session.handle({ type: 'start', peers })
    session.hear(0, 0, { type: 'ready', record: READY })
    session.handle({ type: 'lost', stage: 0, epoch: 0, code: 'INFERENCE_LINK_LOST' })
    session.handle({ type: 'replacement', stage: 0, peer: 'c' as PeerId })
    const route = [
      { peer: 'c', epoch: 1 },
      { peer: 'b', epoch: 0 },
    ]

    expect(session.hear(0, 1, { type: 'ready', record: READY })).toContainEqual({
      type: 'send',
      stage: 1,
      epoch: 0,
      message: { type: 'route', route, fed: 3, shadow: undefined },
    })
  })

  describe('when a stage does not reach the next', () => {
    const unreached = (session: Session, nextEpoch: number) =>
      session.hear(0, 0, {
        type: 'fault',
        record: {
          code: 'INFERENCE_NEXT_UNREACHABLE',
          request: undefined,
          nextEpoch,
          beforeEpoch: undefined,
        },
      })
    const onceBefore = () => {
      const session = new Session().ready()
      unreached(session, 0)
      session.handle({ type: 'replacement', stage: 1, peer: 'c' as PeerId })
      session.hear(1, 1, { type: 'ready', record: READY })
      session.hear(1, 1, { type: 'pong', ...idle, reached: 0, clockUs: 0 })
      session.nowMs += 1
      return session
    }

    it('replaces the next', () => {
      expect(unreached(new Session().ready(), 0)).toEqual([
        { type: 'drop', stage: 1, epoch: 0 },
        { type: 'replace', stage: 1, excluded: ['b'], code: 'INFERENCE_NEXT_UNREACHABLE' },
      ])
    })

    it('replaces the stage itself the second time, once the next has answered', () => {
      const session = onceBefore()
      expect(unreached(session, 1)).toEqual([])
      expect(session.hear(1, 1, { type: 'pong', ...idle, reached: 0, clockUs: 0 })).toEqual([
        { type: 'drop', stage: 0, epoch: 0 },
        { type: 'replace', stage: 0, excluded: ['a'], code: 'INFERENCE_NEXT_UNREACHABLE' },
      ])
    })

    it('replaces the next again when that is lost indeed', () => {
      const session = onceBefore()
      unreached(session, 1)
      expect(
        session.handle({ type: 'lost', stage: 1, epoch: 1, code: 'INFERENCE_LINK_LOST' }),
      ).toEqual([
        { type: 'drop', stage: 1, epoch: 1 },
        { type: 'replace', stage: 1, excluded: ['b', 'c'], code: 'INFERENCE_LINK_LOST' },
      ])
    })
  })
})
