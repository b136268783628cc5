/**
 * Looks at a session again and again, and tells when something has changed.
 *
 * @module
 */

import type { Clock } from '../../../core/clock.ts'
import type { RunCommand } from '../signals/command-output.ts'
import type { DesktopProbe } from './desktop.ts'
import type { SessionReport } from './session-report.ts'

export interface SessionWatchComponents {
  readonly clock: Clock
  readonly run: RunCommand
  /** Ways to learn of input; the first that works is kept. */
  readonly idle: readonly DesktopProbe[]
  /** Ways to learn of the rest. */
  readonly state: readonly DesktopProbe[]
  onReport(report: SessionReport): void
}

/** Time after which a report is sent although nothing has changed, in ms. */
const REPEAT_MS = 4_000

/** A probe that failed is tried again after this time, in ms. */
const RETRY_MS = 30_000

/** An idle time that fell by more than this is an input, in ms. */
const INPUT_MS = 50

export class SessionWatch {
  readonly #components: SessionWatchComponents
  readonly #dueMs = new Map<DesktopProbe, number>()
  #everyMs = 5_000
  #wake = new AbortController()
  /** What each way told last. */
  readonly #parts = new Map<DesktopProbe, SessionReport>()
  #report: SessionReport = {}
  #lookedMs = 0
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(components: SessionWatchComponents) {
    this.#components = components
  }

  /** Looks this often from now on. */
  pace(everyMs: number): void {
    this.#everyMs = everyMs
    this.#wake.abort()
  }

  /** Watches until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController()
      await this.#look()
      await this.#components.clock.sleep(
        this.#everyMs,
        AbortSignal.any([signal, this.#wake.signal]),
      )
    }
  }

  async #look(): Promise<void> {
    const { clock, idle, state } = this.#components
    const before = this.#report
    for (const probe of idle) if (await this.#ask(probe)) break
    for (const probe of state) await this.#ask(probe)
    this.#report = Object.assign({}, ...this.#parts.values()) as SessionReport
    const nowMs = clock.monotonicMs()
    const elapsedMs = nowMs - this.#lookedMs
    this.#lookedMs = nowMs
    const changed = differs(before, this.#report, elapsedMs)
    if (!changed && nowMs - this.#toldMs < REPEAT_MS) return
    this.#toldMs = nowMs
    this.#components.onReport(this.#report)
  }

  /** True when it has told something, now or not long ago. */
  async #ask(probe: DesktopProbe): Promise<boolean> {
    const { clock, run } = this.#components
    const nowMs = clock.monotonicMs()
    const dueMs = this.#dueMs.get(probe) ?? Number.NEGATIVE_INFINITY
    if (nowMs < dueMs) return false
    try {
      const told = await probe.look(run)
      this.#parts.set(probe, told)
      if (probe.everyMs !== undefined) this.#dueMs.set(probe, nowMs + probe.everyMs)
      return true
    } catch {
      // Another desktop, or one that restarts: what it told before must not stay.
      this.#parts.delete(probe)
      this.#dueMs.set(probe, nowMs + RETRY_MS)
      return false
    }
  }
}

/** True when there was input between two looks, or when anything else has changed. */
function differs(before: SessionReport, after: SessionReport, elapsedMs: number): boolean {
  const { idleMs: idleBefore, ...flagsBefore } = before
  const { idleMs: idleAfter, ...flagsAfter } = after
  if (JSON.stringify(flagsBefore) !== JSON.stringify(flagsAfter)) return true
  if (idleBefore === undefined || idleAfter === undefined) return idleBefore !== idleAfter
  return idleAfter + INPUT_MS < idleBefore + elapsedMs
}
