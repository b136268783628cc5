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
async function complaints(name: string, seed: number): Promise<readonly string[]> {
  const { violations } = await outcome(name, seed)
  return violations.map((violation) => `--scenario ${name} --seed ${seed}: ${violation}`)
}

/** Runs of before: a seed is run again only to see that it does the same again. */
const outcomes = new Map<string, Promise<Outcome>>()

function outcome(name: string, seed: number): Promise<Outcome> {
  const known = outcomes.get(`${name} ${seed}`) ?? outcomeAgain(name, seed)
  outcomes.set(`${name} ${seed}`, known)
  return known
}

async function outcomeAgain(name: string, seed: number): Promise<Outcome> {
  const scenario = SCENARIOS.find((other) => other.name === name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  return scenario.run(seed)
}

describe.each(SCENARIOS)('$name', ({ name, question, testSeeds }) => {
  it(`answers yes: ${question}`, async () => {
    const complained: string[] = []
    for (const seed of SEEDS.slice(0, testSeeds)) complained.push(...(await complaints(name, seed)))
    expect(complained).toEqual([])
  })

  it('does the same again from the same seed, and something else from another', async () => {
    const first = await outcome(name, 1)
    const again = await outcomeAgain(name, 1)
    expect(again).toEqual(first)
    if (testSeeds === 1) return
    const other = await outcome(name, 2)
    expect(other.traceHash).not.toBe(first.traceHash)
  })
})

describe('a seed that once failed', () => {
  it.each(formerFailures)('holds: $scenario $seed, $was', async ({ scenario, seed }) => {
    expect(await complaints(scenario, seed)).toEqual([])
  })
})
