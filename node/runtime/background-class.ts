/**
 * Puts the processor time of a whole process group last, also beside programs of other sessions.
 *
 * Linux shares the processor between sessions first and between their processes then
 * (sched(7), "the autogroup feature"): nice 19 and SCHED_IDLE within a session of our own still take
 * up to half of a processor from a program of the owner's. The nice value of the session is what
 * counts there, and every child is the leader of one.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** The nice value of the session, the lowest there is. */
const NICE = '19'

/** The kernel takes one such change in a tenth of a second from all who are not root. */
const RETRY_MS = 120
const TRIES_MAX = 20

/**
 * Lowers the session that `pid` leads. False where there are no autogroups, or when it has ended.
 *
 * @param proc - Where /proc is.
 */
export async function lowerSession(pid: number, proc = '/proc'): Promise<boolean> {
  for (let left = TRIES_MAX; left > 0; left--) {
    try {
      await writeFile(`${proc}/${pid}/autogroup`, NICE, { flag: 'r+' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false
      await pause(RETRY_MS)
    }
  }
  return false
}
