/**
 * The demo from start to end: devices, mesh, models, plans, a page read, a page read with a stage killed.
 *
 * @module
 */

import type { ModelSummary } from '../../node/api/schemas/models.ts'
import type { PlanView } from '../../node/api/schemas/plan.ts'
import { type Fleet, keepLogs, startFleet, stopFleet } from './fleet.ts'
import type { Screen } from './screen.ts'
import {
  importStep,
  killStep,
  meshStep,
  planStep,
  type Reading,
  readingStep,
  type Recovery,
  showDevices,
  type Stage,
} from './steps.ts'

export interface DemoOptions {
  /** Daemons to start, at least 2. */
  readonly devices: number
  /** True when the daemons are to go on after the demo. */
  readonly keep: boolean
  /** Folder for the picture, and for logs when something fails. */
  readonly outputDir: string
}

/** A device of the demo, for programs. */
export interface DemoDevice {
  readonly label: string
  readonly name: string
  readonly peer: string
  readonly url: string
  readonly keyFile: string
  readonly stateDir: string
  readonly pid: number
}

/** Everything that happened, for programs. */
export interface DemoReport {
  readonly devices: readonly DemoDevice[]
  readonly models: readonly ModelSummary[]
  readonly plans: readonly PlanView[]
  readonly first: Reading
  readonly second: Recovery
  readonly kept: boolean
  readonly totalMs: number
}

/**
 * Runs the demo and removes what it started, however it ends, unless it is to be kept.
 *
 * @throws {DemoError} when a step does not do what it is to show.
 */
export async function runDemo(
  options: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<DemoReport> {
  const startMs = performance.now()
  screen.step(`Start ${options.devices} devices: real daemons, on this machine only`)
  const fleet = await startFleet(options.devices, options.outputDir, signal)
  try {
    const shown = await showAll(fleet, options, screen, signal)
    if (options.keep) showKept(fleet, screen)
    else await clearAway(fleet, screen, shown.first.picture)
    const devices = fleet.daemons.map(deviceOf)
    return { devices, ...shown, kept: options.keep, totalMs: performance.now() - startMs }
  } catch (error) {
    const stateDirs = fleet.daemons.map(({ stateDir }) => stateDir)
    if (!signal.aborted) await keepLogs(stateDirs, options.outputDir)
    await stopFleet(fleet)
    throw error
  }
}

async function showAll(
  fleet: Fleet,
  options: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<Pick<DemoReport, 'models' | 'plans' | 'first' | 'second'>> {
  const labels = new Map(fleet.daemons.map(({ peer, label }) => [peer, label]))
  const stage: Stage = { fleet, screen, labelOf: (peer) => labels.get(peer) ?? peer.slice(-6) }
  showDevices(stage)
  await meshStep(stage, signal)
  const models = await importStep(stage)
  const plans = await planStep(stage)
  const first = await readingStep(stage, options.outputDir)
  const second = await killStep(stage, first.run)
  return { models, plans, first, second }
}

async function clearAway(fleet: Fleet, screen: Screen, picture: string): Promise<void> {
  screen.step('Stop the devices and remove their state')
  await stopFleet(fleet)
  screen.say(
    `done: nothing is left but the picture ${picture}`,
    '',
    'next:  npm run demo -- --keep   the same, and the mesh goes on',
    '       npm start -- up          a device of your own; README.md shows the way from there',
  )
}

function showKept(fleet: Fleet, screen: Screen): void {
  screen.step('The mesh goes on')
  for (const daemon of fleet.daemons) {
    daemon.release()
    const { url, keyFile } = daemon.client.address
    screen.say(`${daemon.label}  ${url}  key in ${keyFile}`)
  }
  screen.say(
    `ask it:  npm start -- peers --state-dir ${fleet.first.stateDir}`,
    `         npm start -- model list --state-dir ${fleet.first.stateDir}`,
  )
  const pids = fleet.daemons.map(({ pid }) => pid).join(' ')
  screen.say(`stop it: kill ${pids} && sleep 2 && rm -r ${fleet.folder}`)
}

function deviceOf({ label, name, peer, client, stateDir, pid }: Fleet['first']): DemoDevice {
  return { label, name, peer, ...client.address, stateDir, pid }
}
