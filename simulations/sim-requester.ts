/**
 * The device that asked for a session: the real machine, a list of devices to choose from, a few requests.
 *
 * @module
 */

import type { PeerId } from '../core/ids.ts'
import type { SeededRandom } from '../core/random.ts'
import type { Tensor } from '../core/tensor.ts'
import type { MachineDriver } from '../node/network/machine-driver.ts'
import {
  RequesterMachine,
  type InferenceCode,
  type InferenceMessage,
  type Receipt,
  type RequesterInit,
  type RequesterInput,
  type RequesterOutput,
} from '../protocols/inference/index.ts'
import { below } from './faults.ts'
import type { SimOutbound, SimSlot } from './session-network.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimDevice } from './sim-device.ts'
import { SimTextRequest, type TextPlan } from './sim-text.ts'

/** How long it takes to find a successor, in milliseconds. */
const SEARCH_MS_MAX = 20

export interface SimRequesterComponents {
  readonly clock: SimClock
  readonly device: SimDevice
  readonly outbound: SimOutbound
  readonly random: SeededRandom
}

export interface SimRequesterInit {
  readonly machine: RequesterInit
  readonly requests: number
  readonly input: (request: number) => readonly Tensor[]
  /** Instead of requests: a text. */
  readonly text: TextPlan | undefined
  /** Who holds the stages at first. */
  readonly first: readonly PeerId[]
  /** Who may hold one later. The list does not know who is well. */
  readonly candidates: readonly PeerId[]
}

export class SimRequester {
  readonly outputs: { request: number; tensors: readonly Tensor[]; atMs: number }[] = []
  readonly losses: {
    stage: number
    peer: PeerId | undefined
    code: InferenceCode
    atMs: number
  }[] = []
  /** Devices that are not blamed for what they were replaced for. */
  readonly cleared: PeerId[] = []
  /** Stages that another device took over. */
  moves = 0
  readonly receipts: Receipt[] = []
  readonly ends: { code: InferenceCode | undefined; atMs: number }[] = []
  readonly #components: SimRequesterComponents
  readonly #init: SimRequesterInit
  readonly #machine: RequesterMachine
  readonly #driver: MachineDriver<RequesterInput, RequesterOutput>
  readonly #slots = new Map<string, SimSlot>()
  readonly #text: SimTextRequest | undefined
  #submitted = 0
  #steps = 0

  constructor(components: SimRequesterComponents, init: SimRequesterInit) {
    this.#components = components
    this.#init = init
    this.#machine = new RequesterMachine(init.machine)
    this.#text = init.text === undefined ? undefined : new SimTextRequest(init.text)
    this.#driver = components.device.drive(this.#machine, (output) => this.#perform(output))
  }

  get over(): boolean {
    return this.ends.length > 0
  }

  /** Requests that were submitted so far. */
  get submitted(): number {
    return this.#text?.submitted ?? this.#submitted
  }

  /** Steps that were sent: a ring makes others by itself. */
  get steps(): number {
    return this.#steps
  }

  /** What was said so far, of a text. */
  get answer(): readonly number[] | undefined {
    return this.#text?.answer
  }

  start(): void {
    this.#feed({ type: 'start', peers: this.#init.first })
  }

  #feed(input: RequesterInput): void {
    if (this.over) return
    this.#driver.feed(input)
    if (this.#text !== undefined) {
      const capacity = (): number => (this.over ? 0 : this.#machine.capacity)
      for (const chunk of this.#text.prompt(capacity)) this.#driver.feed(chunk)
      return
    }
    while (!this.over && this.#machine.capacity > 0 && this.#submitted < this.#init.requests) {
      const request = this.#submitted++
      this.#driver.feed({ type: 'submit', request, tensors: this.#init.input(request) })
    }
  }

  #perform(output: RequesterOutput): void {
    switch (output.type) {
      case 'open':
        this.#open(output)
        return
      case 'send':
        if (output.message.type === 'step') this.#steps++
        this.#slots.get(`${output.stage}/${output.epoch}`)?.send(output.message)
        return
      case 'drop':
        this.#drop(`${output.stage}/${output.epoch}`)
        return
      case 'replace':
        this.#replace(output)
        return
      default:
        this.#note(output)
    }
  }

