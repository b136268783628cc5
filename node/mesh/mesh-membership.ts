/**
 * The mesh that this device is in: made, joined, shown to others, left.
 *
 * It is the gate of the network: a peer is a member once a handshake on
 * /brume/join/1 has shown its certificate, and a stranger until then.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import {
  type Admission,
  type CertificateChain,
  decodeChain,
  encodeChain,
  encodeInviteCode,
  INVITE_SECRET_BYTES,
  inviteIdOf,
  type Invite,
  isMeshName,
  meshPrefixOf,
  verifyChain,
} from '../../protocols/join/index.ts'
import type { MembershipGate, Network } from '../network/network.ts'
import { ContactBook } from './contact-book.ts'
import { MeshError } from './errors.ts'
import { checkInvite, foundMembership, issueBelow } from './granting.ts'
import { Handshakes } from './handshakes.ts'
import { byUsefulness } from './invite-addresses.ts'
import { InviteBook } from './invite-book.ts'
import { joinByCode } from './join-by-code.ts'
import { MemberTable } from './member-table.ts'
import {
  forgetMembership,
  keepMembership,
  loadMembership,
  type OwnMembership,
} from './membership-file.ts'
import type { InviteInit, InviteView, MemberView, MeshStore, MeshView } from './mesh-view.ts'
import { Redialer } from './redialer.ts'

export interface MeshMembershipComponents {
  readonly network: Network
  readonly store: MeshStore
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export interface MeshMembershipInit {
  /** What a mesh that is founded here agrees on about epochs; undefined for what all do. */
  readonly parameters?: Uint8Array | undefined
  /** Life of the certificates that this device issues, in ms; at most CERTIFICATE_MS_MAX. */
  readonly certificateMs: number
  /** Bound of the first delay before a member is dialled again, in ms; it doubles with each failure. */
  readonly redialMs: number
  readonly redialMsMax: number
  /** Members are dialled while fewer peers than this are connected. */
  readonly peersTarget: number
}

/** Called with a peer and whether it is a member now. */
export type MemberListener = (peer: PeerId, admitted: boolean) => void

export class MeshMembership implements MembershipGate, Startable {
  readonly #components: MeshMembershipComponents
  readonly #init: MeshMembershipInit
  readonly #members: MemberTable
  readonly #invites: InviteBook
  readonly #contacts: ContactBook
  readonly #handshakes: Handshakes
  readonly #redialer: Redialer
  readonly #memberListeners = new Set<MemberListener>()
  readonly #meshListeners = new Set<(view: MeshView | undefined) => void>()
  readonly #stopping = new AbortController()
  #membership: OwnMembership | undefined
  #changing = false
  /** Resolves when the join that is going on is over. */
  #joining: Promise<unknown> | undefined
  #unlisten: (() => void) | undefined
  #running: Promise<void> | undefined

