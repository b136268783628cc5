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
import {
  ATTACH_WAIT_MS_MAX,
  StageMachine,
  type Envelope,
  type FaultCode,
  type InferenceMessage,
  type OpenRecord,
  type StageInput,
  type StageOutput,
} from '../protocols/inference/index.ts'
import type { SimOutbound, SimSlot } from './session-network.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimDevice } from './sim-device.ts'
import { simHash } from './sim-hash.ts'
import { type Lie, SimLiar } from './sim-liar.ts'
import type { SimLinkEnd, SimLinkListener } from './sim-network.ts'
import {
  arrived,
  type Attached,
  type HeldStage,
  isCopy,
  leave,
  loaded,
  made,
  overflows,
} from './sim-stage.ts'
import { cachedRows, takeRows } from './sim-text-model.ts'

/** What a simulated device is like. Times in milliseconds, drawn evenly up to the bound. */
export interface SimStageHostInit {
  readonly journalBytesMax: number
  readonly loadMsMax: number
  readonly runMsMax: number
  /** What loading a stage here ends with, instead of a stage. */
  readonly loadFault: FaultCode | undefined
  /** A request on which every device fails. */
  readonly poison: number | undefined
  /** Part of the chunks of a copy that cannot be read or written. */
  readonly copyFaults: number
  /** What the device lies about; undefined when it is honest. */
  readonly lie: Lie | undefined
}

export interface SimStageHostComponents {
  readonly clock: SimClock
  readonly device: SimDevice
  readonly outbound: SimOutbound
  readonly random: SeededRandom
}

/** Steps that one attachment may bring before its route: what a text replays may be many short ones. */
const HELD_MAX = 8_192

/** What a device does on /brume/inference/1 for others. */
export class SimStageHost {
  readonly #components: SimStageHostComponents
  readonly #init: SimStageHostInit
  readonly #stages = new Set<HeldStage>()
  readonly #attached = new Map<string, Attached>()
  #liars: SimLiar[] = []
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

