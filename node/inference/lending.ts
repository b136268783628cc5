/**
 * What this device lends to others right now: whether it takes new stages, and how much they compute.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import { RunGate } from './run-gate.ts'
import type { LentResource } from './stage-pool.ts'

export class Lending {
  /** False while others are told to go elsewhere. */
  readonly takesNew: Record<LentResource, boolean> = { cpu: true, gpu: true }
  readonly #gates: Readonly<Record<LentResource, RunGate>>

  /** @param processors - Runs that compute at once where everything is lent. */
  constructor(clock: Clock, processors: number) {
    this.#gates = { cpu: new RunGate(clock, processors), gpu: new RunGate(clock, 1) }
  }

  gate(resource: LentResource): RunGate {
    return this.#gates[resource]
  }
}
