/**
 * What there is to say of one stage while it runs.
 *
 * @module
 */

import type { JobRecovery, JobStage } from '../api/schemas/jobs.ts'
import { msText } from './quantity-text.ts'

/** What a stage does, where, and how fast. */
export function stageText(stage: JobStage): string {
  const { name, fromLayer, toLayer, provider, state, computeMs } = stage
  const time = computeMs === undefined ? '' : `  ${msText(computeMs)}`
  return `${stateText(state)}  ${name}  layers ${fromLayer}–${toLayer - 1}  ${provider}${time}`
}

/** A stage that was lost, and replaced. */
export function recoveryText({ stage, ms, code }: JobRecovery): string {
  return `stage ${stage} was lost (${code}), replaced in ${msText(ms)}`
}

/** A stage that was closed has done its work. All states are as wide as the longest. */
function stateText(state: JobStage['state']): string {
  return (state === 'closed' ? 'done' : state).padEnd(8)
}
