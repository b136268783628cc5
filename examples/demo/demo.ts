/**
 * A demo from start to end: devices, a mesh, what is shown on it, and nothing left.
 *
 * @module
 */

import { type Fleet, keepLogs, startFleet, stopFleet } from './fleet.ts'
import type { Screen } from './screen.ts'
import { meshStep, showDevices, type Stage } from './steps.ts'

export interface DemoOptions {
  /** Daemons to start, at least 2. */
  readonly devices: number
  /** True when the daemons are to go on after the demo. */
  readonly keep: boolean
  /** Folder for what the demo makes, and for logs when something fails. */
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

/** What is shown once the devices are in a mesh. */
export interface Play<Shown> {
  show(stage: Stage, options: DemoOptions): Promise<Shown>
  /** Lines for the end: what is left, and what to do next. */
  farewell(shown: Shown): readonly string[]
}

/** Everything that happened, for programs. */
export type DemoReport<Shown> = Shown & {
  readonly devices: readonly DemoDevice[]
  readonly kept: boolean
  readonly totalMs: number
}

/**
 * Runs a demo and removes what it started, however it ends, unless it is to be kept.
 *
 * @throws {DemoError} when a step does not do what it is to show.
 */
export async function runDemo<Shown extends object>(
  play: Play<Shown>,
  options: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<DemoReport<Shown>> {
  const startMs = performance.now()
  screen.step(`Start ${options.devices} devices: real daemons, on this machine only`)
  const fleet = await startFleet(options.devices, options.outputDir, signal)
  try {
    const labels = new Map(fleet.daemons.map(({ peer, label }) => [peer, label]))
    const stage: Stage = { fleet, screen, labelOf: (peer) => labels.get(peer) ?? peer.slice(-6) }
    showDevices(stage)
    await meshStep(stage, signal)
    const shown = await play.show(stage, options)
    if (options.keep) showKept(fleet, screen)
    else await clearAway(fleet, screen, play.farewell(shown))
    const devices = fleet.daemons.map(deviceOf)
    return { devices, ...shown, kept: options.keep, totalMs: performance.now() - startMs }
  } catch (error) {
    const stateDirs = fleet.daemons.map(({ stateDir }) => stateDir)
    if (!signal.aborted) await keepLogs(stateDirs, options.outputDir)
    await stopFleet(fleet)
    throw error
  }
}

async function clearAway(fleet: Fleet, screen: Screen, farewell: readonly string[]): Promise<void> {
  screen.step('Stop the devices and remove their state')
  await stopFleet(fleet)
  screen.say(...farewell)
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
