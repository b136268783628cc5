/**
 * Texts that begin like texts before them, between real hosts and requesters over links in memory.
 */

import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { PREFIX_BLOCK_ROWS } from '../../protocols/inference/index.ts'
import {
  InferenceMesh,
  type InferenceDevice,
  type TextLog,
} from '../../test/fixtures/inference-mesh.ts'
import { answerOf, FakeTextExecutor, VOCABULARY } from '../../test/fixtures/text-executor.ts'

let mesh = new InferenceMesh()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

const TOKENS = 6
const NO_HASH = new Uint8Array(0)

/** Tokens that look random and are none that end a text. */
function words(count: number, seed = 1): readonly number[] {
  return Array.from(
    { length: count },
    (_, at) => 1 + ((at * at * 31 + at * 7 + seed) % (VOCABULARY - 1)),
  )
}

async function say(
  stages: readonly InferenceDevice[],
  prompt: readonly number[],
  wish: Partial<Parameters<InferenceMesh['startText']>[0]> = {},
): Promise<TextLog> {
  const [requester = mesh.add()] = stages
  const log = mesh.startText({ requester, stages, prompt, tokensMax: TOKENS, ...wish })
  await mesh.runText(log)
  expect(log.text.generation.answer).toEqual(answerOf(prompt, TOKENS))
  return log
}

/** Rows of the prompt that each stage said to know. */
function known({ events }: TextLog): readonly (number | undefined)[] {
  const ready = events.flatMap((event) => (event.type === 'ready' ? event : []))
  return ready.toSorted((x, y) => x.stage - y.stage).map(({ record }) => record.prefixRows)
}

function rowsRun(devices: readonly InferenceDevice[]): readonly number[] {
  return devices.map(({ executors }) =>
    executors
      .filter((executor) => executor instanceof FakeTextExecutor)
      .reduce((sum, { runs }) => sum + runs.reduce((rows, run) => rows + run, 0), 0),
  )
}

