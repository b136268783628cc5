/**
 * What every demo shows: its devices, their mesh, models that are imported, a stage that is killed.
 *
 * @module
 */

import type { JobRecovery } from '../../node/api/schemas/jobs.ts'
import type { ImportRequest, ModelSummary } from '../../node/api/schemas/models.ts'
import { DemoError } from './errors.ts'
import { type Fleet, formMesh } from './fleet.ts'
import type { LabelOf } from './job-tables.ts'
import { bytesText, durationText, tableLines } from './quantities.ts'
import type { Screen } from './screen.ts'
import type { KilledStage } from './stage-killer.ts'

/** What every step works with. */
export interface Stage {
  readonly fleet: Fleet
  readonly screen: Screen
  readonly labelOf: LabelOf
}

/** Says which devices there are. */
export function showDevices({ fleet, screen }: Stage): void {
  const rows = fleet.daemons.map(({ label, name, client, pid }) => [
    label,
    name,
    client.address.url,
    `process ${pid}`,
  ])
  screen.say(...tableLines(rows))
}

/** Puts all devices into one mesh. */
export async function meshStep({ fleet, screen }: Stage, signal: AbortSignal): Promise<void> {
  const [first, ...others] = fleet.daemons.map(({ label }) => label)
  screen.step(`${first} makes a mesh, ${others.join(', ')} join it by an invite code`)
  const startMs = performance.now()
  await formMesh(fleet, 'demo', signal)
  const took = durationText(performance.now() - startMs)
  screen.say(`${fleet.daemons.length} devices know one another after ${took}`)
}

/** Imports a model on the first device. */
export async function importModel(
  { fleet, screen }: Stage,
  request: ImportRequest & { readonly name: string },
  purpose: string,
): Promise<ModelSummary> {
  const startMs = performance.now()
  const model = await fleet.first.client.importModel(request, ({ step, done, total, unit }) => {
    const amount =
      unit === 'bytes' ? `${bytesText(done)} of ${bytesText(total)}` : `${done}/${total} ${unit}`
    screen.progress(`${request.name}: ${step} ${total === 0 ? '' : amount}`)
  })
  const took = durationText(performance.now() - startMs)
  screen.say(
    `${model.name} (${purpose}): ${bytesText(model.bytes)}, ${model.layers} layers, ${took}`,
  )
  return model
}

/** What runs, for sentences about it. */
export interface Work {
  /** What is counted while it runs. */
  readonly noun: 'lines' | 'tokens'
  /** True when there are several copies of its stages. */
  readonly copies: boolean
}

export function showKill({ screen }: Stage, killed: KilledStage, work: Work): void {
  const { label, pid, stage, done, total } = killed
  const place = stageText(work, stage.index, stage.replica)
  screen.say(
    `after ${done} of ${total} ${work.noun}: SIGKILL to process ${pid}, ${place} on ${label}`,
  )
}

/** @throws {DemoError} DEMO_STAGE_NOT_KILLED when there is no recovery to show, nor another copy. */
export function showRecoveries(
  { screen, labelOf }: Stage,
  recoveries: readonly JobRecovery[],
  work: Work,
): void {
  if (recoveries.length === 0 && work.copies) {
    // The inputs that a lost stage had are given to another copy at once; a replacement is only for
    // those that are still to come.
    screen.say('recovered without a replacement: the other copies did the rest')
    return
  }
  if (recoveries.length === 0) {
    const problem = 'expected the mesh to replace the killed stage, got no recovery'
    throw new DemoError({ code: 'DEMO_STAGE_NOT_KILLED', problem }, problem)
  }
  for (const { replica, stage, fromPeer, toPeer, ms, code } of recoveries) {
    const how = fromPeer === toPeer ? 'started again' : `moved from ${labelOf(fromPeer)} and runs`
    const place = stageText(work, stage, replica)
    screen.say(`recovered in ${durationText(ms)}: ${place} ${how} on ${labelOf(toPeer)} (${code})`)
  }
  screen.say('')
}

function stageText({ copies }: Work, stage: number, replica: number): string {
  return `stage ${stage + 1}${copies ? ` of copy ${replica + 1}` : ''}`
}
