import { expect, it } from 'vitest'
import { overlay } from './overlay.ts'

class Counter {
  #count = 0
  step = 2

  add(): number {
    this.#count += this.step
    return this.#count
  }
}

it('replaces what it was given and leaves the rest, private fields included', () => {
  const counter = new Counter()
  const seen = overlay(counter, { step: () => 'replaced' })
  expect([seen.step, counter.step, seen.add(), counter.add()]).toEqual(['replaced', 2, 2, 4])
})

it('makes each replacement once', () => {
  const seen = overlay({ part: {} }, { part: () => ({}) })
  expect(seen.part).toBe(seen.part)
})
