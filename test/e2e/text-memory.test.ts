/**
 * Texts that share the memory of a real daemon: they wait in turn, and are told so.
 *
 * @module
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TextSpec } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'

/** Room for one text of 140 tokens and a part of another, of the model below. */
const fleet = new DaemonFleet({ env: { BRUME_SCHEDULER_TEXT_BYTES_MAX: '1048576' } })
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

describe('texts that share the memory of a device', () => {
  it('wait in turn for it, and are all written to their end', async () => {
    const views = await Promise.all(
      [1, 2, 3].map((seed) => daemon.api.write(spec(110, seed), async () => undefined)),
    )
    expect(views.map(({ state, answerTokens }) => [state, answerTokens])).toEqual(
      views.map(() => ['done', 110]),
    )
    const waits = views.flatMap(({ notes }) =>
      notes.filter((note) => / waits for memory /.test(note)),
    )
    expect(waits.length).toBeGreaterThan(0)
  })

  it('are refused when they would have no room alone, and the next is written', async () => {
    const refused = await daemon.api.write(spec(400, 1), async () => undefined)
    expect([refused.state, refused.error?.code, refused.error?.retryable]).toEqual([
      'failed',
      'INFERENCE_TOO_LARGE',
      false,
    ])
    const { state } = await daemon.api.write(spec(20, 1), async () => undefined)
    expect(state).toBe('done')
  })
})
