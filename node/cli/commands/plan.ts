/**
 * `brume plan`: where the stages of a model would run, and why.
 *
 * @module
 */

import type { Command } from 'commander'
import type { PlanView } from '../../api/schemas/plan.ts'
import type { Cli } from '../cli.ts'
import { addPlacementOptions, type PlacementOptions, placementRequest } from '../option-values.ts'
import { bytesText, msText, shortId, shortPeer } from '../quantity-text.ts'
import { tableLines } from '../table.ts'

export function addPlan(program: Command, cli: Cli): void {
  const command = program
    .command('plan')
    .description('where the stages of a model would run, and why')
    .argument('<model>', 'id or name of a model')
  addPlacementOptions(command).action((model: string, options: PlacementOptions) =>
    showPlan(cli, model, options),
  )
}

async function showPlan(cli: Cli, model: string, options: PlacementOptions): Promise<void> {
  const client = await cli.client()
  const request = { model, ...placementRequest(options) }
  const plan = await cli.interruptible((signal) =>
    client.post<PlanView>('/v1/plan', request, signal),
  )
  cli.print({ plan }, () => planLines(plan))
}

const COLUMNS = [
  { title: 'stage' },
  { title: 'device' },
  { title: 'peer' },
  { title: 'layers' },
  { title: 'provider' },
  { title: 'weights', align: 'right' },
  { title: 'to fetch', align: 'right' },
  { title: 'memory', align: 'right' },
  { title: 'compute', align: 'right' },
  { title: 'transfer', align: 'right' },
  { title: 'cut', align: 'right' },
] as const

function planLines(plan: PlanView): string[] {
  const { predictedMs, predictedLowMs, predictedHighMs, predictedPerSecond, oneDeviceMs } = plan
  const range = `${msText(predictedLowMs)} to ${msText(predictedHighMs)}`
  const rows = plan.stages.map((stage) => [
    stage.replica === 0 ? String(stage.index) : `${stage.replica}/${stage.index}`,
    stage.name,
    shortPeer(stage.peer),
    `${stage.fromLayer}–${stage.toLayer - 1}`,
    stage.provider,
    bytesText(stage.weightBytes),
    bytesText(stage.fetchBytes),
    bytesText(stage.memoryBytes),
    msText(stage.computeMs),
    msText(stage.transferMs),
    bytesText(stage.cutBytes),
  ])
  return [
    `${plan.modelName} (${shortId(plan.model)}) for ${plan.objective} · wire ${plan.wire}`,
    ...tableLines(COLUMNS, rows),
    `predicted ${msText(predictedMs)} an input (${range}), ${predictedPerSecond.toFixed(1)} a second`,
    ...(oneDeviceMs === undefined ? [] : [`one device alone: ${msText(oneDeviceMs)}`]),
    ...plan.notChosen.map(({ name, reason }) => `not chosen: ${name}, ${reason}`),
    ...plan.notes.map((note) => `note: ${note}`),
  ]
}
