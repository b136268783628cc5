import { expect, it } from 'vitest'
import type { DrawnToken } from '../../../protocols/inference/index.ts'
import { tokenTableOf } from '../../../test/fixtures/token-table.ts'
import { TextTimes } from './text-times.ts'
import { TextWords } from './text-words.ts'

const table = tokenTableOf(['Hel', 'lo', ' wor', 'ld', [0xc3], [0xa9], '!'])

function drawn(...tokens: readonly number[]): readonly DrawnToken[] {
  return tokens.map((token) => ({
    token,
    logprob: undefined,
    alternatives: [],
    logitsHash: undefined,
  }))
}

it('shows whole characters only', () => {
  const words = new TextWords(table, [])
  const shown = [0, 1, 4, 5, 6].map((token) => words.take(drawn(token)).text)
  expect([...shown, words.end()]).toEqual(['Hel', 'lo', '', 'é', '!', ''])
})

it('shows nothing of a stop string, and nothing behind it', () => {
  const words = new TextWords(table, ['lo w'])
  const first = words.take(drawn(0, 1))
  const second = words.take(drawn(2, 3, 6))
  expect([first.text, first.stopped]).toEqual(['Hel', false])
  expect([second.text, second.stopped, second.tokens.length]).toEqual(['', true, 1])
})

it('shows what it held back when the text ends before a stop string does', () => {
  const words = new TextWords(table, ['lo w'])
  expect([words.take(drawn(0, 1)).text, words.end()]).toEqual(['Hel', 'lo'])
})

it('gives tokens without text, their chances and their logits as they came', () => {
  const token: DrawnToken = {
    token: 3,
    logprob: -0.5,
    alternatives: [{ token: 0, logprob: -1 }],
    logitsHash: Uint8Array.of(1, 255),
  }
  const alternatives = [{ token: 0, text: 'Hel', logprob: -1 }]
  const shown = { token: 3, text: 'ld', logprob: -0.5, alternatives, logitsHash: '01ff' }
  expect(new TextWords(table, []).take([token]).tokens).toEqual([shown])
  expect(new TextWords(undefined, []).take(drawn(3)).tokens).toEqual([{ token: 3, text: '' }])
})

it('measures gaps between draws, and rates without what came first', () => {
  const times = new TextTimes(1_000)
  times.prompt(50)
  times.ready(1_100)
  expect(times.show()).toEqual({ loadMs: 100 })
  times.drawn(1, 1_200)
  times.drawn(0, 1_205)
  times.drawn(3, 1_210)
  times.drawn(1, 1_240)
  expect(times.show()).toEqual({
    loadMs: 100,
    firstTokenMs: 200,
    promptPerSecond: 500,
    tokensPerSecond: 100,
    gapP50Ms: 30,
    gapP95Ms: 30,
    gapMaxMs: 30,
  })
})
