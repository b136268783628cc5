import { expect, it } from 'vitest'
import { Drafter } from './drafter.ts'

const period = Array.from({ length: 40 }, (_, index) => index % 5)

/** Steps of a text with a short period; a step of n rows takes `msOf(n)`. */
function steps(drafter: Drafter, count: number, msOf: (rows: number) => number): number {
  let guessed = 0
  for (let step = 0; step < count; step++) {
    const guess = drafter.propose(period)
    guessed += guess.length
    const rows = { position: 0, drawFrom: 0, tokens: [0, ...guess] }
    const tokens = rows.tokens.map((token) => ({
      token,
      logprob: undefined,
      alternatives: [],
      logitsHash: undefined,
    }))
    drafter.observe({ rows, tokens, elapsedMs: msOf(rows.tokens.length) })
  }
  return guessed
}

it('guesses where the text repeats itself and a row costs little', () => {
  expect(steps(new Drafter(), 40, (rows) => 10 + rows)).toBeGreaterThan(100)
})

it('hardly guesses where a row costs as much as a step', () => {
  expect(steps(new Drafter(), 400, (rows) => 10 * rows)).toBeLessThan(40)
})

it('guesses nothing where nothing was said before', () => {
  const drafter = new Drafter()
  steps(drafter, 1, () => 10)
  expect(drafter.propose([1, 2, 3, 4])).toEqual([])
})

it('follows a text that grows, and one that does not go on from what it knew', () => {
  const text = Array.from({ length: 300 }, (_, at) => (at * at) % 17)
  const growing = new Drafter()
  for (let length = 1; length <= text.length; length += 7) {
    const known = text.slice(0, length)
    expect(growing.propose(known)).toEqual(new Drafter().propose(known))
  }
  expect(growing.propose([...period, 0, 1])).toEqual(new Drafter().propose([...period, 0, 1]))
})
