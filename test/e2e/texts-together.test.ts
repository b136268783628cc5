/**
 * Texts that share the runs of real executors: none of them shows in the bits of another.
 *
 * @module
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Executor, TextStep } from '../../node/runtime/executor-spec.ts'
import { DirectText as Text, idsOf, numbersFrom, runTogether } from '../fixtures/direct-text.ts'
import { TextStages } from '../fixtures/text-stages.ts'

const VOCABULARY = 128

let stages: TextStages

beforeAll(async () => {
  stages = await TextStages.start()
}, 60_000)

afterAll(() => stages[Symbol.asyncDispose]())

async function sayAlone(executor: Executor, text: Text, ends = true): Promise<void> {
  await executor.begin(text.begin)
  await sayBegun(executor, text)
  if (ends) await executor.end(text.slot)
}

async function sayBegun(executor: Executor, text: Text): Promise<void> {
  while (!text.isDone) {
    await runTogether([executor], [text], (one) => one.next(one.prompt.length))
  }
}

/** They come one after another, and each run has some of those that are there. */
async function sayInCompany(
  executors: readonly Executor[],
  texts: readonly Text[],
  number: (most: number) => number,
): Promise<void> {
  const coming = [...texts]
  const going: Text[] = []
  while (coming.length + going.length > 0) {
    const [first] = coming
    if (first !== undefined && (going.length === 0 || number(3) === 0)) {
      for (const executor of executors) await executor.begin(first.begin)
      going.push(...coming.splice(0, 1))
    }
    const company = going.filter(() => number(4) > 0).slice(0, 8)
    if (number(2) === 0) company.reverse()
    await runTogether(executors, company, (text) => text.next(1 + number(20)))
    for (const text of going.filter(({ isDone }) => isDone)) {
      going.splice(going.indexOf(text), 1)
      for (const executor of executors) await executor.end(text.slot)
    }
  }
}

describe('texts in one executor', () => {
  it.each(['f32', 'q4'] as const)(
    'say together what each says alone, to the last bit: %s',
    async (quantisation) => {
      const seed = 20_261
      const number = numbersFrom(seed)
      const prompts = Array.from({ length: 10 }, () =>
        // Some outgrow the smallest room, and move while others stay.
        Array.from({ length: 2 + number(3) ** 2 * 36 + number(12) }, () => number(VOCABULARY)),
      )
      const [alone, ...together] = await stages.load(quantisation, [[], [3]])
      const expected = prompts.map((prompt, slot) => new Text(slot, prompt))
      for (const text of expected) await sayAlone(alone as Executor, text)
      const texts = prompts.map((prompt, slot) => new Text(slot, prompt, true))
      await sayInCompany(together, texts, number)
      expect(
        texts.map(({ drawn }) => drawn),
        `seed ${seed}`,
      ).toEqual(expected.map(({ drawn }) => drawn))
    },
    60_000,
  )

  it('begin with rows of another as if they had been run, in whatever room those are', async () => {
    const number = numbersFrom(7)
    const [alone, executor] = await stages.load('q4', [[], []])
    if (alone === undefined || executor === undefined) throw new Error('nothing was loaded')
    for (const rows of [64, 128]) {
      const prompt = Array.from({ length: rows + 9 }, () => number(VOCABULARY))
      const expected = new Text(2, prompt)
      await sayAlone(alone, expected)
      const before = new Text(1, [...prompt.slice(0, rows), ...prompt])
      await sayAlone(executor, before, false)
      const text = new Text(2, prompt)
      // The second time it has been set aside.
      if (rows > 64) await executor.end(1, rows)
      await executor.begin({ ...text.begin, after: { slot: 1, rows } })
      text.skip(rows)
      await sayBegun(executor, text)
      expect(text.drawn).toEqual(expected.drawn)
      const codeOf = (error: unknown) => (error as { code?: unknown }).code
      const absent = executor.begin({ ...text.begin, after: { slot: 9, rows } })
      expect(await absent.catch(codeOf)).toBe('RUNTIME_RUN_FAILED')
      const tooMany = executor.begin({ ...text.begin, after: { slot: 1, rows: 999 } })
      expect(await tooMany.catch(codeOf)).toBe('RUNTIME_RUN_FAILED')
    }
  })

  it('fail together without harm: what is asked for again gives what it would have given', async () => {
    const [alone, executor] = await stages.load('f32', [[], []])
    if (alone === undefined || executor === undefined) throw new Error('nothing was loaded')
    const rows = { position: 0, drawFrom: 1, tokens: [5, 9] }
    for (const each of [alone, executor]) await each.begin(new Text(1, [5, 9]).begin)
    const step = { slot: 1, rows, tensors: idsOf(rows) }
    const wrong: readonly TextStep[] = [
      { ...step, slot: 2 },
      { ...step },
      { ...step, slot: 3, tensors: idsOf({ ...rows, tokens: [5, 9, 9] }) },
    ]
    const codes: unknown[] = []
    for (const other of wrong) {
      await executor.steps([other, step]).catch((error: unknown) => {
        codes.push((error as { code?: unknown }).code)
      })
    }
    expect(codes).toEqual(['RUNTIME_RUN_FAILED', 'RUNTIME_RUN_FAILED', 'RUNTIME_INPUT_INVALID'])
    expect((await executor.step(step)).outputs).toEqual((await alone.step(step)).outputs)
  })
})
