/**
 * Drives the governor of this device: looks, decides, and hands on what was decided.
 *
 * One timer. While work of others runs here it ticks as the policy says; while none does nobody
 * waits for a decision, and looking costs something too. What tells by itself, such as a session
 * helper, is decided on at once.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { HarvestPolicy } from '../../config/index.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Decision } from './decision.ts'
import { Governor } from './governor/governor.ts'
import type { OwnerWish } from './owner-wish.ts'
import type { Isolation, Readings, Sample, Wish, WorkHere } from './signals.ts'
import type { SignalValues } from './signals/source.ts'

/** What tells the signals of this device: {@link DeviceSignals} is one. */
export interface SignalPort extends Startable {
  readonly readings: Readings
  look(working: boolean): void
  dueMs(): number
  say(name: string, values: SignalValues): void
}

export interface HarvestComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly signals: SignalPort
  readonly wish: OwnerWish
  /** What work of others does here right now. */
  readonly work: () => WorkHere
  /** Does what was decided. Called at every tick. */
  readonly apply: (decision: Decision) => void
  /** Keeps what was decided, and on what. */
  readonly record: (sample: Sample, decision: Decision) => void
  /** Measures the isolation of work from programs of the owner; undefined where it cannot. */
  readonly measureIsolation: (signal: AbortSignal) => Promise<Isolation | undefined>
  /** Minutes that local time is ahead of UTC. */
  readonly zoneMinutes: (wallMs: number) => number
}

/** Time between two ticks while no work of others is here, in ms. */
const RESTING_MS = 5_000

/** Changes within this time are decided on together, in ms. */
const NEWS_MS = 10

export class Harvest implements Startable {
  readonly policy: HarvestPolicy
  readonly #components: HarvestComponents
  readonly #governor: Governor
  readonly #stopping = new AbortController()
  #wake = new AbortController()
  #news = false
  #latest: { readonly sample: Sample; readonly decision: Decision } | undefined
  #loop: Promise<void> | undefined
  #probe: Promise<void> | undefined

  constructor(components: HarvestComponents, policy: HarvestPolicy) {
    this.#components = components
    this.policy = policy
    this.#governor = new Governor(policy)
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#components.signals.start(signal)
    this.#tick()
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake.abort()
    await Promise.all([this.#loop, this.#probe])
    await this.#components.signals.stop()
  }

  /** The last decision; there is one from the start on. */
  get decision(): Decision {
    return this.#now.decision
  }

  /** What it was decided on. */
  get sample(): Sample {
    return this.#now.sample
  }

  /** What a governor that has just begun would decide now under `policy`. */
  under(policy: HarvestPolicy): Decision {
    return new Governor(policy).decide(this.sample)
  }

  /** Something has changed: decides soon. */
  wake(): void {
    this.#news = true
    this.#wake.abort()
  }

  /** Takes what the owner says, and decides at once. Resolves once it is kept. */
  async obey(wish: Wish): Promise<Decision> {
    await this.#components.wish.set(wish)
    return this.#tick()
  }

  async #run(): Promise<void> {
    const { clock } = this.#components
    const { signal } = this.#stopping
    while (!signal.aborted) {
      this.#wake = new AbortController()
      if (!this.#news) {
        const waitMs = Math.max(NEWS_MS, this.#dueMs() - clock.monotonicMs())
        await clock.sleep(waitMs, AbortSignal.any([signal, this.#wake.signal]))
      }
      if (this.#news) await clock.sleep(NEWS_MS, signal)
      if (signal.aborted) return
      this.#news = false
      this.#tick()
    }
  }

  get #now(): { readonly sample: Sample; readonly decision: Decision } {
    invariant(this.#latest !== undefined, 'harvest is asked after its start')
    return this.#latest
  }

  #dueMs(): number {
    const nowMs = this.#components.clock.monotonicMs()
    const { decision } = this.#now
    if (this.#idle) return decision.atMs + RESTING_MS
    return Math.min(decision.deadlineMs, Math.max(nowMs, this.#components.signals.dueMs()))
  }

  /** True while nobody waits for a decision. */
  get #idle(): boolean {
    const { cpu, gpu } = this.#components.work()
    return cpu === 'none' && gpu === 'none'
  }

  #tick(): Decision {
    const { clock, signals, wish, apply, record, zoneMinutes } = this.#components
    const work = this.#components.work()
    signals.say('daemon', { wish: wish.current, work })
    signals.look(work.cpu !== 'none' || work.gpu !== 'none')
    const wallMs = Math.round(clock.wallMs())
    const sample: Sample = {
      nowMs: clock.monotonicMs(),
      wallMs,
      zoneMinutes: zoneMinutes(wallMs),
      readings: signals.readings,
    }
    const decision = this.#governor.decide(sample)
    this.#latest = { sample, decision }
    record(sample, decision)
    apply(decision)
    if (decision.state === 'PROBE') this.#probe ??= this.#measure()
    return decision
  }

  /** The self-test that the governor waits for. */
  async #measure(): Promise<void> {
    const { signals, logger, measureIsolation } = this.#components
    try {
      const isolation = await measureIsolation(this.#stopping.signal)
      if (isolation === undefined) return
      signals.say('isolation', { isolation })
      logger.info('isolation measured', { ...isolation })
      this.wake()
    } catch (error) {
      // Not known then, which the governor has a rule for.
      if (!this.#stopping.signal.aborted) logger.warn('isolation not measured', { error })
    }
  }
}
