import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { leafed, READY, stageOpen, TEXT, SESSION } from '../../test/fixtures/session-records.ts'
import type { InferenceMessage } from './messages.ts'
import { StageMachine } from './stage-machine.ts'
import type { StageInput, StageOutput } from './stage-types.ts'
import { drawnTensors, rowsOf, stepTensors } from './text-rows.ts'

const [a, b, requester] = ['a', 'b', 'r'] as [PeerId, PeerId, PeerId]

const open = stageOpen([a, b], 0, { text: TEXT })

const draw = (token: number) =>
  drawnTensors([{ token, logprob: undefined, alternatives: [], logitsHash: undefined }])
const stepOf = (request: number) => ({
  request,
  hops: [],
  ...leafed(stepTensors({ position: request, drawFrom: 0, tokens: [5] })),
})
const control = (message: InferenceMessage): StageInput => ({ type: 'control', message })

/** A stage of two that serves, and has the link of the other one. */
function serving(stage: 0 | 1) {
  const self = open.route[stage]?.peer ?? a
  const init = { open: { ...open, stage }, self, requester, sha256: nodeCrypto.sha256 }
  const machine = new StageMachine({ ...init, journalBytesMax: 10_000 })
  const record = { version: 1, session: SESSION, stage: 1 - stage, to: stage, epoch: 0 }
  const feed = (...inputs: readonly StageInput[]): readonly StageOutput[] =>
    inputs.flatMap((input) => machine.handle(input, 0))
  const from = open.route[1 - stage]?.peer ?? b
  const loaded = feed({ type: 'loaded', ready: READY }, { type: 'attach', from, link: 7, record })
  return { feed, loaded }
}

const ran = (request: number, token: number): StageInput => {
  return { type: 'ran', request, tensors: draw(token), queueUs: 1, computeUs: 2 }
}

describe('stages of a ring', () => {
  it('have the last one attach to the first, and tell it what it draws ahead of the requester', () => {
    const { feed, loaded } = serving(1)
    const outputs = feed({ type: 'step', link: 7, step: stepOf(0) }, ran(0, 9))

    expect(loaded[0]).toMatchObject({ type: 'connect-next', to: { peer: a, epoch: 0 } })
    expect(outputs.slice(1)).toMatchObject([
      { type: 'forward', to: 'next', message: { type: 'output', request: 0, tensors: draw(9) } },
      { type: 'reply', message: { type: 'output', request: 0 } },
    ])
  })

  it('have the first one make the step behind a draw, as far as it may', () => {
    const { feed } = serving(0)
    feed(control({ type: 'step', ...stepOf(0) }), control({ type: 'free', request: 2 }))
    const drawn = { request: 0, hops: [], ...leafed(draw(9)) }
    const strange = feed({ type: 'drawn', link: 8, drawn })
    const made = feed({ type: 'drawn', link: 7, drawn })
    const beyond = feed({ type: 'drawn', link: 7, drawn: { ...drawn, request: 1 } })

    expect([strange, beyond]).toEqual([[], []])
    expect(made).toMatchObject([{ type: 'run', request: 1 }])
    expect(made.flatMap((output) => (output.type === 'run' ? rowsOf(output.tensors) : []))).toEqual(
      [{ position: 1, drawFrom: 0, tokens: [9] }],
    )
    // The requester makes the same one: it is known already.
    expect(feed(control({ type: 'step', ...stepOf(1) }))).toEqual([])
  })

  it('tell a new first one all draws that the requester has not got', () => {
    const { feed } = serving(1)
    for (const request of [0, 1, 2]) {
      feed({ type: 'step', link: 7, step: stepOf(request) }, ran(request, 9))
    }
    const route = [{ peer: requester, epoch: 3 }, ...open.route.slice(1)]
    const moved = feed(
      control({ type: 'release', request: 1 }),
      control({ type: 'route', route, fed: 0, shadow: undefined }),
    )
    const told = moved.map((output) =>
      output.type === 'forward' && output.message.type === 'output'
        ? output.message.request
        : output.type,
    )
    expect(told).toEqual(['connect-next', 1, 2])
  })

  it('sign for what has arrived, and not for what the ring did beyond it', () => {
    const [short, long] = [serving(1), serving(1)]
    const receipts = [short, long].map(({ feed }, more) => {
      for (let request = 0; request < 2 + more; request++) {
        feed({ type: 'step', link: 7, step: stepOf(request) }, ran(request, 9))
      }
      const [end] = feed(control({ type: 'release', request: 2 }), control({ type: 'close' }))
      return end?.type === 'end' ? { ...end.receipt, computeUs: 0 } : undefined
    })
    expect(receipts[0]).toMatchObject({ requests: 2 })
    expect(receipts[1]).toEqual(receipts[0])
  })
})
