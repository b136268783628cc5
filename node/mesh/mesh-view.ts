/**
 * What the rest of the daemon sees of a mesh.
 *
 * @module
 */

import type { MeshId, PeerId } from '../../core/ids.ts'
import type { Role } from '../../protocols/join/index.ts'

/** The mesh that this device is in, and its own place there. Times are wall times in ms since the epoch. */
export interface MeshView {
  readonly id: MeshId
  readonly name: string
  readonly founder: PeerId
  readonly createdMs: number
  /** What its genesis says of its epochs; undefined for what all meshes do. */
  readonly parameters?: Uint8Array | undefined
  readonly role: Role
  readonly mayInvite: boolean
  /** When the first certificate of our chain ends. */
  readonly certificateExpiresMs: number
  /** Invites of this device that can still be used. */
  readonly invites: number
}

/** A peer that has shown its certificate. */
export interface MemberView {
  readonly peer: PeerId
  readonly role: Role
  readonly mayInvite: boolean
  readonly expiresMs: number
}

/** A new invite. `code` is a secret: show it to a person, never log it. */
export interface InviteView {
  readonly code: string
  readonly id: string
  readonly role: Role
  readonly mayInvite: boolean
  readonly uses: number
  readonly expiresMs: number
}

export interface InviteInit {
  /** Devices that may join with it, at least 1. */
  readonly uses: number
  readonly ttlMs: number
  readonly role: Role
  /** Whether they may invite in their turn. Default false. */
  readonly mayInvite?: boolean
}

/** Where the mesh keeps what must survive a restart: the daemon's state store. Keys begin with `mesh/`. */
export interface MeshStore {
  get(key: string): Promise<Uint8Array | undefined>
  /** With `sync` it returns only once the disk has it. */
  put(key: string, value: Uint8Array, options?: { readonly sync?: boolean }): Promise<void>
  del(key: string): Promise<void>
  /** The first `limit` entries whose key begins with `prefix`. */
  entries(
    prefix: string,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]>
}
