/**
 * What this daemon and everything that it started have used of the processors.
 *
 * The time of a child that has ended goes to its parent, so that the sum never goes back.
 *
 * @module
 */

import type { HostFiles } from '../host-files.ts'

/** Processes of one tree that are looked at. */
const PROCESSES_MAX = 1_024

/** One line of /proc/PID/stat, as far as it is looked at (proc_pid_stat(5)). */
export interface ProcessStat {
  /** `R` runs, `S` and `D` sleep, `T` is stopped, `Z` has ended. */
  readonly state: string
  readonly group: number
  /** Ticks of its own and of its children that have ended. */
  readonly ticks: number
  /** Those outside of the kernel, its own apart. */
  readonly ownUserTicks: number
  readonly childUserTicks: number
}

/** Undefined when `text` is not such a line. */
export function processStat(text: string): ProcessStat | undefined {
  // The name is in brackets and may hold anything, brackets and spaces included.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', , group] = fields
  const ticks = fields.slice(11, 15).map(Number)
  if (!/^[A-Za-z]$/.test(state) || ticks.length < 4) return undefined
  if (ticks.some((value) => !Number.isFinite(value))) return undefined
  const [ownUserTicks = 0, , childUserTicks = 0] = ticks
  return {
    state,
    group: Number(group),
    ticks: ticks.reduce((sum, value) => sum + value, 0),
    ownUserTicks,
    childUserTicks,
  }
}

/** `pid` and all its descendants, itself first. */
export function processTree(files: HostFiles, pid: number): readonly number[] {
  const pids = [pid]
  for (let at = 0; at < pids.length && pids.length < PROCESSES_MAX; at++) {
    const parent = pids[at] ?? 0
    const children = files.maybe('proc', `${parent}/task/${parent}/children`) ?? ''
    pids.push(...children.split(' ').filter(Boolean).map(Number))
  }
  return pids.slice(0, PROCESSES_MAX)
}

/** What a tree of processes has used, in ticks. */
export interface TreeTicks {
  readonly all: number
  /** Those of its executors outside of the kernel: all but the first process. */
  readonly executorUser: number
}

/** What `pids` have used together; undefined when the first of them cannot be read. */
export function ticksOf(files: HostFiles, pids: readonly number[]): TreeTicks | undefined {
  const [first, ...others] = pids.map((pid) =>
    processStat(files.maybe('proc', `${pid}/stat`) ?? ''),
  )
  if (first === undefined) return undefined
  // One that has just ended is in its parent's line.
  const living = others.filter((stat) => stat !== undefined)
  return {
    all: living.reduce((sum, { ticks }) => sum + ticks, first.ticks),
    executorUser: living.reduce(
      (sum, { ownUserTicks, childUserTicks }) => sum + ownUserTicks + childUserTicks,
      first.childUserTicks,
    ),
  }
}
