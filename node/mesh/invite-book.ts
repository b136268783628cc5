/**
 * The invites of this device: durable, and never used more often than promised.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  decodeInvite,
  encodeInvite,
  type Invite,
  inviteFault,
  type JoinCode,
  useInvite,
} from '../../protocols/join/index.ts'
import { MeshError } from './errors.ts'
import type { MeshStore } from './mesh-view.ts'

/** Invites that are kept, over and open ones together. */
export const INVITES_MAX = 256

/** How long an invite is remembered after its expiry, so that its holder learns why it fails, in ms. */
const REMEMBERED_MS = 604_800_000

const PREFIX = 'mesh/invites/'

export class InviteBook {
  readonly #store: MeshStore
  readonly #invites = new Map<string, Invite>()

  constructor(store: MeshStore) {
    this.#store = store
  }

  async load(): Promise<void> {
    for (const { value } of await this.#store.entries(PREFIX, INVITES_MAX)) {
      const invite = decodeInvite(value)
      if (invite !== undefined) this.#invites.set(toHex(invite.id), invite)
    }
  }

  find(id: Uint8Array): Invite | undefined {
    return this.#invites.get(toHex(id))
  }

  /** Invites that can still be used. */
  openCount(wallMs: number): number {
    return [...this.#invites.values()].filter((invite) => isOpen(invite, wallMs)).length
  }

  /** @throws {MeshError} `MESH_INVITES_TOO_MANY` when all that are kept are still open. */
  async add(invite: Invite, wallMs: number): Promise<void> {
    await this.#makeRoom(wallMs)
    await this.#keep(invite)
  }

  /**
   * Gives `subject` a place, durably; the reason when there is none. Two that ask at once
   * never get the same last place: it is taken before the disk is waited for.
   */
  async take(id: Uint8Array, subject: PeerId, wallMs: number): Promise<JoinCode | undefined> {
    const invite = this.find(id)
    if (invite === undefined) return 'JOIN_INVITE_UNKNOWN'
    const code = inviteFault(invite, subject, wallMs)
    if (code !== undefined) return code
    try {
      await this.#keep(useInvite(invite, subject, false))
      return undefined
    } catch {
      // The place stays taken in memory: better one too few than one too many.
      return 'JOIN_ISSUE_FAILED'
    }
  }

  /** Notes that `subject` holds what it was granted. */
  async delivered(id: Uint8Array, subject: PeerId): Promise<void> {
    const invite = this.find(id)
    if (invite !== undefined) await this.#keep(useInvite(invite, subject, true))
  }

  async clear(): Promise<void> {
    const keys = [...this.#invites.keys()]
    this.#invites.clear()
    for (const key of keys) await this.#store.del(PREFIX + key)
  }

  async #keep(invite: Invite): Promise<void> {
    const key = toHex(invite.id)
    this.#invites.set(key, invite)
    await this.#store.put(PREFIX + key, encodeInvite(invite), { sync: true })
  }

  async #makeRoom(wallMs: number): Promise<void> {
    const closed = [...this.#invites].filter(([, invite]) => !isOpen(invite, wallMs))
    const byExpiry = closed.toSorted(([, a], [, b]) => a.expiresMs - b.expiresMs)
    for (const [key, { expiresMs }] of byExpiry) {
      const full = this.#invites.size >= INVITES_MAX
      if (!full && wallMs < expiresMs + REMEMBERED_MS) continue
      this.#invites.delete(key)
      await this.#store.del(PREFIX + key)
    }
    if (this.#invites.size >= INVITES_MAX) {
      throw new MeshError({ code: 'MESH_INVITES_TOO_MANY', max: INVITES_MAX })
    }
  }
}

function isOpen(invite: Invite, wallMs: number): boolean {
  return wallMs < invite.expiresMs && invite.usedBy.length < invite.usesMax
}
