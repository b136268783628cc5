/**
 * The steps of the demo that writes, each shown while it happens.
 *
 * @module
 */

import type { ModelSummary } from '../../node/api/schemas/models.ts'
import type { PlanView } from '../../node/api/schemas/plan.ts'
import type { TextEventView, TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { NOVELIST_FILE } from '../tiny-novelist/novelist-file.ts'
import { hopLines, planLines, settlementLines, stageLines } from './job-tables.ts'
import { durationText, rateText } from './quantities.ts'
import { expectKilled, type KilledStage, StageKiller } from './stage-killer.ts'
import { importModel, showKill, showRecoveries, type Stage } from './steps.ts'
import { expectSameText, type TextRun, writeText } from './text-run.ts'

const MODEL = 'novelist'
const PROMPT = 'Emma was'
const TOKENS = 120

/** Three stages with exact values at their cuts; one seed, so that the words can be compared. */
const REQUEST = {
  model: MODEL,
  prompt: PROMPT,
  tokensMax: TOKENS,
  sampling: { temperature: 0.7, topP: 0.9, seed: 1811 },
  stages: 3,
  wire: 'f32',
  provider: 'cpu',
} as const satisfies TextSpec

const WORK = { noun: 'tokens', copies: false } as const

/** Imports the language model on the first device. */
export function importStep(stage: Stage): Promise<ModelSummary> {
  stage.screen.step(`${stage.fleet.first.label} imports a language model`)
  const request = { file: NOVELIST_FILE, name: MODEL, licence: 'Apache-2.0' }
  return importModel(stage, request, 'writes in the manner of Jane Austen')
}

/** Asks for a plan and shows it. */
export async function planStep({ fleet, screen, labelOf }: Stage): Promise<PlanView> {
  screen.step(`${fleet.first.label} plans where each layer is to run`)
  const { model, stages, wire, provider } = REQUEST
  const wish = { replicas: 1, objective: 'latency' } as const
  const plan = await fleet.first.client.plan({ model, stages, wire, provider, ...wish })
  screen.say(...planLines(plan, labelOf))
  return plan
}

/** Writes a paragraph as it comes. */
export async function writingStep(stage: Stage): Promise<TextRun> {
  const { screen, fleet } = stage
  screen.step(`Three devices write: \u201c${PROMPT} \u2026\u201d`)
  const run = await writeText({
    client: fleet.first.client,
    request: REQUEST,
    onEvent: narration(stage),
  })
  screen.say('')
  showRun(stage, run)
  return run
}

/** Writes the same again while a stage loses its process, and compares the words. */
export async function killStep(
  stage: Stage,
  before: TextRun,
): Promise<{ readonly run: TextRun; readonly killed: KilledStage }> {
  const { screen, fleet } = stage
  screen.step('The same again, and a stage is killed in the middle')
  const { first, daemons } = fleet
  const killer = new StageKiller({ devices: daemons, requester: first.peer })
  await killer.prepare()
  const narrate = narration(stage)
  let done = 0
  const run = await writeText({
    client: first.client,
    request: REQUEST,
    onEvent: async (text, event) => {
      narrate(text, event)
      if (event.type !== 'tokens') return
      done += event.tokens.length
      const readStages = async () => (await first.client.text(text.id)).stages
      const killed = await killer.onProgress(done, TOKENS, readStages)
      if (killed) showKill(stage, killed, WORK)
    },
  })
  const killed = expectKilled(killer)
  showRecoveries(stage, run.view.recoveries, WORK)
  showRun(stage, run)
  expectSameText(before, run)
  screen.say(
    `first text   SHA-256 of all logits ${before.sha256}`,
    `second text  SHA-256 of all logits ${run.sha256}`,
    `the ${run.view.text.length} characters are the same, and so is every bit of the logits`,
  )
  return { run, killed }
}

/** Shows stages until the first word, then the prompt and the words. */
function narration({ screen, labelOf }: Stage): (text: TextView, event: TextEventView) => void {
  let begun = false
  return (text, event) => {
    if (event.type === 'tokens') {
      screen.words(begun ? event.text : PROMPT + event.text)
      begun = true
    }
    if (event.type === 'stage' && !begun) {
      const { peer, index, state } = event.stage
      screen.progress(`${text.modelName}: stage ${index + 1} on ${labelOf(peer)} ${state}`)
    }
  }
}

/** Where the stages ran, the time of each hop, how quickly the words came, and who signed. */
function showRun({ screen, labelOf }: Stage, { view }: TextRun): void {
  const { times, answerTokens, exact } = view
  const { predictedPerSecond = 0 } = times
  const predicted = ` (predicted ${predictedPerSecond.toFixed(0)})`
  screen.say(...stageLines(view, labelOf, 'steps'), ...hopLines(view))
  const facts = [
    `${answerTokens} tokens`,
    ...(times.firstTokenMs === undefined
      ? []
      : [`first after ${durationText(times.firstTokenMs)}`]),
    ...(times.tokensPerSecond === undefined
      ? []
      : [rateText(times.tokensPerSecond, 'token') + predicted]),
    ...(times.gapMaxMs === undefined ? [] : [`longest wait ${durationText(times.gapMaxMs)}`]),
    ...(exact === true ? ['every stage proved exact'] : []),
  ]
  screen.say(facts.join(' \u00b7 '), ...settlementLines(view, labelOf), '')
}
