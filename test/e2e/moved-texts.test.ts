/**
 * Texts that move between real executors, or are cut where floats are rounded: the bits stay what they
 * would have been.
 *
 * @module
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlobId, ModelId, PeerId, SessionId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import type { BeginMessage } from '../../node/runtime/executor-messages.ts'
import type { Executor, TextStep } from '../../node/runtime/executor-spec.ts'
import {
  fromWire,
  type ReadyRecord,
  rowsTensor,
  type StageInput,
  StageMachine,
  type TensorMessage,
  toWire,
  type WireType,
} from '../../protocols/inference/index.ts'
import { DirectText as Text, idsOf, numbersFrom, runTogether } from '../fixtures/direct-text.ts'
import { TextStages } from '../fixtures/text-stages.ts'

const VOCABULARY = 128

let stages: TextStages

beforeAll(async () => {
  stages = await TextStages.start()
}, 60_000)

afterAll(() => stages[Symbol.asyncDispose]())

const NO_LEAF = new Uint8Array(8)

const OPEN = {
  version: 1,
  session: '00'.repeat(16) as SessionId,
  model: 'ab'.repeat(32) as ModelId,
  manifest: { id: 'ab'.repeat(32) as BlobId, bytes: 1, chunkHashes: [] },
  fromLayer: 0,
  toLayer: 1,
  provider: 'cpu',
  inFlightMax: 4,
  runMsMax: 1_000,
  numericClass: undefined,
} as const

const READY: ReadyRecord = {
  provider: 'cpu',
  numericClass: new Uint8Array(32),
  exact: true,
  loadMs: 1,
  fetchedBytes: 0,
  weightBytes: 1,
  prefixRows: undefined,
  stepUs: undefined,
  besideUs: undefined,
  chunkUs: undefined,
  keptRowBytes: undefined,
}

describe('rows of a text', () => {
  let from: readonly Executor[] = []
  let to: readonly Executor[] = []
  let thirds: readonly Executor[] = []
  /** The model in two, by the layer behind the cut. */
  let halves: Readonly<Record<2 | 4, readonly Executor[]>> = { 2: [], 4: [] }

  beforeAll(async () => {
    const all = await stages.load('q4', [[3], [3], [2, 4], [2], [4]])
    from = all.slice(0, 2)
    to = all.slice(2, 4)
    thirds = all.slice(4, 7)
    halves = { 2: all.slice(7, 9), 4: all.slice(9, 11) }
  }, 60_000)

  it('are copied to other executors, where the text goes on with the same bits', async () => {
    const number = numbersFrom(11)
    // It outgrows the smallest room on its way.
    const prompt = Array.from({ length: 150 }, () => number(VOCABULARY))
    const [stays, moves] = [new Text(3, prompt), new Text(3, prompt)]
    for (const each of [...from, ...to]) await each.begin(stays.begin)
    while (stays.drawn.length < 2) await runTogether(from, [stays], (one) => one.next(64))
    moves.drawn.push(...stays.drawn)
    const rows = prompt.length + 1
    moves.skip(rows)
    for (const [index, source] of from.entries()) {
      for (let row = 0; row < rows; row += 40) {
        const span = { slot: 3, from: row, to: Math.min(rows, row + 40) }
        await to[index]?.importRows(span, await source.exportRows(span))
      }
    }
    for (const [executors, text] of [[from, stays] as const, [to, moves] as const]) {
      while (!text.isDone) await runTogether(executors, [text], (one) => one.next(1))
    }
    expect(moves.drawn).toEqual(stays.drawn)
  })

  it('are not taken where they do not follow, or are not what the stage has', async () => {
    const [executor] = from
    if (executor === undefined) throw new Error('nothing was loaded')
    const text = new Text(1, [5, 9, 3])
    for (const each of from) await each.begin(text.begin)
    await runTogether(from, [text], (one) => one.next(3))
    const span = { slot: 1, from: 0, to: 2 }
    const rows = await executor.exportRows(span)
    const nan = rows.map((tensor) => ({ ...tensor, data: tensor.data.slice().fill(0xff) }))
    const asked = [
      executor.exportRows({ ...span, to: 4 }),
      executor.exportRows({ ...span, slot: 2 }),
      executor.importRows({ slot: 1, from: 4, to: 6 }, rows),
      executor.importRows({ slot: 1, from: 0, to: 3 }, rows),
      executor.importRows(span, rows.slice(1)),
      executor.importRows(span, nan),
    ]
    const codes = await Promise.all(
      asked.map((each) => each.catch((error: unknown) => (error as { code?: unknown }).code)),
    )
    const [failed, invalid] = ['RUNTIME_RUN_FAILED', 'RUNTIME_INPUT_INVALID']
    expect(codes).toEqual([failed, failed, failed, invalid, invalid, failed])
  })

  it('that are no numbers are given to nobody, and spoil no other text', async () => {
    const [, last] = from
    if (last === undefined) throw new Error('nothing was loaded')
    const rows = { position: 0, drawFrom: 2, tokens: [5, 9] }
    const [good, bad] = [new Text(7, [5, 9, 3]), new Text(8, [5, 9, 3])]
    for (const each of [...from, ...to])
      for (const text of [good, bad]) await each.begin(text.begin)
    const [crossing] = (await (from[0] as Executor).step({ slot: 8, rows, tensors: idsOf(rows) }))
      .outputs
    const nan = {
      ...(crossing as Tensor),
      data: new Uint8Array(crossing?.data.length ?? 0).fill(0xff),
    }
    const failed = last.step({ slot: 8, rows: { ...rows, drawFrom: 1 }, tensors: [nan] })
    await expect(failed).rejects.toMatchObject({ code: 'RUNTIME_NOT_FINITE' })
    const other = new Text(7, good.prompt)
    await runTogether(from, [good], (one) => one.next(3))
    await runTogether(to, [other], (one) => one.next(3))
    expect(good.drawn).toEqual(other.drawn)
  })

  it('cross a rounding cut between stages as they would in one device that rounds there', async () => {
    const prompt = [5, 9, 3, 77, 21, 8]
    const [cut, whole, plain] = [9, 10, 11].map((slot) => new Text(slot, prompt)) as [
      Text,
      Text,
      Text,
    ]
    for (const text of [cut, whole, plain]) {
      const begin = { ...text.begin, sampling: cut.begin.sampling }
      for (const each of [...from, ...to]) await each.begin(begin)
    }
    await throughStages(from, ['f16'], cut)
    await throughCut(to, 'f16', whole)
    await throughCut(to, 'f32', plain)
    expect(cut.drawn).toEqual(whole.drawn)
    expect(cut.drawn.map(({ bits }) => bits)).not.toEqual(plain.drawn.map(({ bits }) => bits))
  })

  it.each([
    [['f32', 'f16'], 4],
    [['f16', 'f32'], 2],
  ] as const)(
    'cross cuts of %j as they would in one device that rounds behind layer %i alone',
    async (wires, layer) => {
      const prompt = [5, 9, 3, 77, 21, 8]
      const texts = [12, 13, 14, 15].map((slot) => new Text(slot, prompt))
      const [mixed, whole, plain, both] = texts as [Text, Text, Text, Text]
      for (const text of texts) {
        const begin = { ...text.begin, sampling: mixed.begin.sampling }
        for (const each of [...thirds, ...halves[layer]]) await each.begin(begin)
      }
      await throughStages(thirds, wires, mixed)
      await throughCut(halves[layer], 'f16', whole)
      await throughCut(halves[layer], 'f32', plain)
      await throughStages(thirds, ['f16', 'f16'], both)
      expect(mixed.drawn).toEqual(whole.drawn)
      const bits = [mixed, plain, both].map((text) => text.drawn.map((drawn) => drawn.bits))
      expect(bits[0]).not.toEqual(bits[1])
      expect(bits[0]).not.toEqual(bits[2])
    },
  )
})

