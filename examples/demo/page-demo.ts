/**
 * The demo that reads a page: models, plans, a page read, a page read with a stage killed.
 *
 * @module
 */

import type { ModelSummary } from '../../node/api/schemas/models.ts'
import type { PlanView } from '../../node/api/schemas/plan.ts'
import type { Play } from './demo.ts'
import {
  importStep,
  killStep,
  planStep,
  type Reading,
  readingStep,
  type Recovery,
} from './page-steps.ts'

interface PageShown {
  readonly models: readonly ModelSummary[]
  readonly plans: readonly PlanView[]
  readonly first: Reading
  readonly second: Recovery
}

export const pageDemo: Play<PageShown> = {
  show: async (stage, { outputDir }) => {
    const models = await importStep(stage)
    const plans = await planStep(stage)
    const first = await readingStep(stage, outputDir)
    const second = await killStep(stage, first.run)
    return { models, plans, first, second }
  },
  farewell: ({ first }) => [
    `done: nothing is left but the picture ${first.picture}`,
    '',
    'next:  npm run demo -- --keep      the same, and the mesh goes on',
    '       npm run demo -- generate    a language model writes, and loses a stage',
    '       npm start -- up             a device of your own; README.md shows the way from there',
  ],
}
