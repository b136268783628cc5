/**
 * The devices of the demo, together: started, put into a mesh, stopped.
 *
 * @module
 */

import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { invariant } from '../../core/invariant.ts'
import { type DemoDaemon, logFile, startDaemon } from './demo-daemon.ts'
import { until } from './waiting.ts'

/** Time for the devices to hear of one another. */
const MEET_MS_MAX = 30_000

/** All daemons of the demo, and the folder of all their state. */
export interface Fleet {
  /** The one that submits jobs. */
  readonly first: DemoDaemon
  readonly daemons: readonly DemoDaemon[]
  readonly folder: string
}

/** Starts `count` daemons at once. When one fails, the others are stopped and all logs go to `logDir`. */
export async function startFleet(
  count: number,
  logDir: string,
  signal: AbortSignal,
): Promise<Fleet> {
  const folder = await mkdtemp(path.join(tmpdir(), 'brume-demo-'))
  const stateDirs = Array.from({ length: count }, (_, at) => path.join(folder, `${at + 1}`))
  const starting = stateDirs.map((dir, at) => startDaemon(labelOf(at), dir, signal))
  const settled = await Promise.allSettled(starting)
  const daemons = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed) {
    if (!signal.aborted) await keepLogs(stateDirs, logDir)
    await Promise.all(daemons.map((daemon) => daemon.stop()))
    await rm(folder, { recursive: true, force: true })
    throw failed.reason as Error
  }
  const [first] = daemons
  invariant(first !== undefined, 'a fleet has at least one daemon')
  return { first, daemons, folder }
}

/** Stops all daemons and removes what they left. */
export async function stopFleet({ daemons, folder }: Fleet): Promise<void> {
  await Promise.all(daemons.map((daemon) => daemon.stop()))
  await rm(folder, { recursive: true, force: true })
}

/** Copies the logs of daemons with these state folders to `logDir`. */
export async function keepLogs(stateDirs: readonly string[], logDir: string): Promise<void> {
  await mkdir(logDir, { recursive: true })
  await Promise.allSettled(
    stateDirs.map((dir, at) => copyFile(logFile(dir), path.join(logDir, `${labelOf(at)}.log`))),
  )
}

/** A mesh called `name` of all devices: the first makes it and invites the others. */
export async function formMesh(fleet: Fleet, name: string, signal: AbortSignal): Promise<void> {
  const { first, daemons } = fleet
  const others = daemons.filter((daemon) => daemon !== first)
  await first.client.createMesh(name)
  const { code } = await first.client.invite(others.length)
  await Promise.all(others.map((daemon) => daemon.client.join(code)))
  await until('all devices to know one another', MEET_MS_MAX, () => allMet(daemons), signal)
}

/** True once every device has a record of every other; undefined before. */
async function allMet(daemons: readonly DemoDaemon[]): Promise<true | undefined> {
  const lists = await Promise.all(daemons.map(({ client }) => client.peers()))
  const peers = daemons.map(({ peer }) => peer)
  const met = lists.every((list) => {
    const known = new Set(list.peers.map(({ peer }) => peer))
    return peers.every((peer) => known.has(peer))
  })
  return met ? true : undefined
}

/** A, B, C … */
function labelOf(index: number): string {
  return String.fromCodePoint(65 + index)
}
