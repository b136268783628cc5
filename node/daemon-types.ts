/**
 * What the command line sees of a running daemon.
 *
 * @module
 */

import type { Config } from '../config/index.ts'
import type { PeerId } from '../core/ids.ts'
import type { Logger } from '../core/logger.ts'

/** What `brume up` says once, when the daemon is ready. */
export interface BannerFacts {
  readonly version: string
  /** Short name for people, such as `brave-otter-7f3a`. */
  readonly name: string
  readonly peer: PeerId
  /** True when this start made the identity. */
  readonly newIdentity: boolean
  readonly device: {
    /** Product or processor name. */
    readonly model: string
    readonly cores: number
    readonly memoryBytes: number
    /** Names of graphics processors and the like; empty when there are none. */
    readonly accelerators: readonly string[]
    /** Execution providers that work here. */
    readonly providers: readonly string[]
  }
  /** Undefined when the device was not measured. */
  readonly benchmark?: {
    /** 10^9 operations a second. */
    readonly int8Gops: number
    /** 10^9 operations a second. */
    readonly f32Gflops: number
    readonly storageBytesPerSecond: number
    /** Time that the measurement took now, in ms; undefined when it was read from the cache. */
    readonly tookMs?: number
  }
  readonly limits: { readonly executorMemoryBytes: number; readonly storeBytesMax: number }
  readonly network: {
    readonly mdns: boolean
    /** Multiaddrs that the daemon listens on. */
    readonly addresses: readonly string[]
  }
  /** Undefined before this device is in a mesh. */
  readonly mesh?: { readonly name: string; readonly connectedPeers: number }
  readonly apiUrl: string
  readonly keyFile: string
  /** Time from the start of the process or call to ready, in ms. */
  readonly readyMs: number
}

/** A daemon that is up. */
export interface RunningDaemon {
  readonly peer: PeerId
  /** `http://127.0.0.1:7433`, without a slash at the end. */
  readonly apiUrl: string
  banner(): BannerFacts
  /** Resolves once nothing runs any more; rejects when a part failed beyond repair. */
  readonly stopped: Promise<void>
  /** Finishes what runs, then stops all parts. */
  stop(): Promise<void>
}

export interface DaemonOptions {
  readonly log: Logger
  /** Aborting it while the daemon starts undoes the start; afterwards it has no effect. */
  readonly signal: AbortSignal
}

/** Starts a daemon: the shape of `runDaemon` in daemon.ts. */
export type RunDaemon = (config: Config, options: DaemonOptions) => Promise<RunningDaemon>
