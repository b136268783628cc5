/**
 * The mesh of devices with ledgers: who is in it. How devices come to know it is the work of other protocols.
 *
 * @module
 */

import { toHex, utf8 } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import type { LedgerContext } from '../../ledger/index.ts'
import type { MeshMembership } from '../../node/mesh/mesh-membership.ts'
import type { LedgerMesh } from '../../node/ledger/device-ledger.ts'

/** What the parts of a device ask of its mesh. */
export type RosterView = LedgerMesh & Pick<MeshMembership, 'members' | 'onMember' | 'acquaintances'>

export class LedgerRoster {
  readonly context: LedgerContext
  readonly view: RosterView
  readonly #members: PeerId[] = []

  constructor(crypto: Crypto) {
    const network = crypto.sha256(utf8('a mesh with ledgers'))
    const id = toHex(network) as MeshId
    this.context = { crypto, network }
    this.view = {
      current: () => ({ id }),
      onMesh: () => () => undefined,
      members: () =>
        this.#members.map((peer) => ({ peer, role: 'worker', mayInvite: false, expiresMs: 0 })),
      onMember: () => () => undefined,
      acquaintances: () => this.#members.length,
    }
  }

  admit(peer: PeerId): void {
    this.#members.push(peer)
  }
}
