/**
 * Stages of texts that move to other devices, between real hosts and requesters over links in memory.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RuntimeError } from '../runtime/errors.ts'
import {
  InferenceMesh,
  type InferenceDevice,
  type TextLog,
} from '../../test/fixtures/inference-mesh.ts'
import { answerOf, FakeTextExecutor } from '../../test/fixtures/text-executor.ts'

let mesh = new InferenceMesh()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

const PROMPT = [11, 7, 42, 3, 3, 90, 15, 8, 61, 20]
const TOKENS = 24
const EXPECTED = answerOf(PROMPT, TOKENS)

function devices(count: number): InferenceDevice[] {
  return Array.from({ length: count }, () => mesh.add())
}

function textExecutors({ executors }: InferenceDevice): FakeTextExecutor[] {
  return executors.filter((executor) => executor instanceof FakeTextExecutor)
}

async function say(
  stages: readonly InferenceDevice[],
  wish: Partial<Parameters<InferenceMesh['startText']>[0]> = {},
): Promise<TextLog> {
  const [requester = mesh.add()] = stages
  const log = mesh.startText({ requester, stages, prompt: PROMPT, tokensMax: TOKENS, ...wish })
  await mesh.runText(log)
  return log
}

describe('a text whose stage moves', () => {
  it('copies to who will take over, which runs only what came since', async () => {
    for (const leaver of [0, 1, 2]) {
      const held = devices(3)
      const [requester = mesh.add()] = held
      const spare = mesh.add()
      let draws = 0
      const log = mesh.startText({
        requester,
        stages: held,
        spares: [spare],
        prompt: PROMPT,
        tokensMax: TOKENS,
        bytesPerMs: 1_000,
        onEvent: ({ type }) => {
          if (type === 'draw' && ++draws === 6) held[leaver]?.host.leave('battery', 10_000)
        },
      })
      await mesh.runText(log)
      expect(log.text.generation.answer).toEqual(EXPECTED)
      const [moved] = log.events.flatMap((event) =>
        event.type === 'recovered' ? event.recovery : [],
      )
      const [executor] = textExecutors(spare)
      const copied = moved?.copiedRows ?? 0
      expect(copied).toBeGreaterThan(PROMPT.length)
      expect(executor?.imported).toBe(copied)
      expect(executor?.runs.reduce((sum, rows) => sum + rows, 0)).toBe(
        PROMPT.length + TOKENS - 1 - copied,
      )
    }
  })

  it.each([
    [1, 2],
    [2, 0],
  ])('copies stage %d to the device that holds the one behind it, stage %d', async (from, to) => {
    const held = devices(3)
    const [leaver, follower] = [held[from], held[to]]
    let draws = 0
    const log = await say(held, {
      requester: mesh.add(),
      spares: follower === undefined ? [] : [follower],
      bytesPerMs: 1_000,
      onEvent: ({ type }) => {
        if (type === 'draw' && ++draws === 6) leaver?.host.leave('battery', 10_000)
      },
    })
    expect(log.text.generation.answer).toEqual(EXPECTED)
    const recoveries = log.events.flatMap((event) =>
      event.type === 'recovered' ? event.recovery : [],
    )
    expect(recoveries).toMatchObject([{ stage: from, to: follower?.peer }])
    expect(recoveries[0]?.copiedRows).toBeGreaterThan(PROMPT.length)
  })

  it('copies what drafts left in the journal along', async () => {
    const [first = mesh.add(), second = mesh.add(), spare = mesh.add()] = devices(3)
    let draws = 0
    const log = await say([first, second], {
      spares: [spare],
      bytesPerMs: 1_000,
      // Always wrong, and many of them.
      propose: () => [96, 95, 94, 93, 92, 91, 90],
      onEvent: ({ type }) => {
        if (type === 'draw' && ++draws === 9) first.host.leave('battery', 10_000)
      },
    })
    expect(log.text.generation.answer).toEqual(EXPECTED)
    const [moved] = log.events.flatMap((event) =>
      event.type === 'recovered' ? event.recovery : [],
    )
    expect(moved?.copiedRows).toBeGreaterThan(PROMPT.length)
  })

  it.each(['exportRows', 'importRows'] as const)('is run again when %s fails', async (what) => {
    const [first = mesh.add(), second = mesh.add(), spare = mesh.add()] = devices(3)
    const struck = what === 'exportRows' ? second : spare
    struck.onLoad = (executor) => {
      const fail = (): Promise<never> => Promise.reject(new Error('no'))
      executor[what] = fail
    }
    let draws = 0
    const log = await say([first, second], {
      spares: [spare],
      bytesPerMs: 1_000,
      onEvent: ({ type }) => {
        if (type === 'draw' && ++draws === 6) second.host.leave('battery', 10_000)
      },
    })
    expect(log.text.generation.answer).toEqual(EXPECTED)
    expect(log.events).toContainEqual(
      expect.objectContaining({
        type: 'recovered',
        recovery: expect.objectContaining({ copiedRows: 0, to: spare.peer }),
      }),
    )
  })

  it('moves away from a stage that gives what is no number, and says the same', async () => {
    const [first = mesh.add(), second = mesh.add(), spare = mesh.add()] = devices(3)
    let draws = 0
    const log = await say([first, second], {
      spares: [spare],
      onEvent: ({ type }) => {
        if (type !== 'draw' || ++draws !== 6) return
        for (const executor of textExecutors(second)) {
          const detail = 'output 0'
          executor.step = () =>
            Promise.reject(new RuntimeError({ code: 'RUNTIME_NOT_FINITE', detail }))
        }
      },
    })
    expect(log.text.generation.answer).toEqual(EXPECTED)
    expect(log.events).toContainEqual(
      expect.objectContaining({
        type: 'recovered',
        recovery: expect.objectContaining({ code: 'INFERENCE_NOT_FINITE', to: spare.peer }),
      }),
    )
  })

  it('goes on in another numeric class only where nobody of its own is left', async () => {
    const [first = mesh.add(), second = mesh.add(), other = mesh.add(), same = mesh.add()] =
      devices(4)
    other.numericClass = new Uint8Array(32).fill(9)
    for (const [spares, taken] of [[[other, same], same] as const, [[other], other] as const]) {
      let draws = 0
      const log = await say([first, second], {
        spares,
        onEvent: ({ type }) => {
          if (type === 'draw' && ++draws === 6) for (const each of second.executors) each.die()
        },
      })
      expect(log.text.generation.answer).toEqual(EXPECTED)
      const [moved] = log.events.flatMap((event) =>
        event.type === 'recovered' ? event.recovery : [],
      )
      expect(moved?.to).toBe(taken.peer)
    }
  })
})