  /** True once a lie was told here. */
  get hasLied(): boolean {
    return this.#liars.some(({ hasLied }) => hasLied)
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
    else if (attached !== undefined) this.#onArrival(attached, message)
    else if (control !== undefined) {
      control.feed({ type: 'control', message })
      this.#settle()
    } else if (message.type === 'open') {
      const stage = this.#open(message.record, end.other.peer, (answer) =>
        end.send({ slot, epoch, message: answer }),
      )
      controls.set(slot, stage)
      this.#settle()
    } else if (message.type === 'attach') {
      const answer = (said: InferenceMessage): void => end.send({ slot, epoch, message: said })
      this.#attach(key, { from: end.other.peer, record: message.record, answer })
    }
  }

  #open(
    record: OpenRecord,
    requester: PeerId,
    reply: (message: InferenceMessage) => void,
  ): HeldStage {
    const { device, random } = this.#components
    const { journalBytesMax, loadMsMax, loadFault, lie } = this.#init
    const liar = new SimLiar(lie, reply)
    this.#liars.push(liar)
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
      liar,
      text: [],
      running: false,
      over: false,
      next: undefined,
      shadow: undefined,
      shadowEpoch: 0,
      copy: undefined,
      copiedAtMs: 0,
      answer: undefined,
    }
    this.#stages.add(stage)
    const loadMs = random.fraction() * loadMsMax
    device.after(loadMs / 2, 'work', () =>
      stage.feed({ type: 'loading', bytesDone: 1, bytesTotal: 2, waiting: undefined }),
    )
    device.after(loadMs, 'work', () => {
      if (!this.#frozen) stage.feed(loaded(loadFault, loadMs))
    })
    return stage
  }

  #attach(key: string, way: Pick<Attached, 'from' | 'record' | 'answer'>): void {
    const attached: Attached = {
      ...way,
      link: ++this.#attachments,
      stage: undefined,
      held: [],
      lossy: false,
    }
    this.#attached.set(key, attached)
    // The protocol lets an attach wait this long: who relies on more is found out here.
    this.#components.device.after(ATTACH_WAIT_MS_MAX, 'work', () => {
      if (attached.stage === undefined) this.#attached.delete(key)
    })
    this.#settle()
  }

  #onArrival(attached: Attached, message: InferenceMessage): void {
    if (message.type !== 'step' && message.type !== 'output' && message.type !== 'cache') return
    if (attached.stage !== undefined) attached.stage.feed(arrived(attached, message))
    else if (attached.held.length < HELD_MAX) attached.held.push(message)
    else attached.lossy = true
  }

  /** Gives stages the attachments that their routes explain, with the steps that came early. */
  #settle(): void {
    for (const attached of this.#attached.values()) {
      if (attached.stage !== undefined) continue
      const { from, record, link, lossy } = attached
      for (const stage of this.#stages) {
        if (attached.stage !== undefined) continue
        if (!stage.machine.expects(from, record)) continue
        attached.stage = stage
        if (isCopy(attached)) stage.answer = attached.answer
        stage.feed({ type: 'attach', from, link, record, lossy })
        if (!isCopy(attached) && stage.record.stage > 0) stage.liar.attached(record.epoch)
        for (const message of attached.held.splice(0)) stage.feed(arrived(attached, message))
      }
    }
  }

  #perform(stage: HeldStage, output: StageOutput): void {
    if (this.#performCopy(stage, output)) return
    switch (output.type) {
      case 'run':
        stage.liar.ran(output.request)
        stage.waiting.push(output)
        this.#runNext(stage)
        return
      case 'reply':
        stage.reply(output.message)
        return
      case 'connect-next':
        leave(stage.next)
        stage.next = this.#way(stage, output)
        return
      case 'connect-shadow':
        leave(stage.shadow)
        stage.shadow = this.#way(stage, output)
        stage.shadowEpoch = output.to.epoch
        return
      case 'promote-shadow':
        leave(stage.next)
        stage.next = stage.shadow
        stage.shadow = undefined
        if (stage.next === undefined) stage.feed({ type: 'next-lost', epoch: stage.shadowEpoch })
        return
      case 'forward':
        stage[output.to]?.send(stage.liar.spoilt(output.message))
        return
      case 'end':
        if (output.receipt !== undefined) {
          const signed = { receipt: output.receipt, signature: new Uint8Array(64) }
          stage.reply({ type: 'receipt', signed })
        }
        this.#end(stage)
        return
      default:
    }
  }

  /** True for what was part of a copy. */
  #performCopy(stage: HeldStage, output: StageOutput): boolean {
    switch (output.type) {
      case 'connect-copy':
        stage.copy = this.#way(stage, output)
        return true
      case 'end-copy':
        leave(stage.copy)
        stage.copy = undefined
        return true
      case 'answer-copy':
        stage.answer?.(output.message)
        return true
      case 'export':
      case 'import':
        this.#copy(stage, output)
        return true
      default:
        return false
    }
  }

  /** A way to another stage; which of the two it is by then is said when it ends. */
  #way(
    stage: HeldStage,
    {
      to,
      attach,
    }: StageOutput & { readonly type: 'connect-next' | 'connect-shadow' | 'connect-copy' },
  ): SimSlot {
    const way = this.#components.outbound.openSlot(to.peer, attach.epoch, {
      onMessage: (message) => {
        if (message.type === 'copied') stage.feed({ type: 'copy-answer', rows: message.rows })
      },
      onEnd: () => {
        if (stage.next === way) stage.feed({ type: 'next-lost', epoch: to.epoch })
        else if (stage.shadow === way) stage.shadow = undefined
        else if (stage.copy === way) stage.feed({ type: 'copy-lost' })
      },
    })
    way.send({ type: 'attach', record: attach })
    return way
  }

  /** Reads keys and values, or writes them, after whatever the executor was asked for before. */
  #copy(stage: HeldStage, output: StageOutput & { readonly type: 'export' | 'import' }): void {
    const { clock, device, random } = this.#components
    const { type, from, to } = output
    const spoilt = random.fraction() < this.#init.copyFaults
    const tensors = output.type === 'import' ? output.tensors : [cachedRows(stage.text, from, to)]
    if (output.type === 'import') takeRows(stage.text, from, tensors)
    const { nowMs } = clock
    stage.copiedAtMs = Math.max(nowMs, stage.copiedAtMs) + random.fraction() * this.#init.runMsMax
    device.after(stage.copiedAtMs - nowMs, 'work', () => {
      if (this.#frozen || stage.over) return
      if (spoilt) stage.feed({ type: type === 'import' ? 'import-failed' : 'export-failed' })
      else if (type === 'import') stage.feed({ type: 'imported', to })
      else stage.feed({ type: 'exported', from, to, tensors })
    })
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
      if (request === this.#init.poison || overflows(next.tensors)) {
        stage.feed({ type: 'run-failed', request, code: 'INFERENCE_RUN_FAILED' })
      } else {
        const tensors = made(stage, next)
        const computeUs = Math.round(runMs * 1000)
        stage.feed({ type: 'ran', request, tensors, queueUs: 0, computeUs })
      }
      this.#runNext(stage)
    })
  }

  #end(stage: HeldStage): void {
    stage.over = true
    leave(stage.next)
    leave(stage.shadow)
    leave(stage.copy)
    this.#stages.delete(stage)
  }
}