  #open({
    stage,
    peer,
    epoch,
    message,
  }: {
    readonly stage: number
    readonly peer: PeerId
    readonly epoch: number
    readonly message: InferenceMessage
  }): void {
    this.#components.clock.tell(`stage ${stage} is opened at ${peer.slice(-4)}, epoch ${epoch}`)
    const slot = this.#components.outbound.openSlot(peer, epoch, {
      onMessage: (answer) => this.#feed({ type: 'message', stage, epoch, message: answer }),
      onEnd: () => {
        this.#slots.delete(`${stage}/${epoch}`)
        this.#feed({ type: 'lost', stage, epoch, code: 'INFERENCE_LINK_LOST' })
      },
    })
    this.#slots.set(`${stage}/${epoch}`, slot)
    slot.send(message)
  }

  #drop(key: string): void {
    const slot = this.#slots.get(key)
    slot?.send({ type: 'close' })
    slot?.close()
    this.#slots.delete(key)
  }

  #replace({
    stage,
    excluded,
    code,
  }: {
    readonly stage: number
    readonly excluded: readonly PeerId[]
    readonly code: InferenceCode
  }): void {
    const { clock, device, random } = this.#components
    const peer = excluded.at(-1)
    this.losses.push({ stage, peer, code, atMs: clock.nowMs })
    clock.tell(`stage ${stage} needs a successor of ${peer?.slice(-4)}: ${code}`)
    const left = this.#init.candidates.filter((candidate) => !excluded.includes(candidate))
    const successor = left[below(random, left.length)]
    device.after(random.fraction() * SEARCH_MS_MAX, 'work', () =>
      this.#feed({ type: 'replacement', stage, peer: successor }),
    )
  }

  /** A while after a stage has begun to serve, another device loads it as well. */
  #standBy(stage: number, holder: PeerId): void {
    const { device, random } = this.#components
    const others = this.#init.candidates.filter((candidate) => candidate !== holder)
    const peer = others[below(random, others.length)]
    if (peer === undefined) return
    device.after(random.fraction() * 2_000, 'work', () =>
      this.#feed({ type: 'stand-by', stage, peer }),
    )
  }

  #onOutput({ output: { request, tensors } }: RequesterOutput & { readonly type: 'output' }): void {
    const { clock } = this.#components
    clock.tell(`output ${request}`)
    this.outputs.push({ request, tensors, atMs: clock.nowMs })
    for (const input of this.#text?.take(request, tensors) ?? []) this.#driver.feed(input)
    const done = this.#text?.over ?? this.outputs.length === this.#init.requests
    if (done) this.#driver.feed({ type: 'finish' })
  }

  #tell(output: RequesterOutput & { readonly type: 'recovered' | 'standby' | 'cleared' }): void {
    const { clock } = this.#components
    if (output.type === 'cleared') {
      this.cleared.push(output.peer)
      clock.tell(`${output.peer.slice(-4)} is cleared of what it did at stage ${output.stage}`)
    } else if (output.type === 'recovered') {
      const { stage, copiedRows } = output.recovery
      this.moves++
      clock.tell(`stage ${stage} moved, ${copiedRows} rows copied`)
    } else clock.tell(`${output.peer.slice(-4)} stands by for ${output.stage}: ${output.ready}`)
  }

  #note(output: RequesterOutput): void {
    const { clock } = this.#components
    switch (output.type) {
      case 'output':
        this.#onOutput(output)
        return
      case 'receipt':
        this.receipts.push(output.signed.receipt)
        return
      case 'ready':
        clock.tell(`stage ${output.stage} serves at ${output.peer.slice(-4)}`)
        if (this.#init.text?.standbys === true) this.#standBy(output.stage, output.peer)
        return
      case 'cleared':
      case 'recovered':
      case 'standby':
        this.#tell(output)
        return
      case 'closed':
        this.#end(undefined)
        return
      case 'failed':
        this.#end(output.code)
        return
      default:
    }
  }

  #end(code: InferenceCode | undefined): void {
    const { clock } = this.#components
    clock.tell(code === undefined ? 'closed' : `failed: ${code}`)
    this.ends.push({ code, atMs: clock.nowMs })
    this.#driver.stop()
    for (const slot of this.#slots.values()) slot.close()
  }
}
