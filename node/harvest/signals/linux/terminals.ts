/**
 * When someone last typed at a terminal, from the access times of /dev/tty* and /dev/pts/*.
 *
 * The list is made anew each time: a session that was opened later counts too. The kernel keeps
 * these times to eight seconds, so that they say that someone is there, not when exactly.
 *
 * @module
 */

import type { HostFiles } from '../host-files.ts'

/** Terminals of one machine that are looked at. */
const TERMINALS_MAX = 512

/** Wall time of the last input in ms; undefined where nobody has used a terminal yet. */
export function lastTerminalInputMs(files: HostFiles): number | undefined {
  const consoles = files.names('dev', '').filter((name) => /^tty[1-9]\d?$/.test(name))
  const remote = files.names('dev', 'pts').filter((name) => /^\d+$/.test(name))
  const paths = [...consoles, ...remote.map((name) => `pts/${name}`)].slice(0, TERMINALS_MAX)
  const times = paths.flatMap((path) => files.times('dev', path) ?? [])
  // A terminal that was made and never read from has both times from its making.
  const used = times.filter(({ readMs, writtenMs }) => readMs !== writtenMs)
  return used.length === 0 ? undefined : Math.max(...used.map(({ readMs }) => readMs))
}