  /** Registers itself as the gate of `components.network` and serves /brume/join/1 there. */
  constructor(components: MeshMembershipComponents, init: MeshMembershipInit) {
    const { network, store, clock, random } = components
    this.#components = components
    this.#init = init
    this.#members = new MemberTable(clock)
    this.#invites = new InviteBook(store)
    this.#contacts = new ContactBook(store)
    this.#handshakes = new Handshakes({
      ...components,
      invites: this.#invites,
      credential: () => this.#valid(),
      issue: (subject, invite) => this.#issue(subject, invite),
      onAdmitted: (admission) => this.#admit(admission),
      onRefused: (peer, code) => this.#refused(peer, code),
    })
    this.#redialer = new Redialer(
      {
        clock,
        random,
        contacts: () => (this.#membership === undefined ? [] : this.#contacts.list()),
        isConnected: (peer) => network.peers().some((connected) => connected.peer === peer),
        connectedCount: () => network.peers().length,
        dial: ({ peer, addresses }, signal) => network.connect(peer, addresses, signal),
      },
      { retryMs: init.redialMs, retryMsMax: init.redialMsMax, peersTarget: init.peersTarget },
    )
    network.useGate(this)
    this.#handshakes.serve()
  }

  /** Reads what is kept, after the store has started and before or after the network has. */
  async start(signal: AbortSignal): Promise<void> {
    invariant(this.#running === undefined, 'a membership is started once')
    signal.throwIfAborted()
    const { network, store, signer, crypto } = this.#components
    this.#membership = await loadMembership(store, signer.peer, crypto)
    await this.#invites.load()
    await this.#contacts.load()
    this.#unlisten = network.onPeer((peer, connected) => this.#onPeer(peer, connected))
    this.#greetAll()
    this.#running = this.#redialer.run(this.#stopping.signal)
    this.#warnOfExpiry()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#unlisten?.()
    this.#handshakes.stop()
    this.#members.clear()
    await this.#running
  }

  /** The mesh, or undefined while this device is in none. */
  current(): MeshView | undefined {
    if (this.#membership === undefined) return undefined
    const { genesis, certificate, expiresMs } = this.#membership
    const { name, founder, createdMs, reserved } = genesis.genesis
    return {
      id: genesis.id,
      name,
      founder,
      createdMs,
      parameters: reserved,
      role: certificate.role,
      mayInvite: certificate.mayInvite,
      certificateExpiresMs: expiresMs,
      invites: this.#invites.openCount(this.#components.clock.wallMs()),
    }
  }

  /** Peers that have shown that they are members, connected or not. */
  members(): readonly MemberView[] {
    return this.#members.list().map(({ peer, certificate, expiresMs }) => {
      const { role, mayInvite } = certificate
      return { peer, role, mayInvite, expiresMs }
    })
  }

  /** Members that this device has ever met, whether they are there or not. */
  acquaintances(): number {
    return this.#contacts.list().length
  }

  isMember(peer: PeerId): boolean | Promise<boolean> {
    if (this.#valid() !== undefined) return this.#members.isMember(peer)
    // The inviter knows us for a member a moment before we have written it down.
    return (
      this.#joining?.then(() => this.#valid() !== undefined && this.#members.isMember(peer)) ??
      false
    )
  }

  /** Our chain as bytes, for records that others check; empty while we are in no mesh. */
  credential(): Uint8Array {
    return this.#membership === undefined ? new Uint8Array(0) : encodeChain(this.#membership.chain)
  }

  /** Whether `credential` proves that `peer` is a member of our mesh now, without asking it. */
  provesMembership(peer: PeerId, credential: Uint8Array): boolean {
    const membership = this.#valid()
    const chain = decodeChain(credential)
    if (membership === undefined || chain === undefined) return false
    const { genesis } = membership
    const wallMs = this.#components.clock.wallMs()
    const expected = { genesis, subject: peer, wallMs }
    return verifyChain(chain, expected, this.#components.crypto).type === 'valid'
  }

  /** Calls back when a peer becomes a member, and when it no longer is; returns how to stop. */
  onMember(listener: MemberListener): () => void {
    this.#memberListeners.add(listener)
    return () => this.#memberListeners.delete(listener)
  }

  /** Calls back when this device has joined or left a mesh; returns how to stop. */
  onMesh(listener: (view: MeshView | undefined) => void): () => void {
    this.#meshListeners.add(listener)
    return () => this.#meshListeners.delete(listener)
  }

  /**
   * Founds a mesh with this device as its first member.
   *
   * @throws {MeshError} `MESH_NAME_INVALID`, `MESH_ALREADY_JOINED` or `MESH_CHANGE_IN_PROGRESS`.
   */
  async create(name: string): Promise<MeshView> {
    if (!isMeshName(name)) throw new MeshError({ code: 'MESH_NAME_INVALID' })
    return this.#change(async () => {
      this.#requireNone()
      const { certificateMs, parameters } = this.#init
      const founding = { ...this.#components, parameters }
      return this.#enter(foundMembership(name, certificateMs, founding), true)
    })
  }

  /**
   * Makes an invite. Its code is a secret: show it to a person, never log it.
   *
   * @throws {MeshError} `MESH_NOT_JOINED`, `MESH_INVITE_NOT_ALLOWED`, `MESH_ROLE_TOO_WIDE`,
   * `MESH_INVITE_OUT_OF_RANGE` or `MESH_INVITES_TOO_MANY`.
   */
  async invite(init: InviteInit): Promise<InviteView> {
    const { role, uses, ttlMs } = init
    const membership = this.#valid()
    if (membership === undefined) throw new MeshError({ code: 'MESH_NOT_JOINED' })
    checkInvite(init, membership)
    const { signer, crypto, random, clock, network } = this.#components
    const createdMs = clock.wallMs()
    // Whole seconds, because that is what the code has room for.
    const expiresMs = Math.ceil((createdMs + ttlMs) / 1_000) * 1_000
    const secret = random.bytes(INVITE_SECRET_BYTES)
    const id = inviteIdOf(secret, crypto.sha256)
    const mayInvite = init.mayInvite ?? false
    const invite = { id, secret, role, mayInvite, createdMs, expiresMs, usesMax: uses, usedBy: [] }
    await this.#invites.add(invite, createdMs)
    const code = encodeInviteCode(
      {
        meshPrefix: meshPrefixOf(membership.genesis.id),
        inviter: signer.peer,
        addresses: byUsefulness(network.addresses()),
        role,
        mayInvite,
        expiresMs,
        secret,
      },
      crypto.sha256,
    )
    return { code, id: toHex(id), role, mayInvite, uses, expiresMs }
  }

  /**
   * Joins the mesh of an invite code. Nothing is kept when it fails.
   *
   * @throws {JoinError} whose code says why.
   * @throws {MeshError} `MESH_ALREADY_JOINED` or `MESH_CHANGE_IN_PROGRESS`.
   */
  async join(code: string, signal: AbortSignal): Promise<MeshView> {
    return this.#change(async () => {
      this.#requireNone()
      const joining = this.#joinBy(code, signal)
      this.#joining = joining.catch(() => undefined)
      return joining.finally(() => {
        this.#joining = undefined
      })
    })
  }

  /**
   * Leaves the mesh: forgets it, its invites and its members.
   *
   * @throws {MeshError} `MESH_NOT_JOINED` or `MESH_CHANGE_IN_PROGRESS`.
   */
  async leave(): Promise<void> {
    await this.#change(async () => {
      if (this.#membership === undefined) throw new MeshError({ code: 'MESH_NOT_JOINED' })
      const { store, network, logger } = this.#components
      await forgetMembership(store)
      this.#membership = undefined
      const members = this.#members.list()
      this.#members.clear()
      this.#tellMesh(undefined)
      for (const { peer } of members) this.#tellMember(peer, false)
      await this.#invites.clear()
      await this.#contacts.clear()
      await Promise.all(network.peers().map(({ peer }) => network.disconnect(peer)))
      logger.info('mesh left')
    })
  }

  /** Notes where a member may be dialled, as its capability record says. */
  async meet(peer: PeerId, addresses: readonly string[]): Promise<void> {
    if (this.#membership === undefined || peer === this.#components.signer.peer) return
    const wallMs = this.#components.clock.wallMs()
    if (await this.#contacts.meet(peer, addresses, wallMs)) this.#redialer.wake()
  }

  /** Our membership while our certificate holds. */
  #valid(): OwnMembership | undefined {
    const membership = this.#membership
    if (membership === undefined) return undefined
    return this.#components.clock.wallMs() < membership.expiresMs ? membership : undefined
  }

  #requireNone(): void {
    const name = this.#membership?.genesis.genesis.name
    if (name !== undefined) throw new MeshError({ code: 'MESH_ALREADY_JOINED', name })
  }

  /** One change at a time: two joins at once would end in one of two meshes. */
  async #change<T>(work: () => Promise<T>): Promise<T> {
    if (this.#changing) throw new MeshError({ code: 'MESH_CHANGE_IN_PROGRESS' })
    this.#changing = true
    try {
      return await work()
    } finally {
      this.#changing = false
    }
  }

  async #enter(membership: OwnMembership, keep: boolean): Promise<MeshView> {
    if (keep) await keepMembership(this.#components.store, membership)
    this.#membership = membership
    const view = this.current()
    invariant(view !== undefined, 'who has entered a mesh is in one')
    this.#components.logger.info('mesh entered', { mesh: view.id, role: view.role })
    this.#tellMesh(view)
    return view
  }

  async #joinBy(code: string, signal: AbortSignal): Promise<MeshView> {
    const { store, clock } = this.#components
    const keep = (membership: OwnMembership): Promise<void> => keepMembership(store, membership)
    const joined = await joinByCode(this.#components, { code, signal, keep })
    const view = await this.#enter(joined.membership, false)
    this.#admit(joined.inviter)
    this.#note(this.#contacts.meet(joined.inviter.peer, joined.addresses, clock.wallMs()))
    // The inviter knows us already.
    this.#greetAll(joined.inviter.peer)
    return view
  }

  #issue(subject: PeerId, invite: Invite): CertificateChain | undefined {
    const membership = this.#valid()
    if (membership === undefined) return undefined
    return issueBelow(membership, { subject, invite }, { ...this.#components, ...this.#init })
  }

  #onPeer(peer: PeerId, connected: boolean): void {
    if (connected) {
      this.#handshakes.greet(peer, 'outbound')
      return
    }
    this.#members.disconnected(peer)
    this.#redialer.wake()
  }

  #greetAll(except?: PeerId): void {
    for (const { peer } of this.#components.network.peers()) {
      if (peer !== except) this.#handshakes.greet(peer, 'any')
    }
  }

  #admit(admission: Admission): void {
    const { network, logger, clock } = this.#components
    const { peer, certificate } = admission
    // The mesh may have been left while the handshake was going on.
    if (certificate.mesh !== this.#membership?.genesis.id) return
    const isNew = this.#members.admit(admission)
    network.memberAdmitted(peer)
    const outbound = network.peers().filter((at) => at.peer === peer && at.direction === 'outbound')
    const addresses = outbound.map(({ address }) => address)
    this.#note(this.#contacts.meet(peer, addresses, clock.wallMs()))
    if (!isNew) return
    logger.info('member admitted', { peer, role: certificate.role })
    this.#tellMember(peer, true)
  }

  #refused(peer: PeerId, code: string): void {
    this.#components.logger.debug('handshake failed', { peer, code })
    this.#members.refuse(peer)
    // It has left, or is in another mesh now: it needs no more dialling.
    if (code === 'JOIN_NO_MESH' || code === 'JOIN_MESH_MISMATCH') {
      this.#note(this.#contacts.forget(peer))
    }
  }

  /** Contacts are a convenience: that the disk does not take one is worth a line, no more. */
  #note(written: Promise<unknown>): void {
    written.catch((error: unknown) => {
      this.#components.logger.warn('contact not written', { error })
    })
  }

  #warnOfExpiry(): void {
    if (this.#membership !== undefined && this.#valid() === undefined) {
      const { expiresMs } = this.#membership
      this.#components.logger.warn('membership expired', { expiresMs })
    }
  }

  #tellMember(peer: PeerId, admitted: boolean): void {
    for (const listener of this.#memberListeners) listener(peer, admitted)
  }

  #tellMesh(view: MeshView | undefined): void {
    for (const listener of this.#meshListeners) listener(view)
  }
}
