/**
 * What the owner of a device may have its mesh do, and nothing does by itself.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  decodeVoteRecord,
  encodeParameters,
  EPOCH_LIMITS,
  type EpochParameters,
  signConsent,
  signFarewell,
  signRestart,
} from '../../protocols/epoch/index.ts'
import { type OwnerSubject, signOwnerWord, TRUST_LIMITS } from '../../trust/index.ts'
import type { EpochChain } from './epoch-chain.ts'
import type { EpochPools } from './epoch-pools.ts'
import type { EpochRoomComponents } from './epoch-room-types.ts'
import { epochAt, type EpochCalendar, epochMsOf } from './epoch-time.ts'
import { TrustError } from './errors.ts'
import { isSeatNeeded } from './needed-seat.ts'
import { ownerError } from './owner-error.ts'

export type EpochCommandsComponents = Pick<
  EpochRoomComponents,
  'store' | 'signer' | 'clock' | 'logger'
> & {
  readonly chain: EpochChain
  readonly pools: EpochPools
  readonly calendar: EpochCalendar
}

/** What the seat of a device wants to be otherwise. */
export interface ParameterWish {
  readonly epochMs?: number | undefined
  readonly seatsMax?: number | undefined
  readonly addAnchors?: readonly PeerId[] | undefined
  readonly removeAnchors?: readonly PeerId[] | undefined
}

/** Wishes that a seat may have one after the other within an epoch. */
const WISHES_MAX = 32
/** Epochs that those who hand on the word of this device may be behind it. */
const BEHIND_EPOCHS = 12

/** Whose a device is to be. */
export type OwnerChange = Pick<OwnerSubject, 'owner' | 'device' | 'binds'>

export interface EpochCommandsInit {
  readonly network: Uint8Array
  readonly founder: PeerId
  /** Does something while nothing else changes the chain. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>
  /** The next epoch is another one, and this device decides it. */
  readonly onBegun: () => void
  /** This device says nothing more of its epochs. */
  readonly fallSilent: () => void
}

export class EpochCommands {
  readonly #components: EpochCommandsComponents
  readonly #init: EpochCommandsInit
  #isLeaving = false

