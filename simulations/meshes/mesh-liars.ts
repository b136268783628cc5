/**
 * Devices that do not keep the rules: the daemon's epochs behind a network that bends what they say and hear.
 *
 * Each of them signs with its own key only, as whoever owns a device can.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Link } from '../../node/network/network.ts'
import {
  decodeEpochMessage,
  decodeToldStatement,
  encodeEpochMessage,
  encodeToldStatement,
  EPOCH_LIMITS,
  epochOfMessage,
  signBallot,
} from '../../protocols/epoch/index.ts'
import { RECONCILE_LIMITS } from '../../protocols/reconcile/index.ts'
import { decodeStatement, signStatement } from '../../trust/index.ts'
import { BentPort, type LiarInit } from './bent-port.ts'
import { Babbler, Flooder, Replayer, Slanderer } from './mesh-noise.ts'
import type { EpochNetwork } from './mesh-port.ts'

export const MESH_LIARS = [
  'equivocator',
  'forker',
  'censor',
  'silent',
  'slow',
  'clock-liar',
  'forgetful',
  'replayer',
  'babbler',
  'slanderer',
  'flooder',
] as const

export type MeshLiarName = (typeof MESH_LIARS)[number]

/** How the epochs of a liar see the network. */
export function bentPort(name: MeshLiarName, init: LiarInit): BentPort {
  return new LIARS[name](init)
}

/** Votes for two things in one round. */
class Equivocator extends BentPort {
  override async publish(topic: string, data: Uint8Array): Promise<void> {
    const other = topic === EPOCH_LIMITS.VOTES_TOPIC ? this.#otherVote(data) : undefined
    if (other === undefined) await super.publish(topic, data)
    else this.split(topic, data, other)
  }

  #otherVote(data: Uint8Array): Uint8Array | undefined {
    const { network } = this.world.roster
    const epoch = epochOfMessage(network, data)
    if (epoch.type === 'refused') return undefined
    const context = { network, epoch: epoch.value }
    const message = decodeEpochMessage(context, data)
    if (message.type === 'refused' || message.value.type !== 'vote') return undefined
    const { vote } = message.value
    const value = this.world.random.fraction() < 0.5 ? undefined : this.world.random.bytes(32)
    const signature = signBallot(this.member.signer, context, { ...vote, value })
    return encodeEpochMessage(context, { type: 'vote', vote: { ...vote, value, signature } })
  }
}

/** Says two things of one epoch. */
class Forker extends BentPort {
  override async publish(topic: string, data: Uint8Array): Promise<void> {
    const other = topic === EPOCH_LIMITS.STATEMENTS_TOPIC ? this.#otherStatement(data) : undefined
    if (other === undefined) await super.publish(topic, data)
    else this.split(topic, data, other)
  }

  #otherStatement(data: Uint8Array): Uint8Array | undefined {
    const told = decodeToldStatement(data)
    const read = told.type === 'value' ? decodeStatement(told.value.stated.signed.body) : told
    if (told.type === 'refused' || read.type === 'refused') return undefined
    const { v: _, ...statement } = { v: 0, ...read.value, onion: this.world.random.bytes(32) }
    const { owner } = told.value.stated
    const stated = { owner, signed: signStatement(this.member.signer, statement) }
    return encodeToldStatement({ ...told.value, stated })
  }
}

/** Hears nothing of what some other device says, so that it proposes cuts without it. */
class Censor extends BentPort {
  override open(peer: PeerId, protocol: string): Promise<Link> {
    return protocol === RECONCILE_LIMITS.RECONCILE_PROTOCOL
      ? Promise.reject(new Error('not asked'))
      : super.open(peer, protocol)
  }

  override subscribe(...[topic, check, listener]: Parameters<EpochNetwork['subscribe']>): void {
    const victim = this.world.members.find(({ liar }) => liar === undefined)?.signer.peer
    const bent: typeof check = (message) =>
      topic === EPOCH_LIMITS.STATEMENTS_TOPIC && message.from === victim ? 'ignore' : check(message)
    super.subscribe(topic, bent, listener)
  }
}

/** Has a seat, and says nothing. */
class Silent extends BentPort {
  override handle(): void {}

  override async publish(): Promise<void> {}
}

/** Says all that it says just in time for some, and too late for others. */
class Slow extends BentPort {
  override async publish(topic: string, data: Uint8Array): Promise<void> {
    const ms = Math.min(2_900, this.world.plan.epochMs / 8)
    this.port.life.after(ms, 'wish', () => void this.port.publish(topic, data))
  }
}

/** Has a clock that is wrong, by as much as is let pass or by much more, and does not set it right. */
class ClockLiar extends BentPort {
  constructor(init: LiarInit) {
    super(init)
    const { member, world } = init
    const mostMs = world.random.fraction() < 0.5 ? EPOCH_LIMITS.CUT_SKEW_MS_MAX : 3_600_000
    member.time.set(mostMs * (2 * world.random.fraction() - 1))
  }
}

/** Goes back to what its disk held a while ago, and does not know what it has signed since. */
class Forgetful extends BentPort {
  constructor(init: LiarInit) {
    super(init)
    const { member, world } = init
    this.every(world.plan.epochMs / 3, () => {
      if (world.random.fraction() < 0.5) member.backUp()
      else member.rollBack()
    })
  }
}

const LIARS: Readonly<Record<MeshLiarName, new (init: LiarInit) => BentPort>> = {
  equivocator: Equivocator,
  forker: Forker,
  censor: Censor,
  silent: Silent,
  slow: Slow,
  'clock-liar': ClockLiar,
  forgetful: Forgetful,
  replayer: Replayer,
  babbler: Babbler,
  slanderer: Slanderer,
  flooder: Flooder,
}
