/**
 * The network as the epochs of a device see it that does not keep the rules: the real one, where nothing else is said.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Link, ProtocolInit } from '../../node/network/network.ts'
import type { MeshMember } from './mesh-member.ts'
import type { EpochNetwork, MeshPort } from './mesh-port.ts'
import type { MeshWorld } from './mesh-world.ts'

/** A start of a device that keeps no rules. */
export interface LiarInit {
  readonly world: MeshWorld
  readonly member: MeshMember
  readonly port: MeshPort
  readonly clock: Clock
}

export class BentPort implements EpochNetwork {
  protected readonly world: MeshWorld
  protected readonly member: MeshMember
  protected readonly port: MeshPort
  protected readonly clock: Clock

  constructor({ world, member, port, clock }: LiarInit) {
    this.world = world
    this.member = member
    this.port = port
    this.clock = clock
  }

  get self(): PeerId {
    return this.port.self
  }

  peers(): ReturnType<EpochNetwork['peers']> {
    return this.port.peers()
  }

  handle(protocol: ProtocolInit): void {
    this.port.handle(protocol)
  }

  open(peer: PeerId, protocol: string): Promise<Link> {
    return this.port.open(peer, protocol)
  }

  subscribe(...subscription: Parameters<EpochNetwork['subscribe']>): void {
    this.port.subscribe(...subscription)
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    await this.port.publish(topic, data)
  }

  /** Says one thing to some of those that are connected, and another to the rest. */
  protected split(topic: string, one: Uint8Array, other: Uint8Array): void {
    const { self: from } = this
    const connected = this.port.connected()
    const some = connected.filter(() => this.world.random.fraction() < 0.5)
    this.port.spread({ from, topic, data: one }, some)
    const rest = connected.filter((peer) => !some.includes(peer))
    this.port.spread({ from, topic, data: other }, rest)
  }

  /** Does something every so often, as long as the process runs. */
  protected every(ms: number, act: () => void): void {
    this.port.life.after(ms * (0.5 + this.world.random.fraction()), 'wish', () => {
      act()
      this.every(ms, act)
    })
  }
}
