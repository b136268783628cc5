/**
 * Tells a run that takes long from one that does not get on, where the system shows what a process does.
 *
 * How long a run may take depends on the device, on the text and on who else wants the processor, so
 * a bound on its time that never hits a slow one hits a dead one late. A process that computes uses
 * the processor, or waits for it, or for the disk; one that does none of it hangs.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs'

/** What a process has done, and whether it would do more. */
export interface Activity {
  /** Processor time of all its threads so far, in ticks of the kernel. */
  readonly ticks: number
  /** True when a thread of it runs, waits for a processor or for the disk. */
  readonly isBusy: boolean
}

/** Between two looks, in milliseconds. */
export const LOOK_MS = 100

/** Looks in a row at which nothing has happened: with the time before the first, 0.4 to 0.5 s. */
const IDLE_LOOKS = 3

/** Longest time between two looks that are compared: a daemon that slept has delivered nothing either. */
const GAP_MS_MAX = 2 * LOOK_MS

export class StallWatch {
  #ticks: number | undefined
  #idle = 0
  #lookedMs = -Infinity

  /** Another run begins. */
  begin(): void {
    this.#ticks = undefined
    this.#idle = 0
  }

  /** True when the process has hung for a while. */
  look({ ticks, isBusy }: Activity, nowMs: number): boolean {
    const isIdle = ticks === this.#ticks && !isBusy && nowMs - this.#lookedMs <= GAP_MS_MAX
    this.#idle = isIdle ? this.#idle + 1 : 0
    this.#ticks = ticks
    this.#lookedMs = nowMs
    return this.#idle >= IDLE_LOOKS
  }
}

/** What a process does now; undefined where the system does not tell, or it is gone. */
export function activityOf(pid: number): Activity | undefined {
  if (process.platform !== 'linux' || pid === 0) return undefined
  try {
    const all = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    if (all === undefined) return undefined
    return { ticks: all.ticks, isBusy: all.isBusy || threadsOf(pid).some(({ isBusy }) => isBusy) }
  } catch {
    // It has just ended: that is told otherwise.
    return undefined
  }
}

function threadsOf(pid: number): readonly Activity[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return parseStat(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')) ?? []
    } catch {
      // A thread that ended.
      return []
    }
  })
}

/** What /proc/PID/stat says (proc_pid_stat(5)); undefined when `text` is something else. */
export function parseStat(text: string): Activity | undefined {
  // The name may hold anything, brackets and spaces included: what follows its last bracket is counted.
  const end = text.lastIndexOf(')')
  const fields = end < 0 ? [] : text.slice(end + 2).split(' ')
  const [state, utime, stime] = [fields[0], Number(fields[11]), Number(fields[12])]
  const ticks = utime + stime
  if (state === undefined || !Number.isSafeInteger(ticks)) return undefined
  return { ticks, isBusy: state === 'R' || state === 'D' }
}
