/**
 * Who is a member of a simulated mesh. How devices come to know it is the work of other protocols.
 *
 * @module
 */

import { toHex, utf8 } from '../../core/bytes.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import { type MeshId, type PeerId } from '../../core/ids.ts'
import type { EpochMesh } from '../../node/epoch/mesh-epochs.ts'
import { encodeParameters } from '../../protocols/epoch/index.ts'
import { BEGIN_WALL_MS } from './device-clock.ts'

export interface RosterInit {
  readonly crypto: Crypto
  readonly founder: Signer
  readonly epochMs: number
}

export class MeshRoster {
  readonly network: Uint8Array
  readonly #init: RosterInit
  readonly #view: ReturnType<EpochMesh['current']>
  readonly #members = new Map<PeerId, Uint8Array>()

  constructor(init: RosterInit) {
    const { crypto, founder, epochMs } = init
    this.#init = init
    this.network = crypto.sha256(utf8(`mesh ${founder.peer}`))
    this.#view = {
      id: toHex(this.network) as MeshId,
      founder: founder.peer,
      createdMs: BEGIN_WALL_MS,
      parameters: encodeParameters({ epochMs }),
    }
  }

  /** The founder lets a device in. */
  admit(peer: PeerId): void {
    this.#members.set(peer, this.#init.founder.sign(wordOf(peer)))
  }

  /** With what a device shows that it is a member. */
  credentialOf(peer: PeerId): Uint8Array {
    return this.#members.get(peer) ?? new Uint8Array()
  }

  /** The membership as a device sees it; it is in its mesh from its first start on. */
  viewOf(self: PeerId): EpochMesh {
    const { crypto, founder } = this.#init
    return {
      current: () => this.#view,
      members: () => [...this.#members.keys()].map((peer) => ({ peer })),
      credential: () => this.credentialOf(self),
      provesMembership: (peer, credential) => crypto.verify(founder.peer, wordOf(peer), credential),
      onMesh: () => () => undefined,
    }
  }
}

function wordOf(peer: PeerId): Uint8Array {
  return utf8(`member ${peer}`)
}
