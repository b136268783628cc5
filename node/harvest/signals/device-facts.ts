/**
 * What sources of every platform need to know of this daemon.
 *
 * @module
 */

import type { HostFiles } from './host-files.ts'
import type { RunCommand } from './command-output.ts'

export interface DeviceFacts {
  readonly files: HostFiles
  readonly run: RunCommand
  /** Of the daemon: everything that it started counts as ours. */
  readonly pid: number
  /** Logical processors that this daemon may use. */
  readonly cores: number
  readonly memoryBytes: number
  /** The folder on whose disk work is kept. */
  readonly stateDir: string
  /** Programs that the owner wants to have the device for themselves, in lower case. */
  readonly exclusiveApps: readonly string[]
  /** Processes of ours, the daemon included. */
  ownPids(): ReadonlySet<number>
  /** Processor time that work of ours has taken so far, in ms. */
  ownMs(): number
  /** Bytes that work of ours sent and received since local midnight. */
  bytesToday(): number
}
