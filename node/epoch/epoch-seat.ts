/**
 * One epoch at this device: its machine, with real time, a real disk and whoever speaks about it.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import {
  type Accusation,
  type Certificate,
  type Decision,
  type DoubleProposal,
  type DoubleVote,
  type EpochErrorCode,
  type EpochInit,
  type EpochInput,
  EpochMachine,
  type EpochMessage,
  type EpochOutput,
} from '../../protocols/epoch/index.ts'
import { schedule } from '../mesh/exchange.ts'
import { MachineDriver } from '../network/machine-driver.ts'

/** What the machine wants done. */
export interface SeatPorts {
  readonly clock: Clock
  /** A header for this round; undefined when there is nothing to propose. */
  readonly build: (round: number) => Promise<Uint8Array | undefined>
  readonly check: (
    proposed: Pick<Extract<EpochOutput, { type: 'check' }>, 'round' | 'value' | 'hasPolka'>,
  ) => Promise<boolean>
  /** Resolves once the votes are on the disk. A disk that takes none ends the daemon. */
  readonly keepVotes: (record: Uint8Array) => Promise<void>
  readonly send: (message: EpochMessage) => void
  readonly decided: (decision: Decision) => void
  readonly evidence: (proof: DoubleVote) => void
  readonly conflict: (proof: DoubleProposal) => void
  /** A seat changed its mind, and has to answer for it. */
  readonly suspect: (accusation: Accusation) => void
  readonly fault: (from: string, code: EpochErrorCode) => void
  /** Something failed that is not a peer's fault. */
  readonly failed: (error: unknown) => void
}

export class EpochSeat {
  readonly epoch: number
  readonly #machine: EpochMachine
  readonly #ports: SeatPorts
  readonly #driver: MachineDriver<EpochInput, EpochOutput>
  #stopped = false

  constructor(init: EpochInit, ports: SeatPorts) {
    this.epoch = init.epoch
    this.#ports = ports
    this.#machine = new EpochMachine(init)
    this.#driver = new MachineDriver(this.#machine, {
      nowMs: () => ports.clock.monotonicMs(),
      schedule: (atMs, callback) => schedule(ports.clock, atMs, callback),
      perform: (output) => this.#perform(output),
    })
  }

  get round(): number {
    return this.#machine.round
  }

  /** Polkas that were seen: with them a seat answers for what it voted. */
  get polkas(): readonly Certificate[] {
    return this.#machine.polkas
  }

  start(): void {
    this.#driver.feed({ type: 'start' })
  }

  receive(from: string, message: EpochMessage): void {
    if (!this.#stopped) this.#driver.feed({ type: 'message', from, message })
  }

  stop(): void {
    this.#stopped = true
    this.#driver.stop()
  }

  #perform(output: EpochOutput): void {
    if (this.#stopped) return
    const { round } = output as { readonly round: number }
    switch (output.type) {
      case 'build':
        return void this.#later(this.#ports.build(round), (value) =>
          value === undefined ? undefined : { type: 'built', round, value },
        )
      case 'check': {
        const { value } = output
        const valid = this.#ports.check(output)
        return void this.#later(valid, (yes) => ({ type: 'checked', round, value, valid: yes }))
      }
      case 'persist': {
        const { token, record } = output
        return void this.#later(this.#ports.keepVotes(record), () => ({ type: 'persisted', token }))
      }
      case 'send':
        return this.#ports.send(output.message)
      case 'decided':
        return this.#ports.decided(output.decision)
      case 'evidence':
        return this.#ports.evidence(output.proof)
      case 'conflict':
        return this.#ports.conflict(output.proof)
      case 'suspect':
        return this.#ports.suspect(output.accusation)
      case 'fault':
        this.#ports.fault(output.from, output.code)
    }
  }

  /** Feeds what comes of `work` to the machine, unless the epoch is over by then. */
  async #later<T>(work: Promise<T>, input: (result: T) => EpochInput | undefined): Promise<void> {
    try {
      const next = input(await work)
      if (next !== undefined && !this.#stopped) this.#driver.feed(next)
    } catch (error) {
      if (!this.#stopped) this.#ports.failed(error)
    }
  }
}
