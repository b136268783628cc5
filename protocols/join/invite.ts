/**
 * An invite as its inviter keeps it, and whether a device may still use it.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  flag,
  list,
  record,
  type ShapeOf,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import { peerId } from '../../core/id-shapes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { JoinCode } from './errors.ts'
import { INVITE_ID_BYTES, INVITE_SECRET_BYTES, INVITE_USES_MAX } from './limits.ts'

const inviteShape = record({
  id: bytes(INVITE_ID_BYTES),
  secret: bytes(INVITE_SECRET_BYTES),
  role: word('observer', 'submitter', 'worker'),
  /** Whether those who join with it may invite in their turn. */
  mayInvite: flag(),
  createdMs: uint(),
  expiresMs: uint(),
  usesMax: uint(INVITE_USES_MAX),
  /** Devices that joined with it, in order, and whether each has said that it holds its grant. */
  usedBy: list(record({ peer: peerId(), delivered: flag() }), INVITE_USES_MAX),
})

/** What an inviter promised, and to whom it has kept the promise. */
export type Invite = ShapeOf<typeof inviteShape>

/**
 * Why `subject` may not use the invite now; undefined when it may. A device whose
 * grant was lost on the way may ask for it again.
 */
export function inviteFault(invite: Invite, subject: PeerId, wallMs: number): JoinCode | undefined {
  if (wallMs >= invite.expiresMs) return 'JOIN_INVITE_EXPIRED'
  const use = invite.usedBy.find(({ peer }) => peer === subject)
  if (use !== undefined) return use.delivered ? 'JOIN_INVITE_USED' : undefined
  return invite.usedBy.length >= invite.usesMax ? 'JOIN_INVITE_USED' : undefined
}

/** The invite once `subject` has a place in it; `delivered` once its grant has arrived. */
export function useInvite(invite: Invite, subject: PeerId, delivered: boolean): Invite {
  const others = invite.usedBy.filter(({ peer }) => peer !== subject)
  return { ...invite, usedBy: [...others, { peer: subject, delivered }] }
}

/** For the disk. */
export function encodeInvite(invite: Invite): Uint8Array {
  return encodeShape(inviteShape, invite)
}

/** From the disk; undefined when the bytes are no invite. */
export function decodeInvite(encoded: Uint8Array): Invite | undefined {
  const decoded = decodeShape(inviteShape, encoded)
  return decoded.type === 'value' ? decoded.value : undefined
}
