/**
 * Names of the programs that run, to find those for which the owner wants the machine alone.
 *
 * @module
 */

import type { HostFiles } from '../host-files.ts'

/** Processes of one machine that are looked at. */
const PROCESSES_MAX = 8_192

/** Each name once, in lower case; the kernel keeps 15 characters of it. */
export function runningPrograms(files: HostFiles): ReadonlySet<string> {
  const pids = files.names('proc', '').filter((name) => /^\d+$/.test(name))
  const names = pids
    .slice(0, PROCESSES_MAX)
    .flatMap((pid) => files.maybe('proc', `${pid}/comm`)?.trim().toLowerCase() ?? [])
  return new Set(names)
}
