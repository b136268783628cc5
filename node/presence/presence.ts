/**
 * Says what this device offers, and knows what the others do.
 *
 * Records are gossiped to members on every change and heartbeat, asked of whoever
 * is met, and kept in the DHT for meshes in which not everyone hears everyone. A
 * lookup is answered from what was heard, else: class, providers, records, rank.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import { asPeerId, type MeshId, type PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import {
  ADDRESSES_MAX,
  type Capabilities,
  type CapabilityRecord,
  classesOf,
  type DirectoryInput,
  DirectoryMachine,
  type DirectoryOutput,
  PRESENCE_TOPIC,
  RecordValidator,
} from '../../protocols/presence/index.ts'
import { schedule } from '../mesh/exchange.ts'
import { byUsefulness } from '../mesh/invite-addresses.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { Network } from '../network/network.ts'
import {
  type FoundRecord,
  type RankedCandidate,
  rankCandidates,
  type TrustOf,
} from './candidate.ts'
import { DhtAnnouncer } from './dht-announcer.ts'
import { findInDht } from './dht-lookup.ts'
import { fittedCapabilities } from './fitted-capabilities.ts'
import { Introductions } from './introductions.ts'
import { RecordSealer, type SealedRecord } from './record-sealer.ts'

/** What presence needs of the mesh: {@link MeshMembership} is one. */
export interface PresenceMesh {
  current(): { readonly id: MeshId } | undefined
  credential(): Uint8Array
  provesMembership(peer: PeerId, credential: Uint8Array): boolean
  /** Peers that have shown that they are members, connected or not. */
  members(): readonly { readonly peer: PeerId }[]
  onMesh(listener: (view: { readonly id: MeshId } | undefined) => void): () => void
  onMember(listener: (peer: PeerId, admitted: boolean) => void): () => void
  /** Notes where a member may be dialled. */
  meet(peer: PeerId, addresses: readonly string[]): Promise<void>
}

export interface PresenceComponents {
  readonly network: Network
  readonly mesh: PresenceMesh
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export interface PresenceInit {
  /** What this device offers at first; addresses are filled in. */
  readonly capabilities: Omit<Capabilities, 'addresses'>
  readonly heartbeatMs: number
  /** Life of a gossiped record, in ms: a device that is silent for longer counts as gone. */
  readonly lifeMs: number
  /** Least time between two announcements, in ms. */
  readonly announceMsMin: number
  /** Time from a change to its put into the DHT, in ms. */
  readonly storeDelayMs: number
  /** Devices, this one included, from which on the DHT is told of this one; below, gossip does. */
  readonly dhtDevicesMin?: number
  /** Time between two puts of an unchanged record into the DHT, in ms; its life there is twice that. */
  readonly storeEveryMs: number
  /** Longest lookup in the DHT, in ms. */
  readonly lookupMsMax: number
}

/** What happened to the directory. */
export type PresenceEvent =
  | { readonly type: 'changed'; readonly record: CapabilityRecord }
  | { readonly type: 'expired'; readonly peer: PeerId }

export class Presence implements Startable {
  readonly #components: PresenceComponents
  readonly #init: PresenceInit
  readonly #sealer: RecordSealer
  /** Of gossip and of the DHT: each has its own newest record, as they live for different times. */
  readonly #heard: RecordValidator
  readonly #stored: RecordValidator
  readonly #directory: DirectoryMachine
  readonly #driver: MachineDriver<DirectoryInput, DirectoryOutput>
  readonly #announcer: DhtAnnouncer
  readonly #introductions: Introductions
  readonly #listeners = new Set<(event: PresenceEvent) => void>()
  readonly #stopping = new AbortController()
  readonly #unlisten: (() => void)[] = []
  #capabilities: Omit<Capabilities, 'addresses'>
  #self: CapabilityRecord | undefined
  /** Our own record as it was gossiped last. */
  #gossiped: Uint8Array | undefined
  #trustOf: TrustOf = () => undefined

