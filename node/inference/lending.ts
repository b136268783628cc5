/**
 * What this device lends to others right now: whether it takes new stages, how much they compute, and
 * how fast what they give leaves it.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import { RunGate } from './run-gate.ts'
import type { LentResource } from './stage-pool.ts'

/** The uplink, of which others have a share. */
export interface LentUplink {
  /** Resolves when `bytes` may be sent that others wait for. */
  passAhead(bytes: number, signal: AbortSignal): Promise<void>
  /** From now on something waits for the system to take it; {@link LentUplink.sent} must follow. */
  sending(): void
  /** It does not wait any more, and so much was taken meanwhile. */
  sent(bytes: number): void
}

export class Lending {
  /** False while others are told to go elsewhere. */
  readonly takesNew: Record<LentResource, boolean> = { cpu: true, gpu: true }
  /** Absent where none is held back. */
  readonly uplink: LentUplink | undefined
  readonly #gates: Readonly<Record<LentResource, RunGate>>

  /** @param processors - Runs that compute at once where everything is lent. */
  constructor(clock: Clock, processors: number, uplink?: LentUplink) {
    this.uplink = uplink
    this.#gates = { cpu: new RunGate(clock, processors), gpu: new RunGate(clock, 1) }
  }

  gate(resource: LentResource): RunGate {
    return this.#gates[resource]
  }
}
