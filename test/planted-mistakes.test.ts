import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MUTANTS } from '../claims/trust/mutants.ts'

/** Planting them all and looking who notices is a claim: `npm run claim -- trust/mutants`. */
describe('mistakes that are planted in the rules of trust and agreement', () => {
  it('have a place each, whatever has been moved since', () => {
    const lost = MUTANTS.filter(
      ({ path, find }) => readFileSync(path, 'utf8').split(find).length !== 2,
    )
    expect(lost.map(({ mistake }) => mistake)).toEqual([])
  })
})