describe('a text that begins like one before it', () => {
  it('says the same, and its stages run only what is new', async () => {
    const all = [mesh.add(), mesh.add()]
    const prompt = words(2 * PREFIX_BLOCK_ROWS + 9)
    const first = await say(all, prompt)
    expect(known(first)).toEqual([0, 0])
    const before = rowsRun(all)
    const answer = first.text.generation.answer
    const next = await say(all, [...prompt, ...answer, ...words(12, 5)])
    expect(known(next)).toEqual([2 * PREFIX_BLOCK_ROWS, 2 * PREFIX_BLOCK_ROWS])
    const ran = rowsRun(all).map((rows, stage) => rows - (before[stage] ?? 0))
    const fresh = 9 + answer.length + 12 + (next.text.generation.answer.length - 1)
    expect(ran).toEqual([fresh, fresh])
  })

  describe('behind cuts that round', () => {
    type Wish = Pick<Parameters<InferenceMesh['startText']>[0], 'cuts' | 'wires' | 'requester'>
    const prompt = words(2 * PREFIX_BLOCK_ROWS + 9)
    const block = 2 * PREFIX_BLOCK_ROWS
    /** Tokens and hashes of logits of a text, and what its stages knew. */
    const said = async (stages: readonly InferenceDevice[], wish: Wish) => {
      const log = mesh.startText({ stages, prompt, tokensMax: 20, ...wish })
      await mesh.runText(log)
      const drawn = log.events.flatMap((event) => (event.type === 'draw' ? event.tokens : []))
      const hashes = drawn.map(({ token, logitsHash }) => [token, toHex(logitsHash ?? NO_HASH)])
      return { known: known(log), hashes }
    }

    it('is known where those are the same, and says what it says anew to the last bit', async () => {
      const stages = [mesh.add(), mesh.add(), mesh.add()] as const
      const [requester] = stages
      for (const wires of [
        ['f16', 'f16'],
        ['f16', 'f32'],
      ] as const) {
        const first = await said(stages, { requester, wires })
        const next = await said(stages, { requester, wires })
        const anew = await said(stages, { requester: mesh.add(), wires })
        expect([next.known, anew.known]).toEqual([
          [block, block, block],
          [0, 0, 0],
        ])
        expect([next.hashes, anew.hashes]).toEqual([first.hashes, first.hashes])
      }
    })

    it('is run anew by the stages that others come before, and by no stage before those', async () => {
      const stages = [mesh.add(), mesh.add(), mesh.add()] as const
      const [requester] = stages
      const plain = await said(stages, { requester })
      // What rounds behind a stage changes nothing of it.
      const last = await said(stages, { requester, wires: ['f32', 'f16'] })
      const both = await said(stages, { requester, wires: ['f16', 'f16'] })
      // The last stage is the same, behind as many roundings at another place.
      const moved = await said(stages, { requester, wires: ['f16', 'f16'], cuts: [1, 4] })
      expect([plain, last, both, moved].map((text) => text.known)).toEqual([
        [0, 0, 0],
        [block, block, 0],
        [block, 0, 0],
        [0, 0, 0],
      ])
      const texts = [plain, last, both, moved].map(({ hashes }) => JSON.stringify(hashes))
      expect(new Set(texts).size).toBe(4)
      const again = await said(stages, { requester, wires: ['f16', 'f16'], cuts: [1, 4] })
      expect(again).toEqual({ known: [block, block, block], hashes: moved.hashes })
    })
  })

  it('is taken up where its requester died, by that requester alone', async () => {
    const [requester, holder, stranger] = [mesh.add(), mesh.add(), mesh.add()]
    const saysMuch = (seed: number): boolean =>
      answerOf(words(2 * PREFIX_BLOCK_ROWS, seed), 90).length === 90
    const seed = Array.from({ length: 200 }, (_, at) => at).find(saysMuch)
    const prompt = words(2 * PREFIX_BLOCK_ROWS, seed)
    const log = mesh.startText({ requester, stages: [holder], prompt, tokensMax: 90 })
    while (log.text.generation.answer.length < PREFIX_BLOCK_ROWS + 9) await mesh.pass(0)
    const said = [...log.text.generation.answer]
    log.text.abort()
    await requester.outbound.stop()
    await mesh.pass(20)
    const resumed = [...prompt, ...said]
    expect(known(await say([holder], resumed, { requester: stranger }))).toEqual([0])
    expect(known(await say([holder], resumed, { requester }))).toEqual([3 * PREFIX_BLOCK_ROWS])
  })

  it('runs what differs within a block, and its last row always', async () => {
    const all = [mesh.add()]
    const prompt = words(2 * PREFIX_BLOCK_ROWS)
    await say(all, prompt)
    // The second block is whole only with the row that is drawn at.
    expect(known(await say(all, prompt))).toEqual([PREFIX_BLOCK_ROWS])
    const other = prompt.with(
      PREFIX_BLOCK_ROWS + 3,
      1 + ((prompt[PREFIX_BLOCK_ROWS + 3] ?? 0) % 90),
    )
    expect(known(await say(all, [...other, ...other]))).toEqual([PREFIX_BLOCK_ROWS])
    expect(known(await say(all, words(200, 9)))).toEqual([0])
  })

  it('is of no use to another device, which would see by the time what was asked before', async () => {
    const [own, other, holder] = [mesh.add(), mesh.add(), mesh.add()]
    const prompt = words(100)
    await say([holder], prompt, { requester: own })
    expect(known(await say([holder], prompt, { requester: other }))).toEqual([0])
    expect(known(await say([holder], prompt, { requester: own }))).toEqual([PREFIX_BLOCK_ROWS])
  })

  it('is run anew behind other devices, whose bits may be others', async () => {
    const [requester, holder, before] = [mesh.add(), mesh.add(), mesh.add()]
    const prompt = words(100)
    await say([requester, holder], prompt)
    expect(known(await say([before, holder], prompt, { requester }))).toEqual([0, 0])
  })

  it('loses nothing when a stage is lost that knew it', async () => {
    const [requester, second, spare] = [mesh.add(), mesh.add(), mesh.add()]
    const prompt = words(150)
    await say([requester, second], prompt)
    for (const victim of [second, requester]) {
      let draws = 0
      const log = await say([requester, second], [...prompt, ...words(9, 3)], {
        spares: [spare, victim],
        onEvent: (event) => {
          const [executor] = victim.executors.filter(({ stopped }) => !stopped).slice(-1)
          if (event.type === 'draw' && ++draws === 40) executor?.die()
        },
      })
      expect(log.events.some(({ type }) => type === 'recovered')).toBe(true)
    }
  })

  it('is forgotten with its stage, and when there is no more room', async () => {
    const all = [mesh.add()]
    const prompt = words(100)
    await say(all, prompt)
    all[0]?.executors.at(-1)?.die()
    await mesh.pass(1_000)
    expect(known(await say(all, prompt))).toEqual([0])
    for (let seed = 2; seed < 90; seed++) await say(all, words(80, seed))
    expect(known(await say(all, prompt))).toEqual([0])
    const [executor] = all[0]?.executors.slice(-1) ?? []
    if (!(executor instanceof FakeTextExecutor)) throw new Error('expected an executor of texts')
    expect(executor.texts).toBeLessThanOrEqual(64)
  })

  it('says in any conversation what it says alone', async () => {
    const turns = fc.array(
      fc.record({
        /** Which of the prompts before it goes on from; none for a new one. */
        from: fc.option(fc.nat(7)),
        keep: fc.integer({ min: 1, max: 260 }),
        fresh: fc.integer({ min: 1, max: 90 }),
        seed: fc.nat(50),
        stages: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 2, maxLength: 8 },
    )
    await fc.assert(
      fc.asyncProperty(turns, async (all) => {
        const devices = [mesh.add(), mesh.add(), mesh.add()]
        const said: (readonly number[])[] = []
        for (const { from, keep, fresh, seed, stages } of all) {
          const base = from === null ? [] : (said[from % Math.max(1, said.length)] ?? [])
          const prompt = [...base.slice(0, keep), ...words(fresh, seed)]
          const { text } = await say(devices.slice(0, stages), prompt)
          said.push([...prompt, ...text.generation.answer])
        }
      }),
      { numRuns: 12 },
    )
  })
})
