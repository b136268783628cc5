/** A few seeds of each scenario, and every seed that once failed. */

import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SCENARIOS } from './catalogue.ts'
import type { Outcome } from './scenario.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

interface FormerFailure {
  readonly scenario: string
  readonly seed: number
  /** What was wrong. */
  readonly was: string
}

const formerFailures = globSync('simulations/seeds/*.json').flatMap(
  (path) => JSON.parse(readFileSync(path, 'utf8')) as readonly FormerFailure[],
)

/** What is wrong, with the words that show it again. */
function complaints(name: string, seed: number): readonly string[] {
  const { violations } = outcome(name, seed)
  return violations.map((violation) => `--scenario ${name} --seed ${seed}: ${violation}`)
}

function outcome(name: string, seed: number): Outcome {
  const scenario = SCENARIOS.find((other) => other.name === name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  return scenario.run(seed)
}

describe.each(SCENARIOS)('$name', ({ name, question }) => {
  it(`answers yes: ${question}`, () => {
    expect(SEEDS.flatMap((seed) => complaints(name, seed))).toEqual([])
  })

  it('does the same again from the same seed, and something else from another', () => {
    const [first, again, other] = [outcome(name, 1), outcome(name, 1), outcome(name, 2)]
    expect(again).toEqual(first)
    expect(other.traceHash).not.toBe(first.traceHash)
  })
})

describe('a seed that once failed', () => {
  it.each(formerFailures)('holds: $scenario $seed, $was', ({ scenario, seed }) => {
    expect(complaints(scenario, seed)).toEqual([])
  })
})
