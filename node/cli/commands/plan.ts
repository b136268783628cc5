/**
 * `brume plan`: where the stages of a model would run, and why.
 *
 * @module
 */

import type { Command } from 'commander'
import type { PlanView } from '../../api/schemas/plan.ts'
import type { Cli } from '../cli.ts'
import {
  addPlacementOptions,
  numberWithin,
  type PlacementOptions,
  placementRequest,
} from '../option-values.ts'
import { predictionBasis } from '../prediction-text.ts'
import { bytesText, msText, rateText, shortId, shortPeer } from '../quantity-text.ts'
import { tableLines } from '../table.ts'
import { wireText } from '../wire-text.ts'

interface PlanOptions extends PlacementOptions {
  readonly atOnce?: number
}

/** What the API takes. */
const AT_ONCE_MAX = 64

export function addPlan(program: Command, cli: Cli): void {
  const command = program
    .command('plan')
    .description('where the stages of a model would run, and why')
    .argument('<model>', 'id or name of a model')
    .option(
      '--at-once <count>',
      'inputs or texts under way at once; by default 1, or 8 for throughput',
      numberWithin(1, AT_ONCE_MAX),
    )
  addPlacementOptions(command).action((model: string, options: PlanOptions) =>
    showPlan(cli, model, options),
  )
}

async function showPlan(cli: Cli, model: string, options: PlanOptions): Promise<void> {
  const client = await cli.client()
  const { atOnce } = options
  const more = atOnce === undefined ? {} : { atOnce }
  const request = { model, ...placementRequest(options), ...more }
  const plan = await cli.interruptible((signal) =>
    client.post<PlanView>('/v1/plan', request, signal),
  )
  cli.print({ plan }, () => planLines(plan, cli.width))
}

const COLUMNS = [
  { title: 'stage' },
  { title: 'device' },
  { title: 'peer', spare: 8 },
  { title: 'layers' },
  { title: 'provider', spare: 6 },
  { title: 'weights', align: 'right', spare: 3 },
  { title: 'to fetch', align: 'right', spare: 4 },
  { title: 'memory', align: 'right', spare: 7 },
  { title: 'compute', align: 'right', spare: 1 },
  { title: 'transfer', align: 'right', spare: 2 },
  { title: 'cut', align: 'right', spare: 5 },
] as const

/** Before the others where there are several copies of the pipeline. */
const REPLICA_COLUMN = { title: 'replica' } as const

function planLines(plan: PlanView, width: number | undefined): string[] {
  const { oneDeviceMs } = plan
  const split = plan.stages.length > plan.replicas
  const several = plan.replicas > 1
  const rows = plan.stages.map((stage) => [
    ...(several ? [String(stage.replica)] : []),
    String(stage.index),
    stage.name,
    shortPeer(stage.peer),
    `${stage.fromLayer}–${stage.toLayer - 1}`,
    stage.provider,
    bytesText(stage.weightBytes),
    bytesText(stage.fetchBytes),
    bytesText(stage.memoryBytes),
    msText(stage.computeMs),
    msText(stage.transferMs),
    stage.wire === undefined
      ? bytesText(stage.cutBytes)
      : `${bytesText(stage.cutBytes)} ${stage.wire}`,
  ])
  return [
    `${plan.modelName} (${shortId(plan.model)}) for ${plan.objective} · ${wireText(plan)}`,
    ...tableLines(several ? [REPLICA_COLUMN, ...COLUMNS] : COLUMNS, rows, width),
    predictedText(plan),
    predictionBasis(plan),
    ...(oneDeviceMs === undefined || !split
      ? []
      : [
          `one device alone: ${msText(oneDeviceMs)} ${plan.unit === 'token' ? 'a token' : 'an input'}`,
        ]),
    ...plan.notChosen.map(({ name, reason }) => `not chosen: ${name}, ${reason}`),
    ...plan.notes.map((note) => `note: ${note}`),
  ]
}

/** Of texts, how quickly one comes, as each token waits for the one before, and how quickly all. */
function predictedText(plan: PlanView): string {
  const { predictedMs, predictedLowMs, predictedHighMs, unit } = plan
  const { predictedPerSecond, predictedAtOnce } = plan
  const range = `${msText(predictedLowMs)} to ${msText(predictedHighMs)}`
  const one = `predicted ${msText(predictedMs)} an input (${range})`
  if (unit === 'input') return `${one}, ${rateText(predictedPerSecond)}`
  const token = `${rateText(1000 / predictedMs, 'token')}, ${msText(predictedMs)} each (${range})`
  const all = rateText(predictedPerSecond, 'token')
  const together = predictedAtOnce > 1 ? `; ${predictedAtOnce} texts at once, ${all} together` : ''
  return `predicted ${token}${together}`
}
