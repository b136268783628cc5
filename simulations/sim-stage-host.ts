/**
 * The stages that one simulated device holds: real machines, pretended computing.
 *
 * It keeps the rules of node/inference that machines rely on: steps that overtook their route wait,
 * but not for ever, and a link that ends takes its sessions along.
 *
 * @module
 */

import type { PeerId } from '../core/ids.ts'
import type { SeededRandom } from '../core/random.ts'
import type { Tensor } from '../core/tensor.ts'
import {
  ATTACH_WAIT_MS_MAX,
  IN_FLIGHT_MAX,
  StageMachine,
  type AttachRecord,
  type Envelope,
  type FaultCode,
  type InferenceMessage,
  type OpenRecord,
  type StageInput,
  type StageOutput,
  type TensorMessage,
} from '../protocols/inference/index.ts'
import type { SimOutbound, SimSlot } from './session-network.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimDevice } from './sim-device.ts'
import { simHash } from './sim-hash.ts'
import type { SimLinkEnd, SimLinkListener } from './sim-network.ts'

/** What a simulated device is like. Times in milliseconds, drawn evenly up to the bound. */
export interface SimStageHostInit {
  readonly journalBytesMax: number
  readonly loadMsMax: number
  readonly runMsMax: number
  /** What loading a stage here ends with, instead of a stage. */
  readonly loadFault: FaultCode | undefined
  /** A request on which every device fails. */
  readonly poison: number | undefined
}

export interface SimStageHostComponents {
  readonly clock: SimClock
  readonly device: SimDevice
  readonly outbound: SimOutbound
  readonly random: SeededRandom
}

interface Attached {
  readonly from: PeerId
  readonly record: AttachRecord
  readonly link: number
  stage: HeldStage | undefined
  readonly held: TensorMessage[]
}

interface HeldStage {
  readonly record: OpenRecord
  readonly machine: StageMachine
  readonly feed: (input: StageInput) => void
  readonly reply: (message: InferenceMessage) => void
  readonly waiting: { readonly request: number; readonly tensors: readonly Tensor[] }[]
  running: boolean
  over: boolean
  next: SimSlot | undefined
}

/** The output of every simulated stage. */
export function computed(tensors: readonly Tensor[]): readonly Tensor[] {
  return tensors.map((tensor) => ({ ...tensor, data: simHash(tensor.data) }))
}

/** What a device does on /brume/inference/1 for others. */
export class SimStageHost {
  readonly #components: SimStageHostComponents
  readonly #init: SimStageHostInit
  readonly #stages = new Set<HeldStage>()
  readonly #attached = new Map<string, Attached>()
  #frozen = false
  #links = 0
  #attachments = 0

  constructor(components: SimStageHostComponents, init: SimStageHostInit) {
    this.#components = components
    this.#init = init
  }

