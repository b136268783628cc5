/**
 * Texts that share the memory of one device: none is lost, none takes all, and those who wait are told.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  InferenceMesh,
  type InferenceDevice,
  type TextLog,
} from '../../test/fixtures/inference-mesh.ts'
import { answerOf, VOCABULARY } from '../../test/fixtures/text-executor.ts'

let mesh = new InferenceMesh()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

/** Bytes of one row of the make-believe model in one stage: its key and value, and what is drawn behind it. */
const ROW_BYTES = 8 + 256
/** Rows of the second smallest room, and of that for a chat of which nobody said how long it is. */
const [NEXT, DEFAULT] = [264, 4_104]
const DEFAULT_TOKENS = 2_048
/** Tokens of a prompt that nearly fills the smallest room, and of an answer that does not fit any more. */
const [FULL, TOKENS] = [120, 20]

/** A prompt of `length` tokens behind which the model says `TOKENS` tokens at least, and 40 at most. */
function words(nth: number, length = 10): readonly number[] {
  const prompts = Array.from({ length: 300 }, (_, seed) =>
    Array.from({ length }, (_token, at) => 1 + ((at * at * 31 + at * 7 + seed) % (VOCABULARY - 1))),
  )
  const found = prompts.filter((prompt) => {
    const said = answerOf(prompt, 41).length
    return said >= TOKENS && said <= 40
  })[nth]
  if (found === undefined) throw new Error('expected a prompt with such an answer')
  return found
}

function begin(
  at: InferenceDevice,
  prompt: readonly number[],
  wish: Partial<Parameters<InferenceMesh['startText']>[0]> = {},
): TextLog {
  return mesh.startText({ requester: at, stages: [at], prompt, tokensMax: DEFAULT_TOKENS, ...wish })
}

function waits({ events }: TextLog): readonly (number | undefined)[] {
  return events.flatMap((event) =>
    event.type === 'loading' && event.waiting !== undefined ? event.waiting : [],
  )
}

function codes({ events }: TextLog): readonly string[] {
  return events.flatMap((event) => {
    if (event.type === 'failed') return event.code
    return event.type === 'recovered' ? event.recovery.code : []
  })
}

describe('memory of texts', () => {
  it('serves three chats of which nobody said how long they are, on one device at once', async () => {
    // As 512 MiB are to the 180 MiB that such a chat of SmolLM2 may come to.
    mesh.textBytesMax = Math.ceil(2.84 * DEFAULT * ROW_BYTES)
    const device = mesh.add()
    const prompts = [0, 1, 2].map((nth) => words(nth))
    const logs = prompts.map((prompt) => begin(device, prompt))
    for (const log of logs) await mesh.runText(log)
    expect(logs.map(({ text }) => text.generation.answer)).toEqual(
      prompts.map((prompt) => answerOf(prompt, DEFAULT_TOKENS)),
    )
    expect(logs.map((log) => [codes(log), waits(log)])).toEqual(logs.map(() => [[], []]))
  })

  it('has those of another device wait in turn when they come to more than its share', async () => {
    mesh.textBytesMax = Math.ceil(2.84 * DEFAULT * ROW_BYTES)
    const [device, guest] = [mesh.add(), mesh.add()]
    const prompts = [0, 1, 2, 3].map((nth) => words(nth))
    const logs = prompts.map((prompt) => begin(guest, prompt, { stages: [device] }))
    for (const log of logs) await mesh.runText(log)
    expect(logs.map(({ text }) => text.generation.answer)).toEqual(
      prompts.map((prompt) => answerOf(prompt, DEFAULT_TOKENS)),
    )
    expect(logs.map(waits)).toEqual([[], [], [0], [1, 0]])
  })

  it('lets a text that can grow no more wait, and go on where it was', async () => {
    mesh.textBytesMax = 1.7 * NEXT * ROW_BYTES
    const device = mesh.add()
    const tokensMax = TOKENS
    const prompts = [words(0, FULL), words(1, FULL)]
    const logs = prompts.map((prompt) => begin(device, prompt, { tokensMax, spares: [device] }))
    for (const log of logs) await mesh.runText(log)
    expect(logs.map(({ text }) => text.generation.answer)).toEqual(
      prompts.map((prompt) => answerOf(prompt, tokensMax)),
    )
    expect(logs.flatMap(codes)).toEqual(['INFERENCE_MEMORY'])
    expect(logs.flatMap(waits)).toEqual([0])
  })

  it('takes that of another device for a text of its own, and neither loses a word', async () => {
    mesh.textBytesMax = 1.6 * NEXT * ROW_BYTES
    const [device, guest] = [mesh.add(), mesh.add()]
    const tokensMax = TOKENS
    const prompts = [words(0, FULL), words(1, FULL)] as const
    // Both have come as far when one of them needs more.
    device.onLoad = (executor) => {
      executor.beforeRun = () => new Promise((resolve) => void setTimeout(resolve, 1))
    }
    const lent = begin(guest, prompts[0], { tokensMax, stages: [device], spares: [device] })
    const own = begin(device, prompts[1], { tokensMax })
    for (const log of [lent, own]) await mesh.runText(log)
    expect([lent, own].map(({ text }) => text.generation.answer)).toEqual(
      prompts.map((prompt) => answerOf(prompt, tokensMax)),
    )
    expect([codes(lent), codes(own)]).toEqual([['INFERENCE_MEMORY'], []])
  })

  it('refuses what has no room in all that it has, and serves others as before', async () => {
    mesh.textBytesMax = 2 * DEFAULT * ROW_BYTES
    const [device, hostile] = [mesh.add(), mesh.add()]
    const greedy = begin(hostile, [1, 2, 3], { stages: [device], positionsMax: 1_048_576 })
    await mesh.runText(greedy)
    expect(codes(greedy)).toEqual(['INFERENCE_TOO_LARGE'])
    const own = begin(device, words(0))
    await mesh.runText(own)
    expect([codes(own), waits(own)]).toEqual([[], []])
  })

  it('sets aside no more than the model can do, whatever is asked for', async () => {
    mesh.textBytesMax = 3 * NEXT * ROW_BYTES
    mesh.positionsMax = NEXT - 8
    const [device, hostile] = [mesh.add(), mesh.add()]
    const prompt = words(0)
    const wish = { stages: [device], tokensMax: TOKENS, positionsMax: 1_048_576 }
    const logs = [0, 1].map(() => begin(hostile, prompt, wish))
    for (const log of logs) await mesh.runText(log)
    expect(logs.map((log) => [codes(log), log.text.generation.answer.length])).toEqual([
      [[], TOKENS],
      [[], TOKENS],
    ])
  })
})
