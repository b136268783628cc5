/**
 * The demo that writes: a model, a plan, a paragraph, the same paragraph with a stage killed.
 *
 * @module
 */

import type { ModelSummary } from '../../node/api/schemas/models.ts'
import type { PlanView } from '../../node/api/schemas/plan.ts'
import type { Play } from './demo.ts'
import type { KilledStage } from './stage-killer.ts'
import { importStep, killStep, planStep, writingStep } from './text-steps.ts'
import type { TextRun } from './text-run.ts'

interface TextShown {
  readonly model: ModelSummary
  readonly plan: PlanView
  readonly first: TextRun
  readonly second: TextRun
  readonly killed: KilledStage
}

export const textDemo: Play<TextShown> = {
  show: async (stage) => {
    const model = await importStep(stage)
    const plan = await planStep(stage)
    const first = await writingStep(stage)
    const { run: second, killed } = await killStep(stage, first)
    return { model, plan, first, second, killed }
  },
  farewell: () => [
    'done: nothing is left',
    '',
    'next:  npm run demo -- generate --keep   the same, and the mesh goes on',
    '       npm run demo                      three networks read a page, and lose a stage',
    '       npm start -- up                   a device of your own; README.md shows the way from there',
  ],
}
