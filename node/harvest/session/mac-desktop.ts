/**
 * The session of a Mac: input by the registry of I/O devices, films and calls by who keeps the
 * display awake.
 *
 * @module
 */

import { hidIdleMs, IOREG_IDLE } from '../signals/macos/idle-time.ts'
import { macInhibitors } from '../signals/macos/power-settings.ts'
import type { DesktopProbe } from './desktop.ts'

export const MAC_IDLE_PROBES: readonly DesktopProbe[] = [
  {
    name: 'ioreg',
    look: async (run) => {
      const idleMs = hidIdleMs(await run('ioreg', IOREG_IDLE))
      if (idleMs === undefined) throw new Error('expected HIDIdleTime, got something else')
      return { idleMs }
    },
  },
]

export const MAC_STATE_PROBES: readonly DesktopProbe[] = [
  {
    name: 'pmset',
    everyMs: 4_000,
    look: async (run) => {
      const inhibitors = macInhibitors(await run('pmset', ['-g', 'assertions']))
      if (inhibitors === undefined) throw new Error('expected assertions, got something else')
      return { media: inhibitors.length > 0 }
    },
  },
]
