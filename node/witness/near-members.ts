/**
 * Members of the mesh that are connected: those who can be asked about ledgers.
 *
 * @module
 */

import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { witnessOrder } from '../../protocols/witness/index.ts'
import type { MeshMembership } from '../mesh/mesh-membership.ts'
import type { Network } from '../network/network.ts'

export interface NearMembersComponents {
  readonly network: Pick<Network, 'peers' | 'onPeer'>
  readonly mesh: Pick<MeshMembership, 'members' | 'onMember' | 'acquaintances'>
  readonly sha256: Sha256
}

export class NearMembers {
  readonly #components: NearMembersComponents

  constructor(components: NearMembersComponents) {
    this.#components = components
  }

  /** Members that are connected now, the first to witness the ledger with id `log` first. */
  inOrder(log: Uint8Array): readonly PeerId[] {
    const { network, mesh, sha256 } = this.#components
    const members = new Set(mesh.members().map(({ peer }) => peer))
    const near = network.peers().filter(({ peer }) => members.has(peer))
    return witnessOrder(
      sha256,
      log,
      near.map(({ peer }) => peer),
    )
  }

  /** Other members that this device has met, connected or not. */
  get met(): number {
    const { mesh } = this.#components
    return Math.max(mesh.acquaintances(), mesh.members().length)
  }

  /** Calls back with each member that connects, or is admitted while it is connected; returns how to stop. */
  onNear(listener: (peer: PeerId) => void): () => void {
    const { network, mesh } = this.#components
    const stopPeers = network.onPeer((peer, connected) => {
      if (connected && mesh.members().some((member) => member.peer === peer)) listener(peer)
    })
    const stopMembers = mesh.onMember((peer, admitted) => {
      if (admitted && network.peers().some((near) => near.peer === peer)) listener(peer)
    })
    return () => {
      stopPeers()
      stopMembers()
    }
  }
}
