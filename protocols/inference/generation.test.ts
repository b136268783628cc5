import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Generation, type GenerationInit } from './generation.ts'
import type { DrawnToken } from './text-rows.ts'

const init: GenerationInit = {
  prompt: [5, 6, 7],
  tokensMax: 3,
  stopTokens: new Set([0]),
  chunkRowsMax: 2,
}

function drawn(...tokens: readonly number[]): readonly DrawnToken[] {
  return tokens.map((token) => ({
    token,
    logprob: undefined,
    alternatives: [],
    logitsHash: undefined,
  }))
}

/** A generation whose prompt is under way. */
function started(changes: Partial<GenerationInit> = {}): Generation {
  const generation = new Generation({ ...init, ...changes })
  while (generation.nextChunk() !== undefined);
  return generation
}

/** What always follows `tokens`: a make-believe model. */
function following(tokens: readonly number[]): number {
  return (7 * (tokens.at(-1) ?? 0) + 3 * tokens.length) % 11
}

/** Runs to the end as the stages would: draws at each row as long as the drafts are right. */
function run(generation: Generation, prompt: readonly number[]): number {
  const text = [...prompt]
  let step = undefined
  for (let chunk = generation.nextChunk(); chunk; chunk = generation.nextChunk()) step = chunk
  let steps = 0
  while (step !== undefined) {
    const { position, drawFrom, tokens } = step.rows
    text.splice(position, text.length, ...tokens)
    const fresh: number[] = []
    for (let row = drawFrom; row < tokens.length; row++) {
      fresh.push(following(text.slice(0, position + row + 1)))
      if (fresh.at(-1) !== tokens[row + 1]) break
    }
    expect(generation.take(step.request, drawn(...fresh))).toBeDefined()
    step = generation.nextStep()
    steps++
  }
  return steps
}

describe('generation', () => {
  it('feeds the prompt in chunks and draws behind its last row', () => {
    const generation = new Generation(init)

    expect(generation.nextChunk()).toEqual({
      request: 0,
      rows: { position: 0, drawFrom: 2, tokens: [5, 6] },
    })
    expect(generation.nextStep()).toBeUndefined()
    expect(generation.nextChunk()).toEqual({
      request: 1,
      rows: { position: 2, drawFrom: 0, tokens: [7] },
    })
    expect(generation.nextChunk()).toBeUndefined()
    expect(generation.take(0, drawn(1))).toBeUndefined()
    expect(generation.take(1, drawn(9))).toEqual(drawn(9))
    expect(generation.nextStep()).toEqual({
      request: 2,
      rows: { position: 3, drawFrom: 0, tokens: [9] },
    })
    expect(generation.nextStep()).toBeUndefined()
  })

  it('ends with a stop token, which is not part of the answer', () => {
    const generation = started()
    generation.take(1, drawn(9))
    generation.nextStep()

    expect(generation.take(2, drawn(0))).toEqual([])
    expect([generation.end, generation.answer]).toEqual(['stop', [9]])
    expect(generation.nextStep()).toBeUndefined()
  })

  it('ends when as many tokens as were asked for have come', () => {
    const generation = started({ tokensMax: 1 })

    expect(generation.take(1, drawn(9))).toEqual(drawn(9))
    expect([generation.end, generation.positionsMax]).toEqual(['length', 4])
  })

  it('goes on behind the drafts that were right, and drafts no more than may come', () => {
    const generation = started({ propose: () => [1, 2, 3, 4] })
    generation.take(1, drawn(9))

    expect(generation.nextStep()?.rows).toEqual({ position: 3, drawFrom: 0, tokens: [9, 1] })
    expect(generation.take(2, drawn(1, 8))).toEqual(drawn(1, 8))
    expect([generation.end, generation.answer]).toEqual(['length', [9, 1, 8]])
    expect(generation.drafts).toEqual({ made: 1, right: 1 })
  })

  it('refuses what the stages cannot have drawn', () => {
    const generation = started({ tokensMax: 9, propose: () => [1, 2] })
    generation.take(1, drawn(9))
    generation.nextStep()

    for (const wrong of [drawn(), drawn(1, 2, 3, 4), drawn(2, 8)]) {
      expect(generation.take(2, wrong)).toBeUndefined()
    }
    expect(generation.take(2, drawn(1, 2, 3))).toEqual(drawn(1, 2, 3))
  })

  it('says the same with any drafts as without', () => {
    const prompts = fc.array(fc.nat(10), { minLength: 1, maxLength: 20 })
    const guess = fc.array(fc.nat(10), { maxLength: 4 })
    fc.assert(
      fc.property(prompts, fc.integer({ min: 1, max: 30 }), guess, (prompt, tokensMax, drafts) => {
        const base = { prompt, tokensMax, stopTokens: new Set([10]), chunkRowsMax: 3 }
        const plain = new Generation(base)
        const drafting = new Generation({
          ...base,
          // The first draft is always right, the others are not.
          propose: (tokens) => [following(tokens), ...drafts],
        })
        const steps = run(plain, prompt)

        expect(run(drafting, prompt)).toBeLessThanOrEqual(steps)
        expect([drafting.answer, drafting.end]).toEqual([plain.answer, plain.end])
      }),
    )
  })
})