  /** Stages that have not ended. */
  get stages(): readonly OpenRecord[] {
    return [...this.#stages].map(({ record }) => record)
  }

  /** A link that another device opened. */
  accept(end: SimLinkEnd<Envelope>): SimLinkListener<Envelope> {
    const link = ++this.#links
    const controls = new Map<number, HeldStage>()
    return {
      onMessage: (envelope) => this.#onEnvelope(envelope, { end, link, controls }),
      onEnd: () => {
        for (const stage of controls.values()) stage.feed({ type: 'requester-lost' })
      },
    }
  }

  /** The device's owner wants it back. */
  leave(graceMs: number): void {
    for (const stage of this.#stages) stage.feed({ type: 'leave', reason: 'battery', graceMs })
  }

  /** The process that computes is gone; the daemon is well. */
  crash(): void {
    for (const stage of this.#stages) stage.feed({ type: 'executor-died' })
  }

  /** What is computed or loaded here never ends. */
  freeze(): void {
    this.#frozen = true
  }

  #onEnvelope(
    { slot, epoch, message }: Envelope,
    from: {
      readonly end: SimLinkEnd<Envelope>
      readonly link: number
      readonly controls: Map<number, HeldStage>
    },
  ): void {
    const { end, link, controls } = from
    const key = `${link}/${slot}`
    const control = controls.get(slot)
    const attached = this.#attached.get(key)
    if (attached !== undefined && message.type === 'close') this.#attached.delete(key)
    else if (attached !== undefined && message.type === 'step') this.#onStep(attached, message)
    else if (control !== undefined) {
      control.feed({ type: 'control', message })
      this.#settle()
    } else if (message.type === 'open') {
      const stage = this.#open(message.record, end.other.peer, (answer) =>
        end.send({ slot, epoch, message: answer }),
      )
      controls.set(slot, stage)
      this.#settle()
    } else if (message.type === 'attach') this.#attach(key, end.other.peer, message.record)
  }

  #open(
    record: OpenRecord,
    requester: PeerId,
    reply: (message: InferenceMessage) => void,
  ): HeldStage {
    const { device, random } = this.#components
    const { journalBytesMax, loadMsMax, loadFault } = this.#init
    const machine = new StageMachine({
      open: record,
      self: device.peer,
      requester,
      sha256: simHash,
      journalBytesMax,
    })
    const driver = device.drive<StageInput, StageOutput>(machine, (output) =>
      this.#perform(stage, output),
    )
    const stage: HeldStage = {
      record,
      machine,
      feed: (input) => driver.feed(input),
      reply,
      waiting: [],
      running: false,
      over: false,
      next: undefined,
    }
    this.#stages.add(stage)
    const loadMs = random.fraction() * loadMsMax
    device.after(loadMs / 2, 'work', () =>
      stage.feed({ type: 'loading', bytesDone: 1, bytesTotal: 2 }),
    )
    device.after(loadMs, 'work', () => {
      if (!this.#frozen) stage.feed(loaded(loadFault, loadMs))
    })
    return stage
  }

  #attach(key: string, from: PeerId, record: AttachRecord): void {
    const attached: Attached = {
      from,
      record,
      link: ++this.#attachments,
      stage: undefined,
      held: [],
    }
    this.#attached.set(key, attached)
    // The protocol lets an attach wait this long: who relies on more is found out here.
    this.#components.device.after(ATTACH_WAIT_MS_MAX, 'work', () => {
      if (attached.stage === undefined) this.#attached.delete(key)
    })
    this.#settle()
  }

  #onStep(attached: Attached, step: TensorMessage): void {
    if (attached.stage !== undefined) {
      attached.stage.feed({ type: 'step', link: attached.link, step })
    } else if (attached.held.length < IN_FLIGHT_MAX) attached.held.push(step)
  }

  /** Gives stages the attachments that their routes explain, with the steps that came early. */
  #settle(): void {
    for (const attached of this.#attached.values()) {
      if (attached.stage !== undefined) continue
      const { from, record, link } = attached
      for (const stage of this.#stages) {
        if (attached.stage !== undefined || record.stage + 1 !== stage.record.stage) continue
        if (!stage.machine.expects(from, record)) continue
        attached.stage = stage
        stage.feed({ type: 'attach', from, link, record })
        for (const step of attached.held.splice(0)) stage.feed({ type: 'step', link, step })
      }
    }
  }

  #perform(stage: HeldStage, output: StageOutput): void {
    switch (output.type) {
      case 'run':
        stage.waiting.push(output)
        this.#runNext(stage)
        return
      case 'reply':
        stage.reply(output.message)
        return
      case 'connect-next': {
        const { to, attach } = output
        leaveNext(stage)
        stage.next = this.#components.outbound.openSlot(to.peer, attach.epoch, {
          onMessage: () => undefined,
          onEnd: () => stage.feed({ type: 'next-lost', epoch: to.epoch }),
        })
        stage.next.send({ type: 'attach', record: attach })
        return
      }
      // Only of texts, which nobody writes here.
      case 'connect-shadow':
      case 'promote-shadow':
        return
      case 'forward':
        stage.next?.send(output.message)
        return
      case 'end':
        if (output.receipt !== undefined) {
          const signed = { receipt: output.receipt, signature: new Uint8Array(64) }
          stage.reply({ type: 'receipt', signed })
        }
        this.#end(stage)
        return
    }
  }

  #runNext(stage: HeldStage): void {
    if (stage.running) return
    const { device, random } = this.#components
    const wanted = stage.waiting.findIndex(({ request }) => stage.machine.wants(request))
    const [next] = wanted < 0 ? [] : stage.waiting.splice(0, wanted + 1).slice(wanted)
    if (next === undefined) return
    const { request } = next
    const runMs = random.fraction() * this.#init.runMsMax
    stage.running = true
    device.after(runMs, 'work', () => {
      if (this.#frozen) return
      stage.running = false
      if (stage.over) return
      if (request === this.#init.poison) {
        stage.feed({ type: 'run-failed', request, code: 'INFERENCE_RUN_FAILED' })
      } else {
        const tensors = computed(next.tensors)
        const computeUs = Math.round(runMs * 1000)
        stage.feed({ type: 'ran', request, tensors, queueUs: 0, computeUs })
      }
      this.#runNext(stage)
    })
  }

  #end(stage: HeldStage): void {
    stage.over = true
    leaveNext(stage)
    this.#stages.delete(stage)
  }
}

function loaded(fault: FaultCode | undefined, loadMs: number): StageInput {
  if (fault !== undefined) return { type: 'load-failed', code: fault }
  const numericClass = new Uint8Array(32)
  const ready = {
    provider: 'cpu',
    numericClass,
    exact: true,
    loadMs: Math.round(loadMs),
    fetchedBytes: 0,
    weightBytes: 1,
    prefixRows: undefined,
  }
  return { type: 'loaded', ready }
}

function leaveNext(stage: HeldStage): void {
  stage.next?.send({ type: 'close' })
  stage.next?.close()
  stage.next = undefined
}
