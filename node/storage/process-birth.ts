/**
 * Tells a process from a later one that got the same number.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** True when some process has this number now. */
export function isAlive(pid: number): boolean {
  // Zero and below would name process groups.
  if (pid < 1) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Not ours to signal means that it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * When process `pid` began, as an opaque text that no later process of that number has;
 * undefined when there is none, or when this system does not tell.
 */
export async function processBirth(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') return await linuxBirth(pid)
    if (process.platform === 'win32') return undefined
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)])
    return stdout.trim() || undefined
  } catch {
    // The process is gone, or /proc and ps are not to be had: the same answer.
    return undefined
  }
}

/** Field 22 of proc_pid_stat(5), in clock ticks since boot, and which boot that was. */
async function linuxBirth(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
  // The name of the program, field 2, stands in parentheses and may hold spaces.
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const startTicks = afterName[22 - 3]
  return startTicks === undefined ? undefined : `${boot.trim()}:${startTicks}`
}
