/**
 * The part of the daemon that agrees with others on what trust follows from: the epochs of its mesh.
 *
 * @module
 */

import { fromHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import {
  areParameters,
  encodeEvidenceItem,
  encodeParameters,
  EPOCH_LIMITS,
  type SignedHeader,
} from '../../protocols/epoch/index.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import type { DeviceLedger } from '../ledger/device-ledger.ts'
import type { LedgerRows } from '../ledger/rows.ts'
import { MeshError } from '../mesh/errors.ts'
import type { GossipMessage, Link, Network } from '../network/network.ts'
import type { NearMembers } from '../witness/near-members.ts'
import { answerQuestions, type QuestionProtocol } from '../witness/question-link.ts'
import type { HardwareFloor } from './attested-floors.ts'
import { answerAbout, EpochLinks, epochProtocol } from './epoch-links.ts'
import { EpochRoom } from './epoch-room.ts'
import { cutDelayMs } from './epoch-time.ts'
import { EpochStore } from './epoch-store.ts'
import { TrustError } from './errors.ts'
import { evidenceItem } from './evidence-kinds.ts'
import type { GossipFate } from './message-gate.ts'
import { answerHeld, reconcileProtocol } from './pool-sync.ts'
import { QuestionBudget } from './question-budget.ts'
import { TAKEN_BY_TOPIC } from './told-items.ts'
import type { SeatMemory } from './vote-keeper.ts'

/** What is asked of the mesh. */
export interface EpochMesh {
  current():
    | {
        readonly id: MeshId
        readonly founder: PeerId
        readonly createdMs: number
        /** What the genesis says of epochs. */
        readonly parameters?: Uint8Array | undefined
      }
    | undefined
  members(): readonly { readonly peer: PeerId }[]
  credential(): Uint8Array
  provesMembership(peer: PeerId, credential: Uint8Array): boolean
  onMesh(listener: () => void): () => void
}

export interface MeshEpochsComponents {
  readonly network: Pick<Network, 'self' | 'handle' | 'open' | 'peers' | 'publish' | 'subscribe'>
  readonly mesh: EpochMesh
  readonly near: Pick<NearMembers, 'onNear'>
  readonly ledger: Pick<DeviceLedger, 'current'>
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly memory: SeatMemory
  /** What the hardware of a device is worth; undefined when no evidence was seen. */
  readonly floorOf: (device: PeerId) => HardwareFloor | undefined
  /** Proofs that devices forked their ledgers, as they are kept. */
  readonly proofs: () => readonly Uint8Array[]
  /** The rows in a folder that is there. */
  readonly openRows: (folder: string) => LedgerRows
  readonly madeFolder: (path: string) => Promise<unknown>
  /** How much is left on the disk of a folder. */
  readonly freeBytesIn: (folder: string) => Promise<number>
  readonly onFailure: (error: unknown) => void
}

export interface MeshEpochsInit {
  /** What is kept lies in `trust/<mesh>` of this folder. */
  readonly stateDir: string
}

interface OpenMesh {
  readonly mesh: MeshId
  /** Undefined in a mesh whose parameters this program does not know. */
  readonly room: EpochRoom | undefined
  readonly store: EpochStore
}

/** A mesh whose epochs are followed. */
interface FollowedMesh {
  readonly room: EpochRoom
  readonly store: EpochStore
}

/** A verifier asks one question at a time; a second link is one that was not closed yet. */
const LINKS_PER_PEER_MAX = 4

export class MeshEpochs implements Startable {
  readonly #components: MeshEpochsComponents
  readonly #init: MeshEpochsInit
  readonly #links: EpochLinks
  readonly #budget: QuestionBudget
  readonly #open: Set<Link> = new Set()
  readonly #listeners = new Set<() => void>()
  readonly #undo: (() => void)[] = []
  readonly #following = new Map<PeerId, Promise<void>>()
  #current: OpenMesh | undefined
  readonly #stopping = new AbortController()
  /** One change of the mesh at a time. */
  #turn: Promise<void> = Promise.resolve()

  /** Registers itself for its topics and its protocol: before the network starts. */
  constructor(components: MeshEpochsComponents, init: MeshEpochsInit) {
    this.#components = components
    this.#init = init
    this.#budget = new QuestionBudget(() => components.clock.monotonicMs())
    this.#links = new EpochLinks({ ...components, isMember: this.#isMember })
    this.#serve(epochProtocol, (open, question, from) => answerAbout(open, from, question))
    this.#serve(reconcileProtocol, ({ room }, question) => answerHeld(room, question))
    for (const topic of [EPOCH_LIMITS.VOTES_TOPIC, EPOCH_LIMITS.DECISIONS_TOPIC]) {
      this.#subscribe(topic, (room, from, data) => room.takeMessage(from, data))
    }
    for (const [topic, take] of TAKEN_BY_TOPIC) this.#subscribe(topic, take)
  }

  async start(): Promise<void> {
    const { mesh, near } = this.#components
    this.#undo.push(
      mesh.onMesh(() => this.#inTurn(() => this.#enter())),
      near.onNear((peer) => this.#follow(peer)),
    )
    await this.#enter()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    for (const undo of this.#undo) undo()
    for (const link of this.#open) link.abort()
    await this.#turn
    await this.#leave()
  }

  readonly #isMember = (peer: PeerId): boolean =>
    this.#components.mesh.members().some((one) => one.peer === peer)

  /** The epochs of the mesh that this device is in; undefined in none, or in one that it cannot follow. */
  get room(): EpochRoom | undefined {
    return this.#current?.room
  }

  /** Resolves once the mesh that this device has just entered or left is. */
  entered(): Promise<void> {
    return this.#turn
  }

  /**
   * @throws {TrustError} `TRUST_NOT_CERTIFIED`, `TRUST_PARAMETERS_UNKNOWN`.
   * @throws {MeshError} `MESH_NOT_JOINED`.
   */
  get opened(): EpochRoom {
    const { room } = this
    if (room !== undefined) return room
    if (this.#components.mesh.current() === undefined) {
      throw new MeshError({ code: 'MESH_NOT_JOINED' })
    }
    const unknown = this.#current !== undefined
    throw new TrustError({ code: unknown ? 'TRUST_PARAMETERS_UNKNOWN' : 'TRUST_NOT_CERTIFIED' })
  }

  /** The randomness of the last certified epoch; undefined before the first, and while finality is stale. */
  get beacon(): { readonly epoch: number; readonly value: Uint8Array } | undefined {
    const { room } = this
    const header = room?.isFresh === true ? room.chain.top?.header : undefined
    return header === undefined ? undefined : { epoch: header.epoch, value: header.beacon }
  }

  /** Headers of this mesh from an epoch on, with what decided them: at most `count`; none in no mesh. */
  async headersFrom(epoch: number, count: number): Promise<readonly SignedHeader[]> {
    const current = this.#current
    return current?.room === undefined ? [] : current.store.headers(epoch, count)
  }

  /** The certified score of a device, in [0, 1]; undefined while it has none. */
  scoreOf(device: PeerId): number | undefined {
    const micros = this.room?.chain.top?.scores.of(device)?.micros
    return micros === undefined ? undefined : micros / TRUST_LIMITS.MICROS
  }

  /**
   * Tells the others that this device leaves the mesh; resolves to how many of them know it.
   *
   * @param now - Leaves also a committee that cannot decide without this device.
   * @throws {TrustError} `TRUST_SEAT_NEEDED` when others wait for its vote; the word is said all the same.
   */
  async farewell(now: boolean): Promise<number> {
    await this.#turn
    const { room } = this
    const word = room?.ready === true ? room.commands.leave() : undefined
    const near = this.#near()
    if (room === undefined || word === undefined || near.length === 0) return 0
    const told = await this.#links.tellFarewell(word, near)
    if (!now && room.commands.isNeededBy(near)) {
      throw new TrustError({ code: 'TRUST_SEAT_NEEDED', epochMs: room.epochMs })
    }
    return told
  }

  /** Calls back after each epoch that was decided or followed; returns how to stop. */
  onEpoch(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #subscribe(
    topic: string,
    take: (room: EpochRoom, from: PeerId, data: Uint8Array) => GossipFate,
  ): void {
    const { network } = this.#components
    // Everything is done where it is decided whether others get it: what is invalid goes no further.
    const check = ({ from, data }: GossipMessage): GossipFate => {
      const { room } = this
      if (from === network.self) return 'accept'
      if (room === undefined || room.refusals.isSilenced(from)) return 'ignore'
      return take(room, from, data)
    }
    network.subscribe(topic, check, () => undefined)
  }

  #serve<Question, Answer>(
    protocol: QuestionProtocol<Question, Answer>,
    answer: (open: FollowedMesh, question: Question, from: PeerId) => Promise<Answer | undefined>,
  ): void {
    this.#components.network.handle({
      id: protocol.id,
      frameBytesMax: protocol.frameBytesMax,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => {
        const { room, store } = this.#current ?? {}
        if (room === undefined || store === undefined) return link.abort()
        const open = { store, room }
        this.#open.add(link)
        answerQuestions({
          link,
          clock: this.#components.clock,
          protocol,
          answer: (question) =>
            this.#mayAsk(room, link.peer) ? answer(open, question, link.peer) : REFUSED,
          onEnd: () => this.#open.delete(link),
        })
      },
    })
  }

  #mayAsk({ refusals }: EpochRoom, peer: PeerId): boolean {
    const may = this.#budget.take(peer)
    if (!may) refusals.note(peer, 'EPOCH_QUESTIONS_TOO_MANY')
    return may
  }

  /** Catches up with all who are there already. */
  #followAll(): void {
    for (const peer of this.#near()) this.#follow(peer)
  }

  /** Members that are connected. */
  #near(): readonly PeerId[] {
    const { network, mesh } = this.#components
    const connected = new Set(network.peers().map(({ peer }) => peer))
    return mesh.members().flatMap(({ peer }) => (connected.has(peer) ? [peer] : []))
  }

  /** Catches up with a member, once at a time. */
  #follow(peer: PeerId): void {
    const { room } = this
    if (
      room === undefined ||
      !room.ready ||
      this.#stopping.signal.aborted ||
      !this.#isMember(peer) ||
      room.refusals.isSilenced(peer) ||
      this.#following.has(peer)
    )
      return
    const following = this.#links
      .follow(peer, room)
      .then(() => this.#links.reconcile(peer, room))
      .finally(() => this.#following.delete(peer))
    this.#following.set(peer, following)
  }

  /** Statements are being told: a little later, compares what has come with one of those that are there. */
  async #compare(): Promise<void> {
    const { random, clock } = this.#components
    const { room } = this
    if (room === undefined) return
    const delayMs = cutDelayMs(room.calendar, room.chain.next) / 2
    await clock.sleep(delayMs, this.#stopping.signal)
    const near = this.#near()
    const chosen = near[Math.floor(random.fraction() * near.length)]
    if (chosen !== undefined) this.#follow(chosen)
  }

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => this.#components.onFailure(error))
  }

  async #enter(): Promise<void> {
    const { mesh, openRows, madeFolder, crypto, clock, logger } = this.#components
    const view = mesh.current()
    if (view?.id === this.#current?.mesh) return
    await this.#leave()
    if (view === undefined || this.#stopping.signal.aborted) return
    this.#links.resume()
    const network = fromHex(view.id)
    invariant(network !== undefined, 'a mesh has an id in hexadecimal')
    const folder = `${this.#init.stateDir}/trust/${view.id}`
    await madeFolder(folder)
    const store = new EpochStore(openRows(folder), crypto.sha256)
    await store.open()
    const { EPOCH_MS_DEFAULT: epochMs } = EPOCH_LIMITS
    const parameters = view.parameters ?? encodeParameters({ epochMs })
    const isKnown = areParameters(parameters)
    if (!isKnown) logger.warn('epochs not followed: unknown parameters')
    const room = !isKnown
      ? undefined
      : new EpochRoom(
          {
            ...this.#components,
            store,
            crypto,
            clock,
            ledger: () => this.#components.ledger.current,
            credential: () => mesh.credential(),
            isMember: this.#isMember,
            provesMembership: (peer, credential) => mesh.provesMembership(peer, credential),
            publish: (topic, data) => this.#publish(topic, data),
            fetchCut: (header, from) => this.#links.cut(header, from),
            fetchStatements: (ids, from) => this.#links.statements(ids, from),
            report: (speaker, report) => this.#links.report(speaker, report),
            follow: (peer) => this.#follow(peer),
            freeBytes: () => this.#components.freeBytesIn(folder),
            onEpoch: () => this.#tell(),
            onReady: () => this.#followAll(),
            onSpoken: () => void this.#compare(),
          },
          {
            mesh: view.id,
            network,
            founder: view.founder,
            createdMs: view.createdMs,
            parameters,
          },
        )
    this.#current = { mesh: view.id, room, store }
    room?.start()
  }

  async #leave(): Promise<void> {
    const current = this.#current
    this.#current = undefined
    if (current === undefined) return
    // Whoever does not answer keeps nobody waiting.
    this.#links.abort()
    await current.room?.stop()
    await Promise.all(this.#following.values())
    await current.store.close()
  }

  #publish(topic: string, data: Uint8Array): void {
    this.#components.network.publish(topic, data).catch((error: unknown) => {
      // It is told again, or asked for.
      this.#components.logger.debug('not gossiped', { topic, error })
    })
  }

  #tell(): void {
    for (const proof of this.#components.proofs()) {
      this.room?.pools.report(encodeEvidenceItem(evidenceItem('ledger', proof)))
    }
    for (const listener of this.#listeners) listener()
  }
}

/** To a question too many: the link ends. */
const REFUSED = Promise.resolve(undefined)
