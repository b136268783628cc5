/**
 * Chats that share the memory of one device, of which nobody said how long they may be.
 *
 * @module
 */

import type { TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { SMOLLM2_MISSING } from '../../test/fixtures/real-model.ts'
import type { Claim } from '../claim.ts'
import { addSmolLm2 } from './written-text.ts'

const MIB = 2 ** 20

/** Memory for texts: less than twice what one of these may come to, which is 180 MiB. */
const BUDGET_BYTES = 300 * MIB

/** Tokens of an answer where a chat does not say. */
const DEFAULT_TOKENS = 2_048

/** Tokens that no text of the model has room for in that memory. */
const TOO_MANY_TOKENS = 8_000

const QUESTIONS = [
  'Name three colours of the sea.',
  'What does a lighthouse keeper do at night?',
  'Why is the sky dark when the sun has set?',
]

interface Asked {
  readonly view: TextView
  readonly firstMs: number
  readonly endMs: number
}

async function ask({ api }: TestDaemon, spec: TextSpec): Promise<Asked> {
  let firstMs = Number.POSITIVE_INFINITY
  const view = await api.write(spec, async ({ type }) => {
    if (type === 'tokens') firstMs = Math.min(firstMs, performance.now())
  })
  return { view, firstMs, endMs: performance.now() }
}

export const claim: Claim = {
  sentence:
    'Chats take memory as they grow: several are written at once where one could be that long.',
  goal: `${QUESTIONS.length} of ${QUESTIONS.length} at once and whole in ${BUDGET_BYTES / MIB} MiB; what never fits is refused as such`,
  run: async ({ say }) => {
    await using fleet = new DaemonFleet({
      env: { BRUME_SCHEDULER_TEXT_BYTES_MAX: String(BUDGET_BYTES) },
    })
    const [daemon] = await fleet.startMany(1)
    if (daemon === undefined) throw new Error('no daemon')
    const model = await addSmolLm2(daemon)
    if (model === undefined) throw new Error(SMOLLM2_MISSING)
    const spec = (content: string, tokensMax: number): TextSpec => ({
      model: model.id,
      messages: [{ role: 'user', content }],
      tokensMax,
      sampling: { temperature: 0 },
    })
    const asked = await Promise.all(
      QUESTIONS.map((content) => ask(daemon, spec(content, DEFAULT_TOKENS))),
    )
    const firstEndMs = Math.min(...asked.map(({ endMs }) => endMs))
    const whole = asked.filter(({ view }) => view.state === 'done')
    const atOnce = whole.filter(({ firstMs }) => firstMs < firstEndMs)
    for (const { view } of asked) {
      say(`${view.state}, ${view.answerTokens} tokens: ${JSON.stringify(view.text.slice(0, 60))}`)
      for (const note of view.notes) say(`  ${note}`)
    }
    const { view: never } = await ask(daemon, spec('Tell me all.', TOO_MANY_TOKENS))
    say(`${TOO_MANY_TOKENS} tokens: ${never.error?.code ?? never.state}`)
    const isRefused = never.error?.code === 'INFERENCE_TOO_LARGE'
    return {
      met: atOnce.length === QUESTIONS.length && isRefused,
      figure: `${whole.length} whole, ${atOnce.length} at once, of ${QUESTIONS.length}; ${never.error?.code ?? 'nothing refused'}`,
      facts: { answers: asked.map(({ view }) => view.answerTokens) },
    }
  },
}
