/**
 * One session of /brume/inference/1 among simulated devices, from its first word until nobody remembers it.
 *
 * @module
 */

import { utf8 } from '../core/bytes.ts'
import type { BlobId, ModelId, PeerId, SessionId } from '../core/ids.ts'
import { peerIdOf } from '../core/peer-key.ts'
import type { SeededRandom } from '../core/random.ts'
import type { Tensor } from '../core/tensor.ts'
import type { Envelope, FaultCode, OpenRecord, WireType } from '../protocols/inference/index.ts'
import { calmMs, type Fault } from './faults.ts'
import type { SessionHistory } from './session-history.ts'
import { sessionNetwork, SimOutbound } from './session-network.ts'
import { SimClock } from './sim-clock.ts'
import { SimDevice } from './sim-device.ts'
import { simHash } from './sim-hash.ts'
import type { SimNetwork } from './sim-network.ts'
import type { Lie } from './sim-liar.ts'
import { SimRequester } from './sim-requester.ts'
import { SimStageHost } from './sim-stage-host.ts'
import { SIM_SAMPLING, STOP_TOKEN, type TextPlan } from './sim-text.ts'
import { saidAfter } from './sim-text-model.ts'

/** What is simulated. Times in milliseconds. */
export interface SessionPlan {
  readonly stages: number
  /** Devices besides those that hold a stage at first. */
  readonly spares: number
  readonly requests: number
  readonly inFlightMax: number
  readonly journalBytesMax: number
  readonly delayMsMax: number
  readonly loadMsMax: number
  readonly runMsMax: number
  readonly recoveriesMax: number
  readonly faults: readonly Fault[]
  /** What loading ends with at the n-th device, counted from the first stage's. */
  readonly loadFaults?: ReadonlyMap<number, FaultCode>
  /** A request on which every device fails. */
  readonly poison?: number
  /** The session is a text, whatever `requests` says. */
  readonly text?: TextPlan
  /** What links are believed to carry: decides whether a text is copied when a stage moves. */
  readonly bytesPerMs?: number
  /** Part of the chunks of a copy that cannot be read or written. */
  readonly copyFaults?: number
  /** What the n-th device lies about, counted from the first stage's. */
  readonly lies?: ReadonlyMap<number, Lie>
  /** How floats cross the cuts of a text; as they are when absent. */
  readonly wires?: readonly WireType[]
  /** Messages travel as the frames that devices exchange. */
  readonly bytes?: boolean
}

/** After the end of a session its stages may take this long to notice: their silence limit and a little. */
const FORGET_MS = 35_000

/** A session that is not over this long after its last fault never will be. */
const WATCH_MS = 600_000

const REQUESTER = 0
const MODEL = 'ab'.repeat(32)
const peers: PeerId[] = []

/** The name of the n-th device. */
function peerOf(number: number): PeerId {
  for (let next = peers.length; next <= number; next++) {
    peers.push(peerIdOf(simHash(utf8(`device ${next}`))))
  }
  return peers[number] as PeerId
}

function input(request: number): readonly Tensor[] {
  const data = simHash(Uint8Array.of(request & 255, request >> 8))
  return [{ name: 'x', type: 'uint8', dims: [32], data }]
}

/** A session, the devices around it, and what is done to them. */
export class SessionWorld {
  readonly clock = new SimClock()
  readonly #plan: SessionPlan
  readonly #random: SeededRandom
  readonly #network: SimNetwork<Envelope>
  readonly #devices: readonly SimDevice[]
  readonly #byPeer: ReadonlyMap<PeerId, SimDevice>
  readonly #hosts = new Map<SimDevice, SimStageHost>()
  readonly #requester: SimRequester
  readonly #struck = new Set<SimDevice>()