/** Writes a text through stages of one session. */
async function throughStages(
  executors: readonly Executor[],
  wires: readonly WireType[],
  text: Text,
): Promise<void> {
  const session = await roundingStages(executors, wires, text.begin)
  for (let request = 0; !text.isDone; request++) {
    const rows = text.next(4)
    text.took(rows, await session.step(request, { slot: text.slot, rows, tensors: idsOf(rows) }))
  }
}

/** Writes a text through a model in two, as one device does that rounds between them, or does not. */
async function throughCut(
  executors: readonly Executor[],
  wire: WireType,
  text: Text,
): Promise<void> {
  const [first, second] = executors as [Executor, Executor]
  while (!text.isDone) {
    const rows = text.next(4)
    const { outputs } = await first.step({ slot: text.slot, rows, tensors: idsOf(rows) })
    const tensors = fromWire(toWire(outputs, wire), wire)
    text.took(rows, (await second.step({ slot: text.slot, rows, tensors })).outputs)
  }
}

/** Stages of one session as daemons run them, with a type for each cut. */
async function roundingStages(
  executors: readonly Executor[],
  wires: readonly WireType[],
  begin: BeginMessage,
) {
  const peers = ['a', 'b', 'c'].slice(0, executors.length) as PeerId[]
  const machines = peers.map((self, stage) => {
    const open = { ...OPEN, stage, wires, route: peers.map((peer) => ({ peer, epoch: 0 })) }
    const text = { ...begin, gives: 'tokens', prefix: undefined, cuts: [] } as const
    const machine = new StageMachine({
      open: { ...open, text },
      self,
      requester: 'r' as PeerId,
      sha256: nodeCrypto.sha256,
      journalBytesMax: 1_000_000,
    })
    machine.handle({ type: 'loaded', ready: READY }, 0)
    const record = { version: 1, session: OPEN.session, stage: stage - 1, to: stage, epoch: 0 }
    const from = peers[stage - 1]
    if (from !== undefined) machine.handle({ type: 'attach', from, link: 1, record }, 0)
    return machine
  })

  /** What one machine sends on of a step, run in its executor. */
  const passed = async (
    machine: StageMachine,
    executor: Executor,
    input: StageInput,
    slot: number,
  ): Promise<TensorMessage> => {
    const [run] = machine.handle(input, 0)
    if (run?.type !== 'run' || run.rows === undefined) throw new Error('nothing was run')
    const { request, rows, tensors } = run
    const picked = tensors.filter(({ name }) => !name.startsWith(':'))
    const { outputs } = await executor.step({ slot, rows, tensors: picked })
    const ran = { type: 'ran', request, tensors: outputs, queueUs: 0, computeUs: 1 } as const
    for (const output of machine.handle(ran, 0)) {
      const isOn = output.type === 'forward' && output.message.type === 'step'
      if (isOn && output.message.type === 'step') return output.message
      if (output.type === 'reply' && output.message.type === 'output') return output.message
    }
    throw new Error('nothing was sent on')
  }

  return {
    step: async (
      request: number,
      { slot, rows, tensors }: TextStep,
    ): Promise<readonly Tensor[]> => {
      const step = { request, hops: [], tensors: [...tensors, rowsTensor(rows)], leaf: NO_LEAF }
      let sent: TensorMessage = step
      for (const [stage, machine] of machines.entries()) {
        const input: StageInput =
          stage === 0
            ? { type: 'control', message: { type: 'step', ...step } }
            : { type: 'step', link: 1, step: sent }
        sent = await passed(machine, executors[stage] as Executor, input, slot)
      }
      return sent.tensors
    },
  }
}