  constructor(components: EpochCommandsComponents, init: EpochCommandsInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * Begins the mesh again from `header`, its last certified one: this device, which founded it, decides alone until
   * others have seats again.
   *
   * @throws {TrustError} `TRUST_NOT_CERTIFIED`, `TRUST_RESTART_FOREIGN`, `TRUST_RESTART_ELSEWHERE`, `TRUST_RESTART_EARLY`.
   */
  async beginAgain(header: string): Promise<void> {
    const { store, signer, clock, logger, chain, calendar } = this.#components
    const { network, founder, inTurn, onBegun } = this.#init
    const { top } = chain
    if (top === undefined) throw new TrustError({ code: 'TRUST_NOT_CERTIFIED' })
    if (signer.peer !== founder) throw new TrustError({ code: 'TRUST_RESTART_FOREIGN' })
    const last = toHex(top.id)
    if (header !== last) throw new TrustError({ code: 'TRUST_RESTART_ELSEWHERE', header: last })
    const wallMs = clock.wallMs()
    const epochs = Math.floor((wallMs - top.header.cutWallMs) / epochMsOf(calendar, chain.next))
    if (epochs < EPOCH_LIMITS.RESTART_EPOCHS_MIN) {
      throw new TrustError({ code: 'TRUST_RESTART_EARLY', epochs })
    }
    await inTurn(async () => {
      const votes = await store.votes()
      const voted = (votes && decodeVoteRecord(votes))?.epoch ?? 0
      // Nothing that anybody has signed is of that epoch.
      const epoch = Math.max(chain.next, voted) + 1
      const restart = signRestart(signer, { network, epoch, parent: top.id })
      await store.keepRestart(restart)
      if (chain.beginAgain(restart)) logger.warn('mesh begun again', { epoch, header })
    })
    onBegun()
  }

  /**
   * Says that a device belongs to the domain of an owner, or does so no longer; this device is one of the two. A
   * binding waits for the word of the other one, for a day of epochs.
   *
   * @throws {TrustError} `TRUST_OWNER_SELF`, `TRUST_DEVICE_UNKNOWN`, `TRUST_DEVICE_BOUND`, `TRUST_DEVICE_NOT_BOUND`,
   * `TRUST_OWNER_CHANGING`, `TRUST_OWNER_UNFIT`, `TRUST_DEVICE_FAULTED`.
   */
  async tie({ owner, device, binds }: OwnerChange): Promise<void> {
    const { signer, chain, pools } = this.#components
    const { network } = this.#init
    if (owner === device) throw new TrustError({ code: 'TRUST_OWNER_SELF' })
    const { owners } = chain.fold
    const tie = owners.tieOf(device)
    const subject = { network, number: (tie?.number ?? 0) + 1, owner, device, binds }
    // Devices that are some epochs behind keep it and hand it on: to them it is of no epoch that is too far away.
    const until = chain.next + TRUST_LIMITS.OWNER_WORD_EPOCHS_MAX - BEHIND_EPOCHS
    const word = signOwnerWord(signer, subject, until)
    const voice = word.byOwner ?? word.byDevice
    const agreed = binds ? { ...word, byOwner: voice, byDevice: voice } : word
    const problem = owners.problemOf(agreed, chain.fold.ownerPlace(chain.next))
    if (problem !== undefined) throw ownerError(problem, { device, owner, tie })
    const other = signer.peer === owner ? device : owner
    if (binds && chain.top?.scores.of(other)?.faulted === true) {
      throw new TrustError({ code: 'TRUST_DEVICE_FAULTED', peer: other })
    }
    await pools.say(word)
  }

  /** Ends what binds this device to whoever speaks for it. @throws {TrustError} as {@link tie} does. */
  async leaveOwner(): Promise<void> {
    const { signer, chain } = this.#components
    const owner = chain.fold.owners.tieOf(signer.peer)?.owner
    if (owner === undefined) throw new TrustError({ code: 'TRUST_DEVICE_NOT_BOUND' })
    await this.tie({ owner, device: signer.peer, binds: false })
  }

  /**
   * Says that this device leaves; it votes as long as it has a seat, and speaks no more.
   *
   * @returns the word, for whoever is to know it; undefined where this device is in no epoch, and nobody waits for it.
   */
  leave(): Uint8Array | undefined {
    const { signer, chain, pools, clock, calendar } = this.#components
    const { network, fallSilent } = this.#init
    const isIn = chain.fold.hasEverSpoken(signer.peer)
    if (!isIn) return undefined
    fallSilent()
    this.#isLeaving = true
    // What is over, this device has spoken of, or would now; whoever speaks for it may name it once more.
    const isOwn = chain.fold.owners.speakerOf(signer.peer, chain.next) === signer.peer
    const epoch = Math.max(0, epochAt(calendar, clock.wallMs()) - (isOwn ? 1 : 0))
    const word = signFarewell(signer, { network, epoch })
    pools.hearFarewell(word)
    return word
  }

  /** True once this device has said that it leaves, and is not gone: it votes, and says nothing. */
  get isLeaving(): boolean {
    return this.#isLeaving
  }

  /** True when those of `near` wait for the vote of this device, in an epoch whose seats are drawn. */
  isNeededBy(near: readonly PeerId[]): boolean {
    const { signer, chain } = this.#components
    const { next, afterNext } = chain.fold.committees
    return isSeatNeeded(signer.peer, [next, afterNext], new Set(near))
  }

  /**
   * Says that this device wants other parameters, for most of a day of epochs; they change once a quorum of seats wants
   * the same, and two thirds of the anchors where those change. What it wanted before, it wants no more.
   *
   * @throws {TrustError} `TRUST_NOT_SEATED`, `TRUST_ANCHORS_INVALID`.
   */
  async want(wish: ParameterWish): Promise<void> {
    const { signer, chain, pools } = this.#components
    const { latest, number: changes } = chain.fold.parameters
    const hasVoice = [...chain.committee, ...latest.anchors].includes(signer.peer)
    if (!hasVoice) throw new TrustError({ code: 'TRUST_NOT_SEATED' })
    const { epochMs = latest.epochMs, seatsMax = latest.seatsMax } = wish
    const parameters = { epochMs, seatsMax, anchors: this.#anchorsAfter(wish, latest) }
    const before = pools.consents.all().find(({ seat }) => seat === signer.peer)?.until ?? -1
    // The later word of a seat is the one with the later end.
    const most = chain.next + EPOCH_LIMITS.CONSENT_EPOCHS_MAX
    const until = Math.min(most, Math.max(before + 1, most - WISHES_MAX))
    const number = changes + 1
    const wanted = { number, parameters: encodeParameters(parameters), until }
    await pools.want(signConsent(signer, this.#init.network, wanted))
  }

  #anchorsAfter(
    { addAnchors = [], removeAnchors = [] }: ParameterWish,
    { anchors }: EpochParameters,
  ): readonly PeerId[] {
    const { fold } = this.#components.chain
    // Nor will it be somebody's soon.
    const speaksForItself = (peer: PeerId): boolean =>
      fold.hasEverSpoken(peer) && fold.owners.tieOf(peer)?.owner === undefined
    const unknown =
      addAnchors.find((peer) => !speaksForItself(peer)) ??
      removeAnchors.find((peer) => !anchors.includes(peer))
    if (unknown !== undefined) {
      throw new TrustError({ code: 'TRUST_ANCHORS_INVALID', peer: unknown })
    }
    const wanted = new Set([...anchors, ...addAnchors])
    for (const peer of removeAnchors) wanted.delete(peer)
    if (wanted.size < 1 || wanted.size > EPOCH_LIMITS.ANCHORS_MAX) {
      throw new TrustError({ code: 'TRUST_ANCHORS_INVALID', anchors: wanted.size })
    }
    return [...wanted]
  }
}
