/** What a stage does with what it cannot use of the stage before. */

import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  floatRows,
  leafed,
  READY,
  stageOpen,
  TEXT,
  SESSION,
} from '../../test/fixtures/session-records.ts'
import type { TensorMessage } from './messages.ts'
import { StageMachine } from './stage-machine.ts'
import type { StageInput } from './stage-types.ts'
import { rowsTensor } from './text-rows.ts'
import type { WireType } from './wire-type.ts'

const [a, b, c, requester] = ['a', 'b', 'c', 'r'] as [PeerId, PeerId, PeerId, PeerId]
const { sha256 } = nodeCrypto

const open = stageOpen([a, b, c], 1, { text: TEXT })

const good = floatRows([1.5])
const failed = 'INFERENCE_CUT_INVALID' as const

/** One row of a text, and what crosses the cut of it. */
function stepOf(request: number, position = request, crossing = good): TensorMessage {
  const rows = rowsTensor({ position, drawFrom: 1, tokens: [5] })
  return { request, hops: [], ...leafed([crossing, rows]) }
}

/** The same as it comes from the stage before. */
function step(...made: Parameters<typeof stepOf>): StageInput {
  return { type: 'step', link: 7, step: stepOf(...made) }
}

/** What the successor of the stage before replays. */
function replayed(request: number): StageInput {
  return { type: 'step', link: 9, step: stepOf(request) }
}

function attach(from: PeerId, epoch: number, link: number, lossy = false): StageInput {
  return {
    type: 'attach',
    from,
    link,
    lossy,
    record: { version: 1, session: SESSION, stage: 0, to: 1, epoch },
  }
}

/** The second of three stages, attached and loaded. */
function serving({ wire = 'f32', lossy = false }: { wire?: WireType; lossy?: boolean } = {}) {
  const init = { self: b, requester, sha256, journalBytesMax: 10_000 }
  const machine = new StageMachine({ open: { ...open, wires: [wire, wire] }, ...init })
  const feed = (...inputs: readonly StageInput[]) =>
    inputs.flatMap((input) => machine.handle(input, 0))
  feed({ type: 'loaded', ready: READY }, attach(a, 0, 7, lossy))
  return feed
}

const complaint = (request: number) => ({
  type: 'reply',
  message: {
    type: 'fault',
    record: { code: 'INFERENCE_CUT_INVALID', request, nextEpoch: undefined, beforeEpoch: 0 },
  },
})

describe('a stage complains of the one before', () => {
  it.each<[string, TensorMessage]>([
    ['what is no number', stepOf(1, 1, floatRows([Number.NaN]))],
    ['what is infinite', stepOf(1, 1, floatRows([-Infinity]))],
    ['more rows than tokens', stepOf(1, 1, floatRows([1, 2]))],
    ['rows of another rank', stepOf(1, 1, { ...good, dims: [1] })],
    ['a gap', stepOf(1, 2)],
    ['more than there is room for', stepOf(1, 20)],
    ['a hash of something else', { ...stepOf(1), leaf: new Uint8Array(8) }],
    ['no rows at all', { ...stepOf(1), ...leafed([good]) }],
  ])('for %s, and goes on from where it is with the next one', (_what, bad) => {
    const feed = serving()
    feed(step(0))
    expect(feed({ type: 'step', link: 7, step: bad })).toEqual([complaint(1)])
    expect(feed(step(1), step(2)), 'nothing more is taken of it').toEqual([])
    const other: StageInput = { type: 'step', link: 8, step: stepOf(1) }
    expect(feed(attach(a, 0, 8), other), 'not on another link either').toEqual([])
    const route = [c, b, c].map((peer, stage) => ({ peer, epoch: stage === 0 ? 1 : 0 }))
    feed({ type: 'control', message: { type: 'route', route, fed: 0, shadow: undefined } })
    const again = feed(attach(c, 1, 9), replayed(0), replayed(1))
    expect(again).toMatchObject([{ type: 'run', request: 1, rows: { position: 1 } }])
  })

  it('for what only its executor finds, before that changed anything', () => {
    const feed = serving()
    feed(step(0), step(1), step(2))
    expect(feed({ type: 'run-failed', request: 1, code: failed })).toEqual([complaint(1)])
    expect(feed({ type: 'run-failed', request: 2, code: failed })).toEqual([])
    const route = [c, b, c].map((peer, stage) => ({ peer, epoch: stage === 0 ? 1 : 0 }))
    feed({ type: 'control', message: { type: 'route', route, fed: 0, shadow: undefined } })
    const again = feed(attach(c, 1, 9), replayed(1), replayed(2))
    expect(again.map((output) => output.type === 'run' && output.request)).toEqual([1, 2])
  })
})

describe('a stage blames itself', () => {
  it('for what it makes too large for its wire', () => {
    const ran = { type: 'ran', request: 0, queueUs: 0, computeUs: 0 } as const
    const large = { ...ran, tensors: [floatRows([70_000])] }
    expect(serving()(step(0), large).map(({ type }) => type)).toEqual(['run', 'forward'])
    const half = { ...good, type: 'float16' as const, data: Uint8Array.of(0, 60) }
    expect(serving({ wire: 'f16' })(step(0, 0, half), large)).toMatchObject([
      { type: 'run' },
      { message: { record: { code: 'INFERENCE_RUN_FAILED', beforeEpoch: undefined } } },
      { type: 'end' },
    ])
  })

  it('for a gap where it had no room for all that came', () => {
    expect(serving({ lossy: true })(step(0), step(2))).toMatchObject([
      { type: 'run' },
      { message: { record: { code: 'INFERENCE_JOURNAL_MISSING', beforeEpoch: undefined } } },
      { type: 'end' },
    ])
  })
})
