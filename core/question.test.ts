import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textOf, utf8 } from './bytes.ts'
import type { TimePassed } from './machine.ts'
import { Answerer, Asker, type QuestionCodec } from './question.ts'

/** Questions are `?n`, and `!n` answers `?n`. */
const codec: QuestionCodec<number, number> = {
  encodeQuestion: (question) => utf8(`?${question}`),
  decodeQuestion: (frame) => read('?', frame),
  encodeAnswer: (answer) => utf8(`!${answer}`),
  decodeAnswer: (frame) => read('!', frame),
  fits: (question, answer) => question === answer,
}

function read(mark: string, frame: Uint8Array): number | undefined {
  const text = textOf(frame)
  return text !== undefined && text.startsWith(mark) ? Number(text.slice(1)) : undefined
}

const frame = (text: string): { readonly type: 'frame'; readonly frame: Uint8Array } => ({
  type: 'frame',
  frame: utf8(text),
})

describe('an asker', () => {
  it('asks one question at a time, and hands on its answer', () => {
    const asker = new Asker(codec, 100)
    expect(asker.handle({ type: 'opened' }, 0)).toEqual([])
    expect(asker.deadlineMs()).toBe(undefined)
    for (const question of [1, 2]) {
      expect(asker.handle({ type: 'ask', question }, 10)).toEqual([
        { type: 'send', frame: utf8(`?${question}`) },
      ])
      expect(asker.handle({ type: 'ask', question: 9 }, 10)).toEqual([])
      expect(asker.deadlineMs()).toBe(110)
      expect(asker.handle(frame(`!${question}`), 20)).toEqual([
        { type: 'answered', answer: question },
      ])
      expect(asker.deadlineMs()).toBe(undefined)
    }
  })

  it.each([
    ['an answer to nothing', false, frame('!1'), 'unexpected'],
    ['another answer', true, frame('!2'), 'unexpected'],
    ['bytes that are no answer', true, frame('?1'), 'unexpected'],
    ['a link that ended', true, { type: 'ended' }, 'ended'],
    ['no answer', true, { type: 'time-passed' }, 'late'],
  ] as const)('is over with %s', (_, asked, input, fault) => {
    const asker = new Asker(codec, 100)
    if (asked) asker.handle({ type: 'ask', question: 1 }, 0)
    expect(asker.handle(input, 100)).toEqual([{ type: 'over', fault }])
    expect(asker.handle({ type: 'ask', question: 1 }, 100)).toEqual([])
  })
})

describe('an answerer', () => {
  const init = { questionsMax: 2, idleMsMax: 100 }

  it('answers one question at a time, up to as many as one may ask', () => {
    const answerer = new Answerer(codec, init)
    for (const question of [1, 2]) {
      expect(answerer.handle(frame(`?${question}`), 0)).toEqual([{ type: 'answer', question }])
      expect(answerer.handle({ type: 'answer', answer: question }, 0)).toEqual([
        { type: 'send', frame: utf8(`!${question}`) },
      ])
    }
    expect(answerer.handle(frame('?3'), 0)).toEqual([{ type: 'over', fault: 'too-many' }])
  })

  it('takes no question while it answers another', () => {
    const answerer = new Answerer(codec, init)
    answerer.handle(frame('?1'), 0)
    expect(answerer.handle(frame('?2'), 0)).toEqual([{ type: 'over', fault: 'unexpected' }])
  })

  it('is over without a fault when nobody asks, and not while it looks for an answer', () => {
    const answerer = new Answerer(codec, init)
    answerer.handle({ type: 'opened' }, 5)
    expect(answerer.deadlineMs()).toBe(105)
    answerer.handle(frame('?1'), 50)
    expect(answerer.deadlineMs()).toBe(undefined)
    answerer.handle({ type: 'answer', answer: 1 }, 500)
    expect(answerer.handle({ type: 'time-passed' }, 599)).toEqual([])
    expect(answerer.handle({ type: 'time-passed' }, 600)).toEqual([{ type: 'over' }])
  })
})

const anything = [
  fc.constantFrom('?1', '!1', '!2', '').map(frame),
  fc.constantFrom<TimePassed | { readonly type: 'opened' | 'ended' }>(
    { type: 'opened' },
    { type: 'ended' },
    { type: 'time-passed' },
  ),
]

/** True when nothing is said after what says that it is over. */
function endsOnce(said: readonly { readonly type: string }[]): boolean {
  const at = said.findIndex(({ type }) => type === 'over')
  return at === -1 || at === said.length - 1
}

describe('both', () => {
  it('say nothing once they are over, whatever comes in whatever order', () => {
    const asked = fc.array(
      fc.oneof(...anything, fc.constant({ type: 'ask', question: 1 } as const)),
    )
    fc.assert(
      fc.property(asked, (history) => {
        const asker = new Asker(codec, 1)
        return endsOnce(history.flatMap((input, nowMs) => asker.handle(input, nowMs)))
      }),
    )
    const answered = fc.array(
      fc.oneof(...anything, fc.constant({ type: 'answer', answer: 1 } as const)),
    )
    fc.assert(
      fc.property(answered, (history) => {
        const answerer = new Answerer(codec, { questionsMax: 3, idleMsMax: 1 })
        return endsOnce(history.flatMap((input, nowMs) => answerer.handle(input, nowMs)))
      }),
    )
  })
})
