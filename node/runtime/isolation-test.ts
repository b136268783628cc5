/**
 * Whether work here would be felt: two programs that never rest on one processor, one of them in
 * the background as an executor is, the other as a program of the owner's.
 *
 * The ratio of what they got is of use on a busy machine too: whatever else runs takes from both.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { lowerSession } from './background-class.ts'
import type { ExecutorGroup } from './executor-group.ts'
import { backgroundWords, type Wrappers } from './launcher.ts'

/** How the program in the background is held back. */
export interface BackgroundInit {
  /** The words before its command, such as `nice -n 19`. */
  readonly words: readonly string[]
  /** True to give its session the lowest share. */
  readonly lowersSession: boolean
  readonly group?: Pick<ExecutorGroup, 'add' | 'release'>
}

/** What both programs are: a shell that counts nothing, for ever. */
const SPINNER = ['sh', '-c', 'while :; do :; done'] as const

/** Time for both to begin, and to be put where they belong, in ms. */
const SETTLE_MS = 150

/** How executors that serve are held back. */
export function executorBackground(wrappers: Wrappers, group?: ExecutorGroup): BackgroundInit {
  return {
    words: backgroundWords(wrappers),
    lowersSession: true,
    ...(group === undefined ? {} : { group }),
  }
}

/**
 * The part of one processor that the program in the background took, from 0 to 1; undefined where it
 * cannot be measured: only Linux says how long a process ran, and only `taskset` puts both in one place.
 *
 * @param ms - How long they are watched.
 */
export async function measureIsolation(
  background: BackgroundInit,
  ms: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  const processor = await lastProcessor()
  if (processor === undefined) return undefined
  const pinned = ['taskset', '-c', processor, ...SPINNER]
  const owner = begin(pinned)
  const work = begin([...background.words, ...pinned])
  try {
    const [ownerPid, workPid] = [owner.pid, work.pid]
    // There is no taskset here.
    if (ownerPid === undefined || workPid === undefined) return undefined
    await background.group?.add(workPid)
    if (background.lowersSession) await lowerSession(workPid)
    await pause(SETTLE_MS, undefined, { signal })
    const before = await Promise.all([ranNs(ownerPid), ranNs(workPid)])
    await pause(ms, undefined, { signal })
    const after = await Promise.all([ranNs(ownerPid), ranNs(workPid)])
    const [ownerNs, workNs] = [after[0] - before[0], after[1] - before[1]]
    return ownerNs + workNs > 0 ? workNs / (ownerNs + workNs) : undefined
  } finally {
    if (work.pid !== undefined) await background.group?.release(work.pid)
    await Promise.all([end(owner), end(work)])
  }
}

/** Each in a session of its own, as programs of different people are. */
function begin([file = '', ...words]: readonly string[]): ChildProcess {
  const child = spawn(file, words, { stdio: 'ignore', detached: true })
  // One that could not be started has no pid, which is seen.
  child.on('error', () => undefined)
  return child
}

/** Resolves once nothing of it is left: its group can be removed then. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return
  const gone = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await gone
}

/** The last processor that this process may use: the first one is where most of the machine's own work is. */
async function lastProcessor(): Promise<string | undefined> {
  try {
    const status = await readFile('/proc/self/status', 'utf8')
    return /^Cpus_allowed_list:\s.*?(\d+)$/m.exec(status)?.[1]
  } catch {
    // No /proc: nothing can be measured.
    return undefined
  }
}

/** Nanoseconds on a processor so far (Documentation/scheduler/sched-stats.rst); NaN once it has ended. */
async function ranNs(pid: number): Promise<number> {
  try {
    return Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ', 1)[0])
  } catch {
    // It was ended by somebody else: the sum is not a number, and so nothing was measured.
    return Number.NaN
  }
}
