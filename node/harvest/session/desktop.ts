/**
 * What a session helper can find out about the session that it runs in.
 *
 * @module
 */

import type { RunCommand } from '../signals/command-output.ts'
import type { SessionReport } from './session-report.ts'

/** A way to learn some of a session; each platform and desktop has its own. */
export interface DesktopProbe {
  readonly name: string
  /** Time between two looks in ms; undefined for as often as the daemon asks. */
  readonly everyMs?: number
  /** Rejects where this way does not work. */
  look(run: RunCommand): Promise<SessionReport>
}
