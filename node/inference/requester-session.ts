/**
 * Drives the machine of one session at the device that asked for it.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  RequesterMachine,
  type InferenceCode,
  type InferenceMessage,
  type OpenRecord,
  type RequesterInit,
  type RequesterInput,
  type RequesterOutput,
} from '../../protocols/inference/index.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import { roomyHeap } from '../system/roomy-heap.ts'
import type { OutboundLinks, Slot } from './outbound-links.ts'

/** What a session tells its owner. */
export type SessionEvent =
  | Exclude<RequesterOutput, { type: 'open' | 'send' | 'drop' | 'replace' | 'cleared' | 'ready' }>
  /** A device holds a stage, as it was asked to by `open`. */
  | ((RequesterOutput & { type: 'ready' }) & { readonly open: OpenRecord })

export interface RequesterSessionComponents {
  readonly clock: Clock
  readonly outbound: OutboundLinks
  /** Who takes a stage that was lost; undefined when there is nobody. Never rejects. */
  replacement(
    stage: number,
    excluded: readonly PeerId[],
    code: InferenceCode,
  ): Promise<PeerId | undefined>
  /** A device that was replaced is not to blame for it. */
  cleared(peer: PeerId): void
  onEvent(event: SessionEvent): void
}

export class RequesterSession {
  readonly #components: RequesterSessionComponents
  readonly #machine: RequesterMachine
  readonly #driver: MachineDriver<RequesterInput, RequesterOutput>
  readonly #slots = new Map<string, Slot>()
  /** What each device was asked for that holds a stage, or is to. */
  readonly #opens = new Map<string, OpenRecord>()
  /** Requests handed to the driver: the machine may not have seen the last of them yet. */
  #submitted = 0
  #over = false
  /** Ends the wide limit of the heap. */
  #rest: (() => void) | undefined

  constructor(components: RequesterSessionComponents, init: RequesterInit) {
    const { clock } = components
    this.#components = components
    this.#machine = new RequesterMachine(init)
    this.#driver = new MachineDriver(this.#machine, {
      nowMs: () => clock.monotonicMs(),
      schedule: (atMs, callback) => {
        const timer = setTimeout(callback, Math.max(0, atMs - clock.monotonicMs()))
        return () => clearTimeout(timer)
      },
      perform: (output) => this.#perform(output),
    })
  }

  /** Requests that may be submitted now. */
  get capacity(): number {
    if (this.#over) return 0
    // An output makes room and may be answered by a submit at once, while the driver is busy with it.
    return this.#machine.capacity - (this.#submitted - this.#machine.submitted)
  }

  /** Opens the stages at `peers`, one for each range. */
  start(peers: readonly PeerId[]): void {
    this.#rest = roomyHeap()
    this.#feed({ type: 'start', peers })
  }

  /** Requests are numbered from 0 without a gap. */
  submit(request: number, tensors: readonly Tensor[]): void {
    this.#submitted = Math.max(this.#submitted, request + 1)
    this.#feed({ type: 'submit', request, tensors })
  }

  /** Steps of a text below `until` may be made by its ring. */
  free(until: number): void {
    this.#feed({ type: 'free', until })
  }

  /** Has `peer` load a stage as well, to take over at once when its holder is lost. */
  standBy(stage: number, peer: PeerId): void {
    this.#feed({ type: 'stand-by', stage, peer })
  }

  /** Asks for receipts and ends; `closed` follows. */
  finish(): void {
    this.#feed({ type: 'finish' })
  }

  /** Ends now, without receipts; nothing is told any more. */
  abort(): void {
    for (const slot of this.#slots.values()) slot.send({ type: 'close' })
    this.#end()
  }

  #perform(output: RequesterOutput): void {
    switch (output.type) {
      case 'open':
        this.#open(output.stage, output.peer, output.epoch, output.message)
        return
      case 'send':
        this.#slots.get(key(output.stage, output.epoch))?.send(output.message)
        return
      case 'drop':
        this.#drop(output.stage, output.epoch)
        return
      case 'replace':
        void this.#replace(output.stage, output.excluded, output.code)
        return
      case 'cleared':
        this.#components.cleared(output.peer)
        return
      case 'closed':
      case 'failed':
        this.#end()
        this.#components.onEvent(output)
        return
      case 'ready': {
        const open = this.#opens.get(key(output.stage, output.epoch))
        if (open !== undefined) this.#components.onEvent({ ...output, open })
        return
      }
      default:
        this.#components.onEvent(output)
    }
  }

  #open(stage: number, peer: PeerId, epoch: number, message: InferenceMessage): void {
    const slot = this.#components.outbound.openSlot(peer, epoch, {
      onMessage: (answer) => this.#feed({ type: 'message', stage, epoch, message: answer }),
      onEnd: (code) => {
        this.#slots.delete(key(stage, epoch))
        this.#feed({ type: 'lost', stage, epoch, code })
      },
    })
    this.#slots.set(key(stage, epoch), slot)
    if (message.type === 'open') this.#opens.set(key(stage, epoch), message.record)
    slot.send(message)
  }

  #drop(stage: number, epoch: number): void {
    const slot = this.#slots.get(key(stage, epoch))
    slot?.send({ type: 'close' })
    slot?.close()
    this.#slots.delete(key(stage, epoch))
    this.#opens.delete(key(stage, epoch))
  }

  async #replace(stage: number, excluded: readonly PeerId[], code: InferenceCode): Promise<void> {
    const peer = await this.#components.replacement(stage, excluded, code)
    this.#feed({ type: 'replacement', stage, peer })
  }

  /** After the end the machine must not act any more: an answer that comes late would open a stage. */
  #feed(input: RequesterInput): void {
    if (!this.#over) this.#driver.feed(input)
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#rest?.()
    this.#driver.stop()
    for (const slot of this.#slots.values()) slot.close()
    this.#slots.clear()
  }
}

function key(stage: number, epoch: number): string {
  return `${stage}/${epoch}`
}
