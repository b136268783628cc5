/**
 * Processes that another process started, and how long each has computed.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** A running process. */
export interface Process {
  readonly pid: number
  readonly parent: number
  /** Processor time since its start, in milliseconds. Linux counts in steps of 10. */
  readonly cpuMs: number
  readonly command: string
}

/** Milliseconds of one tick of Linux's processor time (USER_HZ is 100 on every platform of Node). */
const TICK_MS = 10

/** The processes that `parent` started and that still run; none on Windows. */
export async function childrenOf(parent: number): Promise<Process[]> {
  const all = process.platform === 'linux' ? await readProc() : await askPs()
  return all.filter((child) => child.parent === parent)
}

/**
 * The process in the text of Linux's /proc/PID/stat (proc(5)).
 *
 * The name stands in parentheses and may hold spaces and parentheses itself.
 */
export function parseStat(stat: string, command: string): Process | undefined {
  const pid = Number.parseInt(stat, 10)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Fields 4, 14 and 15 of the page, whose field 3 is our first.
  const parent = Number(fields[1])
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS
  return Number.isNaN(pid + parent + cpuMs) ? undefined : { pid, parent, cpuMs, command }
}

/** The process in a line of `ps -o pid=,ppid=,time=,command=`. */
export function parsePs(line: string): Process | undefined {
  const match = /^\s*(\d+)\s+(\d+)\s+(?:(\d+)-)?([\d:.]+)\s+(.*)$/.exec(line)
  if (!match) return undefined
  const [, pid, parent, days = '0', time = '', command = ''] = match
  const seconds = time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return {
    pid: Number(pid),
    parent: Number(parent),
    cpuMs: Math.round((Number(days) * 86_400 + seconds) * 1000),
    command,
  }
}

async function readProc(): Promise<Process[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(names.map(readProcess))
  return found.filter((entry) => entry !== undefined)
}

async function readProcess(pid: string): Promise<Process | undefined> {
  try {
    const [stat, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ])
    return parseStat(stat, command.replaceAll('\0', ' ').trim())
  } catch {
    // It ended between the listing and the reading.
    return undefined
  }
}

async function askPs(): Promise<Process[]> {
  if (process.platform === 'win32') return []
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,time=,command='])
  return stdout
    .split('\n')
    .map(parsePs)
    .filter((entry) => entry !== undefined)
}
