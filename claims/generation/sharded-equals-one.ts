/**
 * A real language model over 2, 3 and 4 devices says what it says on one, to the last bit of its logits.
 *
 * @module
 */

import type { TextSpec } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { addNovelist, addSmolLm2, endingOf, writeText } from './written-text.ts'

const DAEMONS = 4
const TOKENS = 64

/** Questions and beginnings: drawn greedily and with a temperature. */
const PROMPTS: readonly (readonly [prompt: string, temperature: number])[] = [
  ['What is the capital of France?', 0],
  ['Write a short story about a lighthouse keeper.', 0],
  ['Explain to a child why the sky is blue.', 0.8],
  ['List three uses of an old laptop.', 0.8],
]

interface Counts {
  texts: number
  equal: number
  tokens: number
  exact: number
}

interface Scene {
  readonly requester: TestDaemon
  readonly say: ClaimContext['say']
  readonly counts: Counts
}

/** The text of `spec` on one device, and then on more. */
async function compare({ requester, say, counts }: Scene, spec: TextSpec): Promise<void> {
  const whole = await writeText(requester, { ...spec, stages: 1 })
  if (whole.view.state !== 'done') throw new Error(endingOf(whole))
  say(`${JSON.stringify(whole.view.text.slice(0, 72))}…`)
  for (const stages of [2, 3, 4]) {
    const split = await writeText(requester, { ...spec, stages, objective: 'throughput' })
    const devices = new Set(split.view.stages.map(({ peer }) => peer)).size
    const equal = split.trace === whole.trace && devices === stages
    counts.texts++
    counts.tokens += split.tokens.length
    if (equal) counts.equal++
    if (split.view.exact === true) counts.exact++
    const layers = split.view.stages.map(({ fromLayer, toLayer }) => toLayer - fromLayer)
    const verdict = equal ? 'equal' : endingOf(split)
    say(`  ${layers.join(' + ')} layers on ${devices} devices: ${verdict}`)
  }
}

export const claim: Claim = {
  sentence: 'A language model over 2, 3 and 4 devices draws the tokens that it draws on one.',
  goal: 'every token and every SHA-256 of logits equal',
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(DAEMONS)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('texts')
    const real = await addSmolLm2(requester)
    const model = real ?? (await addNovelist(requester))
    say(
      real === undefined
        ? 'the tiny novelist, for no real model is here: npm run fetch-smollm2'
        : 'SmolLM2-135M-Instruct, Q4_1',
    )
    // Each layer a stage, and every text in parts as well.
    await requester.api.operate(`/v1/models/${model.id}/verify`)
    say('verified with each layer a stage')
    const counts: Counts = { texts: 0, equal: 0, tokens: 0, exact: 0 }
    for (const [prompt, temperature] of PROMPTS) {
      signal.throwIfAborted()
      const words =
        real === undefined ? { prompt } : { messages: [{ role: 'user', content: prompt }] }
      const sampling = { temperature, seed: 7 }
      const spec = { model: model.id, ...words, tokensMax: TOKENS, sampling }
      await compare({ requester, say, counts }, spec)
    }
    return {
      met: counts.equal === counts.texts && counts.exact === counts.texts,
      figure: `${counts.equal} of ${counts.texts} texts equal, ${counts.tokens} tokens, ${model.name}`,
      facts: { ...counts },
    }
  },
}
