import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FreeRun } from './free-run.ts'
import { Generation, type GenerationStep } from './generation.ts'
import { FREE_STEPS_MAX } from './limits.ts'

const draw = (...tokens: readonly number[]) =>
  tokens.map((token) => ({ token, logprob: undefined, alternatives: [], logitsHash: undefined }))
const rows = { position: 0, drawFrom: 1, tokens: [5, 6] }

describe('a first stage that makes its steps', () => {
  it('needs a step, what was drawn behind it and a grant, in any order', () => {
    const acts: readonly ((free: FreeRun) => void)[] = [
      (free) => free.grant(2),
      (free) => free.took(0, rows),
      (free) => free.drew(0, draw(9)),
    ]
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    for (const order of orders) {
      const free = new FreeRun({ stopTokens: [0], positionsMax: 10 })
      const made = order.map((index) => {
        acts[index]?.(free)
        return free.next()
      })
      const step = { request: 1, rows: { position: 2, drawFrom: 0, tokens: [9] } }
      expect(made, order.join()).toEqual([undefined, undefined, step])
    }
  })

  it.each([
    ['behind a token that ends the text', { drawn: [0] }],
    ['behind a token for which there is no room', { positionsMax: 3 }],
    ['beyond what it was granted', { until: 1 }],
    ['from what cannot have been drawn there', { drawn: [9, 9, 9] }],
    ['where nothing was drawn', { drawn: [] }],
  ])(
    'makes none %s',
    (
      _where,
      {
        drawn = [9],
        positionsMax = 10,
        until = 8,
      }: {
        readonly drawn?: readonly number[]
        readonly positionsMax?: number
        readonly until?: number
      },
    ) => {
      const free = new FreeRun({ stopTokens: [0], positionsMax })
      free.grant(until)
      free.took(0, rows)
      free.drew(0, draw(...drawn))
      expect(free.next()).toBeUndefined()
    },
  )

  it('keeps what was drawn behind steps that are yet to come', () => {
    const free = new FreeRun({ stopTokens: [0], positionsMax: 10 })
    free.grant(9)
    free.drew(0, draw(4))
    free.drew(1, draw(9))
    free.took(0, rows)
    expect(free.next()).toEqual({
      request: 1,
      rows: { position: 2, drawFrom: 0, tokens: [4] },
    })
    free.took(1, { position: 2, drawFrom: 0, tokens: [4] })
    expect(free.next()).toEqual({
      request: 2,
      rows: { position: 3, drawFrom: 0, tokens: [9] },
    })
  })

  it('makes the steps that its requester makes of the same draws', () => {
    const texts = fc.record({
      prompt: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 9 }),
      tokensMax: fc.integer({ min: 1, max: 60 }),
      drawn: fc.array(fc.nat(6), { minLength: 60, maxLength: 60 }),
      guesses: fc.nat(3),
    })
    fc.assert(
      fc.property(texts, ({ prompt, tokensMax, drawn, guesses }) => {
        const generation = new Generation({
          prompt,
          tokensMax,
          stopTokens: new Set([0]),
          chunkRowsMax: 4,
          ...(guesses === 0
            ? {}
            : { propose: (text) => (text.length % 3 === 0 ? text.slice(-guesses) : []) }),
        })
        const free = new FreeRun({ stopTokens: [0], positionsMax: prompt.length + tokensMax })
        let step: GenerationStep | undefined
        for (let chunk = generation.nextChunk(); chunk; chunk = generation.nextChunk()) step = chunk
        for (let turn = 0; step !== undefined; turn++) {
          const { request, rows: asked } = step
          const tokens = draw(drawn[turn] ?? 1)
          free.took(request, asked)
          free.drew(request, tokens)
          const granted = generation.freeUntil
          free.grant(granted)
          expect(granted - request).toBeLessThanOrEqual(1 + FREE_STEPS_MAX)
          const made = free.next()
          generation.take(request, tokens)
          step = generation.nextStep()
          expect(made).toEqual(request + 1 < granted ? step : undefined)
        }
      }),
      { numRuns: 300 },
    )
  })
})