  /** Registers itself for the topic and the values of the DHT: before the network starts. */
  constructor(components: PresenceComponents, init: PresenceInit) {
    const { network, mesh, signer, crypto, clock, random, logger } = components
    this.#components = components
    this.#init = init
    this.#capabilities = fittedCapabilities(init.capabilities)
    this.#sealer = new RecordSealer(signer, clock)
    const rules = {
      crypto,
      mesh: () => mesh.current()?.id,
      isMember: (peer: PeerId, credential: Uint8Array) => mesh.provesMembership(peer, credential),
    }
    this.#heard = new RecordValidator(rules)
    this.#stored = new RecordValidator(rules)
    this.#directory = new DirectoryMachine({
      ...init,
      jitterShare: 0.25,
      random: () => random.fraction(),
    })
    this.#driver = new MachineDriver(this.#directory, {
      nowMs: () => clock.monotonicMs(),
      schedule: (atMs, callback) => schedule(clock, atMs, callback),
      perform: (output) => this.#perform(output),
    })
    this.#announcer = new DhtAnnouncer({ network, crypto, self: signer.peer, logger })
    this.#introductions = new Introductions({
      network,
      clock,
      logger,
      known: () => this.#known(),
      take: (encoded) => this.#take(encoded) !== 'reject',
    })
    network.handle(this.#introductions.protocol)
    network.useValidator({
      check: (key, value, use) => this.#checkStored(key, value, use),
      best: (_key, values) => this.#stored.best(values),
    })
    network.subscribe(
      PRESENCE_TOPIC,
      ({ data }) => this.#take(data),
      () => undefined,
    )
  }

  async start(signal: AbortSignal): Promise<void> {
    invariant(this.#unlisten.length === 0, 'presence is started once')
    signal.throwIfAborted()
    const { mesh, network } = this.#components
    const count = (): void => this.#driver.feed({ type: 'neighbours', count: this.#neighbours() })
    this.#unlisten.push(
      mesh.onMesh((view) => this.#onMesh(view)),
      mesh.onMember((peer, admitted) => {
        if (!admitted) return
        count()
        if (network.peers().some((near) => near.peer === peer)) this.#introductions.meet(peer)
      }),
      network.onPeer((peer, connected) => {
        count()
        // A member that comes back is one already, and admitted no second time.
        if (connected && this.#isMember(peer)) this.#introductions.meet(peer)
      }),
    )
    this.#announcer.start()
    this.#driver.feed({ type: 'self-changed', classes: this.classes() })
    this.#onMesh(mesh.current())
    count()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#introductions.stop()
    for (const unlisten of this.#unlisten) unlisten()
    this.#driver.stop()
    await this.#announcer.stop()
  }

  /** Records of other devices that hold now. */
  records(): readonly CapabilityRecord[] {
    return this.#directory.records()
  }

  /** The record of one other device, when it is known. */
  record(peer: PeerId): CapabilityRecord | undefined {
    return this.#directory.record(peer)
  }

  /** Our own latest record; undefined while this device is in no mesh. */
  self(): CapabilityRecord | undefined {
    return this.#self
  }

  /** What this device offers now, whether or not there is a mesh to offer it to. */
  capabilities(): Omit<Capabilities, 'addresses'> {
    return this.#capabilities
  }

  /** Capability classes that this device is in. */
  classes(): readonly string[] {
    return classesOf({ ...this.#capabilities, addresses: [] })
  }

  /** Lookups rank by these scores from now on. */
  rankBy(trustOf: TrustOf): void {
    this.#trustOf = trustOf
  }

  /** Changes what this device offers and announces it soon. */
  update(change: Partial<Omit<Capabilities, 'addresses'>>): void {
    this.#capabilities = fittedCapabilities({ ...this.#capabilities, ...change })
    this.#driver.feed({ type: 'self-changed', classes: this.classes() })
  }

  /** Calls back on every change of the directory; returns how to stop. */
  onChange(listener: (event: PresenceEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Devices of a capability class, best first, this one included when it is in the class.
   * Asks the DHT only when nobody else is known for the class.
   */
  async lookup(capabilityClass: string, signal: AbortSignal): Promise<readonly RankedCandidate[]> {
    const own = this.#self
    const isOwn = own !== undefined && classesOf(own).includes(capabilityClass)
    const self: readonly FoundRecord[] = isOwn ? [{ record: own, source: 'self' }] : []
    const heard = this.records()
      .filter((record) => classesOf(record).includes(capabilityClass))
      .map((record): FoundRecord => ({ record, source: 'directory' }))
    const others = heard.length > 0 ? heard : await this.#findStored(capabilityClass, signal)
    return rankCandidates([...self, ...others], capabilityClass, this.#trustOf)
  }

  #findStored(capabilityClass: string, signal: AbortSignal): Promise<readonly FoundRecord[]> {
    if (this.#components.mesh.current() === undefined) return Promise.resolve([])
    const limit = AbortSignal.any([
      signal,
      this.#stopping.signal,
      AbortSignal.timeout(this.#init.lookupMsMax),
    ])
    return findInDht(
      { ...this.#components, validator: this.#stored },
      { capabilityClass, devices: this.#directory.size + 1, signal: limit },
    )
  }

  #isMember(peer: PeerId): boolean {
    return this.#components.mesh.members().some((member) => member.peer === peer)
  }

  #known(): readonly Uint8Array[] {
    const own = this.#gossiped === undefined ? [] : [this.#gossiped]
    return [...own, ...this.#directory.encodedRecords()]
  }

  /** How many members are connected: strangers hear nothing of us. */
  #neighbours(): number {
    const { mesh, network } = this.#components
    const members = new Set(mesh.members().map(({ peer }) => peer))
    return network.peers().filter(({ peer }) => members.has(peer)).length
  }

  #onMesh(view: { readonly id: MeshId } | undefined): void {
    this.#heard.clear()
    this.#stored.clear()
    if (view === undefined) {
      this.#self = undefined
      this.#gossiped = undefined
      this.#driver.feed({ type: 'left' })
    } else this.#driver.feed({ type: 'joined' })
  }

  #perform(output: DirectoryOutput): void {
    const { network, logger } = this.#components
    switch (output.type) {
      case 'gossip': {
        const sealed = this.#seal(this.#heard, this.#init.lifeMs)
        if (sealed === undefined) return
        this.#gossiped = sealed.encoded
        network.publish(PRESENCE_TOPIC, sealed.encoded).catch((error: unknown) => {
          logger.debug('record not gossiped', { error })
        })
        return
      }
      case 'store':
        this.#announcer.store(() => this.#seal(this.#stored, 2 * this.#init.storeEveryMs)?.encoded)
        return
      case 'provide':
        this.#announcer.provide(output.class, this.#directory.size + 1)
        return
      case 'unprovide':
        this.#announcer.unprovide(output.class)
        return
      case 'changed':
        this.#tell(output)
        void this.#meet(output.record)
        return
      case 'expired':
        this.#tell(output)
    }
  }

  #seal(validator: RecordValidator, lifeMs: number): SealedRecord | undefined {
    const { mesh, network, clock } = this.#components
    const view = mesh.current()
    if (view === undefined) return undefined
    const addresses = byUsefulness(network.addresses()).slice(0, ADDRESSES_MAX)
    const context = { mesh: view.id, credential: mesh.credential(), lifeMs }
    const sealed = this.#sealer.seal({ ...this.#capabilities, addresses }, context)
    this.#self = sealed.record
    // Seen by our own validator first: an older one of ours that comes back is refused here too.
    validator.check(sealed.encoded, clock.wallMs())
    return sealed
  }

  /** Takes a record, whoever passed it on; `reject` for one that no honest device does. */
  #take(encoded: Uint8Array): 'accept' | 'ignore' | 'reject' {
    const { clock, signer, logger } = this.#components
    if (this.#stopping.signal.aborted) return 'ignore'
    const wallMs = clock.wallMs()
    const verdict = this.#heard.check(encoded, wallMs)
    if (verdict.type === 'refused') {
      logger.debug('capability record refused', { code: verdict.code })
      return FORGERIES.has(verdict.code) ? 'reject' : 'ignore'
    }
    const { record } = verdict
    if (record.peer !== signer.peer) {
      const lifeMs = Math.min(record.expiresMs - wallMs, this.#init.lifeMs)
      this.#driver.feed({ type: 'record', record, encoded, lifeMs })
    }
    return verdict.type === 'fresh' ? 'accept' : 'ignore'
  }

  #checkStored(key: string, value: Uint8Array, use: 'store' | 'read'): boolean {
    const peer = asPeerId(key.replace(/^\/brume\//, ''))
    if (peer === undefined) return false
    const { clock, logger } = this.#components
    const wallMs = clock.wallMs()
    const verdict = this.#stored.check(value, wallMs, peer)
    if (verdict.type !== 'refused' && (use === 'read' || !this.#isReplay(verdict.record, wallMs))) {
      return true
    }
    const code = verdict.type === 'refused' ? verdict.code : 'PRESENCE_RECORD_STALE'
    logger.debug('stored capability record refused', { code })
    return false
  }

  /**
   * Whether a record that is to be stored is older than what was gossiped of its device. A device seals
   * what it stores when it stores it: somebody else kept this one, and puts it in the place of a
   * record that holds ten times as long. One that is read may well be older than the gossip.
   */
  #isReplay({ peer, sequence }: CapabilityRecord, wallMs: number): boolean {
    return sequence < (this.#heard.sequence(peer, wallMs) ?? 0)
  }

  async #meet({ peer, addresses }: CapabilityRecord): Promise<void> {
    try {
      await this.#components.mesh.meet(peer, addresses)
    } catch (error) {
      // An address that is not written down costs one lookup later.
      this.#components.logger.debug('address not kept', { error })
    }
  }

  #tell(event: PresenceEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

/** Refusals that no honest device can cause: who sends one is held to account for it. */
const FORGERIES: ReadonlySet<string> = new Set([
  'PRESENCE_RECORD_TOO_LONG',
  'PRESENCE_RECORD_MALFORMED',
  'PRESENCE_SIGNATURE_INVALID',
  'PRESENCE_RECORD_CONFLICT',
])
