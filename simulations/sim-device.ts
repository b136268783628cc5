/**
 * One simulated device: it can die, and it can hang for a while and then go on as if nothing had been.
 *
 * @module
 */

import type { PeerId } from '../core/ids.ts'
import type { Machine } from '../core/machine.ts'
import { MachineDriver } from '../node/network/machine-driver.ts'
import type { EventKind } from './event-queue.ts'
import type { SimClock } from './sim-clock.ts'

/** A device. Everything that it does goes through {@link SimDevice.act}. */
export class SimDevice {
  readonly number: number
  readonly peer: PeerId
  readonly #clock: SimClock
  readonly #backlog: (() => void)[] = []
  #alive = true
  #hangs = 0

  constructor(number: number, peer: PeerId, clock: SimClock) {
    this.number = number
    this.peer = peer
    this.#clock = clock
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Alive but silent: what should happen waits. */
  get hanging(): boolean {
    return this.#hangs > 0
  }

  die(): void {
    this.#alive = false
    this.#backlog.length = 0
  }

  /** Hangs until as many {@link wake}s came as hangs. */
  hang(): void {
    this.#hangs++
  }

  /** Does all that waited, in order. */
  wake(): void {
    this.#hangs--
    while (this.#hangs === 0 && this.#alive) {
      const next = this.#backlog.shift()
      if (next === undefined) return
      next()
    }
  }

  act(what: () => void): void {
    if (!this.#alive) return
    if (this.hanging) this.#backlog.push(what)
    else what()
  }

  /** Does `what` in `ms`, or later when it hangs then. */
  after(ms: number, kind: EventKind, what: () => void): void {
    this.#clock.after(ms, kind, this.number, () => this.act(what))
  }

  /** Gives a machine the time and the life of this device. */
  drive<Input, Output>(
    machine: Machine<Input, Output>,
    perform: (output: Output) => void,
  ): MachineDriver<Input, Output> {
    const timer = new SimTimer(this, this.#clock)
    return new MachineDriver(machine, {
      nowMs: () => this.#clock.nowMs,
      schedule: (atMs, callback) => timer.set(atMs, callback),
      perform,
    })
  }
}

/**
 * An alarm that is mostly moved on before it rings. It keeps one event in the queue, and when that
 * comes too early it pushes the next: a machine moves its deadline with every input.
 */
class SimTimer {
  readonly #device: SimDevice
  readonly #clock: SimClock
  readonly #cancel = (): void => {
    this.#callback = undefined
  }
  #callback: (() => void) | undefined
  #atMs = 0
  #pendingMs = Infinity

  constructor(device: SimDevice, clock: SimClock) {
    this.#device = device
    this.#clock = clock
  }

  set(atMs: number, callback: () => void): () => void {
    this.#atMs = Math.max(atMs, this.#clock.nowMs)
    this.#callback = callback
    if (this.#atMs < this.#pendingMs) this.#push()
    return this.#cancel
  }

  #push(): void {
    const atMs = this.#atMs
    this.#pendingMs = atMs
    this.#device.after(atMs - this.#clock.nowMs, 'timer', () => this.#ring(atMs))
  }

  #ring(pushedMs: number): void {
    // An earlier alarm was set since: its own event has rung.
    if (pushedMs !== this.#pendingMs) return
    this.#pendingMs = Infinity
    const callback = this.#callback
    if (callback === undefined) return
    if (this.#clock.nowMs < this.#atMs) this.#push()
    else {
      this.#callback = undefined
      callback()
    }
  }
}
