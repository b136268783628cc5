/**
 * A session helper as a whole: what the desktop shows, told to the daemon.
 *
 * @module
 */

import type { Clock } from '../../../core/clock.ts'
import { CommandLines } from '../signals/command-lines.ts'
import { runCommand } from '../signals/command-output.ts'
import { LINUX_IDLE_PROBES, LINUX_STATE_PROBES } from './linux-desktop.ts'
import { MAC_IDLE_PROBES, MAC_STATE_PROBES } from './mac-desktop.ts'
import { SessionLink } from './session-link.ts'
import { SessionWatch } from './session-watch.ts'
import { swayidleProbe } from './wayland-desktop.ts'
import { WINDOWS_SESSION_COMMAND, windowsSession } from './windows-desktop.ts'

export interface SessionHelperInit {
  readonly path: string
  readonly platform: NodeJS.Platform
  /** A daemon was found, or has gone. */
  readonly onLink: (connected: boolean) => void
}

/** Reports on the session that this process runs in until `signal` aborts. */
export async function runSessionHelper(
  clock: Clock,
  init: SessionHelperInit,
  signal: AbortSignal,
): Promise<void> {
  const { path, platform, onLink } = init
  if (platform === 'win32') return watchWindows(clock, init, signal)
  const mac = platform === 'darwin'
  const watch: SessionWatch = new SessionWatch({
    clock,
    run: runCommand,
    idle: mac
      ? MAC_IDLE_PROBES
      : [...LINUX_IDLE_PROBES, swayidleProbe(() => clock.monotonicMs(), signal)],
    state: mac ? MAC_STATE_PROBES : LINUX_STATE_PROBES,
    onReport: (report) => link.send(report),
  })
  const link = new SessionLink(clock, { path, onLink, onPace: (everyMs) => watch.pace(everyMs) })
  await Promise.all([watch.run(signal), link.run(signal)])
}

/** There one program tells all, four times a second, which costs it nothing. */
async function watchWindows(
  clock: Clock,
  { path, onLink }: SessionHelperInit,
  signal: AbortSignal,
): Promise<void> {
  const link = new SessionLink(clock, { path, onLink, onPace: () => undefined })
  const lines = new CommandLines(
    WINDOWS_SESSION_COMMAND,
    (line) => {
      const report = windowsSession(line)
      if (report !== undefined) link.send(report)
    },
    () => undefined,
  )
  await lines.start(signal)
  await link.run(signal)
  await lines.stop()
}
