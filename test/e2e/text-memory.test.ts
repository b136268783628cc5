/**
 * Texts that share the memory of a real daemon: they wait in turn, and are told so.
 *
 * @module
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TextSpec } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'

/** Two texts of the model below begin in so much, and one of them has room to its end. */
const fleet = new DaemonFleet({ env: { BRUME_SCHEDULER_TEXT_BYTES_MAX: '1450000' } })
let daemon: TestDaemon
let model = ''

beforeAll(async () => {
  const [first] = await fleet.startMany(1)
  if (first === undefined) throw new Error('no daemon')
  daemon = first
  const { id } = await daemon.api.operate('/v1/models/build', {
    kind: 'decoder',
    name: 'noise',
    layers: 6,
    hidden: 64,
    heads: 4,
    kvHeads: 4,
    headSize: 16,
    vocabulary: 200,
    positionsMax: 512,
    quantisation: 'q4',
    past: 'cache',
    seed: 5,
  })
  model = id
}, 60_000)

afterAll(() => fleet[Symbol.asyncDispose]())

function spec(tokensMax: number, seed: number): TextSpec {
  const promptTokens = Array.from({ length: 30 }, (_, index) => (11 * index + 5) % 200)
  return { model, promptTokens, tokensMax, sampling: { temperature: 0.8, seed } }
}

async function write(tokensMax: number, seed: number) {
  const tokens: number[] = []
  const view = await daemon.api.write(spec(tokensMax, seed), async (event) => {
    if (event.type === 'tokens') tokens.push(...event.tokens.map(({ token }) => token))
  })
  return { view, tokens }
}

describe('texts that share the memory of a device', () => {
  it('wait in turn for it, give way to one another, and say what each says alone', async () => {
    const texts = await Promise.all([1, 2, 3].map((seed) => write(110, seed)))
    const waits = texts.filter(({ view }) => view.notes.some((note) => note.includes('waits for')))
    const lost = texts.flatMap(({ view }) => view.recoveries.map(({ code }) => code))
    expect(waits.length).toBeGreaterThan(0)
    expect([...new Set(lost)]).toEqual(['INFERENCE_MEMORY'])
    for (const [index, { view, tokens }] of texts.entries()) {
      const alone = await write(110, index + 1)
      expect([view.state, tokens]).toEqual(['done', alone.tokens])
    }
  })

  it('are refused when they would have no room alone, and the next is written', async () => {
    const { view: refused } = await write(400, 1)
    expect([refused.state, refused.error?.code, refused.error?.retryable]).toEqual([
      'failed',
      'INFERENCE_TOO_LARGE',
      false,
    ])
    expect((await write(20, 1)).view.state).toBe('done')
  })
})
