/**
 * Texts that share the runs of real executors: none of them shows in the bits of another.
 *
 * @module
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { BeginMessage } from '../../node/runtime/executor-messages.ts'
import type { Executor, TextStep } from '../../node/runtime/executor-spec.ts'
import { drawnOf, type TextRows } from '../../protocols/inference/index.ts'
import { TextStages } from '../fixtures/text-stages.ts'

const VOCABULARY = 128
const ANSWER = 5

let stages: TextStages

beforeAll(async () => {
  stages = await TextStages.start()
}, 60_000)

afterAll(() => stages[Symbol.asyncDispose]())

/** Whole numbers below `most` that look random and repeat. */
function numbersFrom(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * most)
  }
}

const SAMPLING: BeginMessage['sampling'] = {
  temperatureMicro: 900_000,
  topK: 50,
  topPMicro: 950_000,
  minPMicro: 0,
  repetitionPenaltyMicro: 1_100_000,
  repetitionWindow: 32,
  frequencyPenaltyMicro: 100_000,
  presencePenaltyMicro: 0,
  seed: 42,
  logprobs: 0,
  logitBias: [],
  stopTokens: [],
  minTokens: 0,
}

/** A text on its way: prompt, then what was drawn. */
class Text {
  readonly slot: number
  readonly prompt: readonly number[]
  readonly drawn: { readonly token: number; readonly bits: string }[] = []
  #position = 0

  constructor(slot: number, prompt: readonly number[]) {
    this.slot = slot
    this.prompt = prompt
  }

  get begin(): BeginMessage {
    return {
      slot: this.slot,
      positionsMax: this.prompt.length + ANSWER,
      promptTokens: this.prompt.length,
      hashesLogits: true,
      guide: undefined,
      sampling: { ...SAMPLING, seed: this.slot },
    }
  }

  get isDone(): boolean {
    return this.drawn.length === ANSWER
  }

  /** Up to `most` rows. */
  next(most: number): TextRows {
    const all = [...this.prompt, ...this.drawn.map(({ token }) => token)]
    const tokens = all.slice(this.#position, this.#position + most)
    const isLast = this.#position + tokens.length === all.length
    const drawFrom = isLast ? tokens.length - 1 : tokens.length
    return { position: this.#position, drawFrom, tokens }
  }

  /** Its first rows need not be run. */
  skip(rows: number): void {
    this.#position = rows
  }

  took(rows: TextRows, outputs: readonly Tensor[]): void {
    this.#position = rows.position + rows.tokens.length
    for (const { token, logitsHash } of drawnOf(outputs) ?? []) {
      this.drawn.push({ token, bits: toHex(logitsHash ?? new Uint8Array(0)) })
    }
  }
}

function idsOf({ tokens }: TextRows): readonly Tensor[] {
  const data = new Uint8Array(BigInt64Array.from(tokens, BigInt).buffer)
  return [{ name: 'input_ids', type: 'int64', dims: [1, tokens.length], data }]
}

async function runTogether(
  executors: readonly Executor[],
  texts: readonly Text[],
  rowsOf: (text: Text) => TextRows,
): Promise<void> {
  if (texts.length === 0) return
  let steps = texts.map((text): TextStep => {
    const rows = rowsOf(text)
    return { slot: text.slot, rows, tensors: idsOf(rows) }
  })
  for (const executor of executors) {
    const { outputs } = await executor.steps(steps)
    steps = steps.map((step, index) => ({ ...step, tensors: outputs[index] ?? [] }))
  }
  for (const [index, text] of texts.entries()) {
    const { rows, tensors } = steps[index] as TextStep
    text.took(rows, tensors)
  }
}

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
      const texts = prompts.map((prompt, slot) => new Text(slot, prompt))
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

describe('rows of a text', () => {
  let from: readonly Executor[] = []
  let to: readonly Executor[] = []

  beforeAll(async () => {
    const pairs = await stages.load('q4', [[3], [3]])
    from = pairs.slice(0, 2)
    to = pairs.slice(2)
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
})
