/**
 * What is said of predictions, in words.
 *
 * @module
 */

import type { PlanView } from '../api/schemas/plan.ts'
import { rateText } from './quantity-text.ts'

/** What is expected of a text, before its first token. */
export function textPrediction(plan: PlanView): string {
  const { stages, predictedMs } = plan
  const where = stages.length === 1 ? 'on one device' : `over ${stages.length} stages`
  return `expected ${rateText(1000 / predictedMs, 'token')} ${where}, ${predictionBasis(plan)}`
}

/** What a prediction rests on, and how far off the last one was. */
export function predictionBasis({ predictedFrom, lastErrorPercent }: PlanView): string {
  if (lastErrorPercent === undefined) return RESTS_ON[predictedFrom]
  const percent = Math.round(lastErrorPercent)
  const off = percent < 0 ? `${-percent} % slower` : `${percent} % faster`
  return `${RESTS_ON[predictedFrom]}; the last time here it came ${off} than predicted`
}

const RESTS_ON: Readonly<Record<PlanView['predictedFrom'], string>> = {
  benchmark: 'a guess: nobody has run the model, and only what the devices can do at best is known',
  others: 'by what other devices reached with the model, as one of these has not run it',
  told: 'by what the devices say that the model took them, as it has not run from here',
  probe: 'by tests of the stages, as one device has not run the model yet',
  measured: 'by what the devices reached with the model before',
}
