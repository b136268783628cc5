/**
 * Everything that this device can tell of itself and its owner, on whatever platform it is.
 *
 * @module
 */

import type { Clock } from '../../../core/clock.ts'
import { errorCode } from '../../../core/errors.ts'
import type { Startable } from '../../../core/lifecycle.ts'
import type { Logger } from '../../../core/logger.ts'
import { SessionFeed } from '../session/session-feed.ts'
import type { Readings } from '../signals.ts'
import type { DeviceFacts } from './device-facts.ts'
import { linuxSources } from './linux/sources.ts'
import { macSources } from './macos/sources.ts'
import { SignalReader } from './signal-reader.ts'
import type { SignalSource, SignalValues } from './source.ts'
import { signalStreams } from './streams.ts'
import { windowsSources } from './windows/sources.ts'

export interface DeviceSignalsComponents {
  readonly clock: Clock
  readonly logger: Logger
  /** Something has changed without being asked for. */
  readonly onNews: () => void
}

export interface DeviceSignalsInit {
  readonly facts: DeviceFacts
  readonly platform: NodeJS.Platform
  /** Where session helpers find this daemon. */
  readonly socketPath: string
}

/** How often session helpers look at their sessions, in ms: a person who comes back is seen by the first. */
const HELPER_WORKING_MS = 250
const HELPER_RESTING_MS = 5_000

export class DeviceSignals implements Startable {
  readonly #components: DeviceSignalsComponents
  readonly #reader: SignalReader
  readonly #feed: SessionFeed
  readonly #streams: readonly Startable[]
  #started: readonly Startable[] = []
  #working = false

  constructor(
    components: DeviceSignalsComponents,
    { facts, platform, socketPath }: DeviceSignalsInit,
  ) {
    const { clock, logger, onNews } = components
    this.#components = components
    const sources = sourcesOf(platform, facts)
    const reader = new SignalReader({ logger: logger.child('signals'), sources, onNews })
    this.#reader = reader
    const failed = (name: string, why: string): void =>
      reader.failed(name, why, clock.monotonicMs())
    const withdrawn = (name: string): void => reader.withdrawn(name)
    this.#streams = signalStreams(platform, facts, {
      nowMs: () => clock.monotonicMs(),
      told: (name, values) => reader.told(name, values, clock.monotonicMs()),
      failed,
      withdrawn,
    })
    this.#feed = new SessionFeed(
      {
        clock,
        onReport: (name, values) => reader.told(name, values, clock.monotonicMs(), 'exact'),
        onGone: failed,
        onForgotten: withdrawn,
      },
      socketPath,
    )
  }

  async start(signal: AbortSignal): Promise<void> {
    const started: Startable[] = []
    this.#started = started
    try {
      await this.#feed.start(signal)
      started.push(this.#feed)
    } catch (error) {
      signal.throwIfAborted()
      // The path may be too long for a socket: what else tells of the owner still does.
      const { logger } = this.#components
      logger.warn('no session helper can report', { error, code: errorCode(error) })
    }
    for (const stream of this.#streams) {
      await stream.start(signal)
      started.push(stream)
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((part) => part.stop()))
  }

  /** What is known now. */
  get readings(): Readings {
    return this.#reader.readings
  }

  /** Asks all sources that are due, more of them while work runs here. */
  look(working: boolean): void {
    const { clock } = this.#components
    const nowMs = clock.monotonicMs()
    if (working !== this.#working) {
      this.#working = working
      this.#feed.pace(working ? HELPER_WORKING_MS : HELPER_RESTING_MS)
      if (working) this.#reader.hurry(nowMs)
    }
    this.#reader.look({ nowMs, wallMs: clock.wallMs(), working })
  }

  /** When the next source is due, on the monotonic clock. */
  dueMs(): number {
    return this.#reader.dueMs()
  }

  /** What the daemon itself knows. */
  say(name: string, values: SignalValues): void {
    this.#reader.board.say(name, values, this.#components.clock.monotonicMs())
  }
}

function sourcesOf(platform: NodeJS.Platform, facts: DeviceFacts): readonly SignalSource[] {
  if (platform === 'darwin') return macSources(facts)
  return platform === 'win32' ? windowsSources(facts) : linuxSources(facts)
}