  constructor(plan: SessionPlan, random: SeededRandom) {
    const { clock } = this
    this.#plan = plan
    this.#random = random
    this.#network = sessionNetwork(clock, random, {
      delayMsMax: plan.delayMsMax,
      bytes: plan.bytes ?? false,
    })
    this.#devices = Array.from(
      { length: 1 + plan.stages + plan.spares },
      (_, number) => new SimDevice(number, peerOf(number), clock),
    )
    this.#byPeer = new Map(this.#devices.map((device) => [device.peer, device]))
    const [own, ...others] = this.#devices as [SimDevice, ...SimDevice[]]
    for (const device of others) this.#host(device)
    this.#requester = new SimRequester(
      { clock, random, device: own, outbound: this.#outbound(own) },
      {
        machine: machineInit(plan),
        requests: plan.requests,
        input,
        text: plan.text,
        first: others.slice(0, plan.stages).map(({ peer }) => peer),
        candidates: others.slice(plan.stages).map(({ peer }) => peer),
      },
    )
  }

  /** Runs the session to its end, and on until its stages had time to notice. */
  run(): SessionHistory {
    const { clock } = this
    const { faults } = this.#plan
    for (const fault of faults) {
      clock.after(fault.atMs, 'fault', REQUESTER, () => this.#strike(fault))
    }
    this.#requester.start()
    const calm = calmMs(faults)
    clock.run(calm + WATCH_MS, () => this.#requester.over)
    clock.run(Math.max(clock.nowMs, calm) + FORGET_MS, () => false)
    return this.#history(calm)
  }

  #history(calm: number): SessionHistory {
    const { stages, text, loadFaults, poison } = this.#plan
    const requests = text === undefined ? this.#plan.requests : this.#requester.submitted
    const { outputs, losses, cleared, moves, receipts, ends } = this.#requester
    const liars = [...this.#hosts].filter(([, host]) => host.hasLied)
    for (const [index] of loadFaults ?? []) {
      const device = this.#devices[index + 1]
      if (device !== undefined) this.#struck.add(device)
    }
    return {
      stages,
      requests,
      input,
      ...(text === undefined ? {} : { text: this.#written(text) }),
      outputs,
      losses,
      cleared,
      liars: liars.map(([{ peer }]) => peer),
      moves,
      receipts,
      ends,
      peaceful: poison === undefined && this.#struck.size === 0,
      calmMs: calm,
      endMs: this.clock.nowMs,
      blameless: (peer) => {
        const device = this.#byPeer.get(peer)
        return poison === undefined && device !== undefined && !this.#struck.has(device)
      },
      holders: this.#devices
        .filter((device) => device.alive && !device.hanging)
        .filter((device) => (this.#hosts.get(device)?.stages.length ?? 0) > 0)
        .map(({ peer }) => peer),
    }
  }

  #written(text: TextPlan): NonNullable<SessionHistory['text']> {
    const { answer = [], steps } = this.#requester
    const tokens = text.stopAt ?? text.tokens
    const { stages, wires = [] } = this.#plan
    const expected = saidAfter(text.prompt, { stages, wires, tokens, stop: STOP_TOKEN })
    return { answer, expected, steps }
  }

  #host(device: SimDevice): void {
    const { clock } = this
    const { journalBytesMax, loadMsMax, runMsMax, loadFaults, poison, copyFaults = 0 } = this.#plan
    const host = new SimStageHost(
      { clock, device, random: this.#random, outbound: this.#outbound(device) },
      {
        journalBytesMax,
        loadMsMax,
        runMsMax,
        poison,
        copyFaults,
        loadFault: loadFaults?.get(device.number - 1),
        lie: this.#plan.lies?.get(device.number - 1),
      },
    )
    this.#network.serve(device, (end) => host.accept(end))
    this.#hosts.set(device, host)
  }

  #outbound(device: SimDevice): SimOutbound {
    return new SimOutbound(this.#network, device, (peer) => this.#byPeer.get(peer))
  }

  /** The device that was asked last to hold `stage`, if it is alive. */
  #holder(stage: number): SimDevice | undefined {
    const holders = [...this.#hosts].filter(([, host]) =>
      host.stages.some((record) => record.stage === stage),
    )
    const epoch = (host: SimStageHost): number =>
      Math.max(...host.stages.map(({ route }) => route[stage]?.epoch ?? 0))
    return holders
      .filter(([device]) => device.alive)
      .toSorted(([, a], [, b]) => epoch(b) - epoch(a))[0]?.[0]
  }

  /** In a ring the first stage is the next of the last one. */
  #nextOf(stage: number): number {
    const { stages, text } = this.#plan
    return text === undefined ? stage + 1 : (stage + 1) % stages
  }

  #strike(fault: Fault): void {
    const own = this.#devices[REQUESTER] as SimDevice
    const device = fault.type === 'sleep' ? own : this.#holder(fault.stage)
    if (device === undefined) return
    this.clock.tell(`${fault.type} at ${device.peer.slice(-4)}, stage ${fault.stage}`)
    // While the requester sleeps nobody hears it: every stage may have to move.
    for (const struck of fault.type === 'sleep' ? this.#devices : [device]) this.#struck.add(struck)
    if (fault.type === 'kill' || fault.type === 'power-cut') {
      const loud = fault.type === 'kill'
      this.#network.kill(device, { loud, flushed: loud && fault.flushed })
    } else if (fault.type === 'cut' || fault.type === 'isolate') {
      const one = fault.type === 'cut'
      const next = this.#nextOf(fault.stage)
      for (const other of one ? [this.#holder(next)] : this.#devices.slice(1)) {
        this.#cut(device, other, fault.forMs)
      }
    } else this.#disturb(device, fault)
  }

  /** Does to one device what others do not notice at once. */
  #disturb(
    device: SimDevice,
    fault: Fault & { readonly type: 'hang' | 'freeze' | 'sleep' | 'leave' | 'crash' },
  ): void {
    const host = this.#hosts.get(device)
    if (fault.type === 'crash') device.act(() => host?.crash())
    else if (fault.type === 'freeze') host?.freeze()
    else if (fault.type === 'leave') {
      const { graceMs } = fault
      device.act(() => host?.leave(Math.round(graceMs)))
      this.clock.after(graceMs, 'fault', device.number, () =>
        this.#network.kill(device, { loud: true, flushed: true }),
      )
    } else {
      device.hang()
      this.clock.after(fault.forMs, 'fault', device.number, () => device.wake())
    }
  }

  #cut(a: SimDevice, b: SimDevice | undefined, forMs: number): void {
    if (b === undefined || a === b) return
    this.#struck.add(b)
    this.#network.cut(a, b)
    this.clock.after(forMs, 'fault', a.number, () => this.#network.heal(a, b))
  }
}

function machineInit(plan: SessionPlan): ConstructorParameters<typeof SimRequester>[1]['machine'] {
  return {
    open: {
      version: 1,
      session: '00'.repeat(16) as SessionId,
      model: MODEL as ModelId,
      manifest: { id: MODEL as BlobId, bytes: 1, chunkHashes: [new Uint8Array(32)] },
      wires: plan.wires ?? Array.from({ length: plan.stages - 1 }, () => 'f32' as const),
      provider: 'auto',
      inFlightMax: plan.inFlightMax,
      runMsMax: 60_000,
      text: plan.text === undefined ? undefined : textOf(plan.text),
    },
    ranges: Array.from({ length: plan.stages }, (_, stage) => ({
      fromLayer: stage,
      toLayer: stage + 1,
    })),
    // As the daemon has them.
    pingMs: 250,
    stallMs: 5_000,
    progressMs: 30_000,
    recoveriesMax: plan.recoveriesMax,
    receiptMs: 2_000,
    ...(plan.bytesPerMs === undefined ? {} : { bytesPerMs: () => plan.bytesPerMs ?? 0 }),
  }
}

function textOf({ prompt, tokens }: TextPlan): NonNullable<OpenRecord['text']> {
  return {
    positionsMax: prompt.length + tokens,
    promptTokens: prompt.length,
    sampling: SIM_SAMPLING,
    hashesLogits: false,
    gives: 'tokens',
    guide: undefined,
    prefix: undefined,
    cuts: [],
  }
}
