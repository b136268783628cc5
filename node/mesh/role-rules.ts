/**
 * What the roles of two members let one do at the other. The side that serves decides.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { roleCovers } from '../../protocols/join/index.ts'
import type { MemberView, MeshView } from './mesh-view.ts'

/** The part of a membership that knows roles. */
export interface Roles {
  current(): Pick<MeshView, 'role'> | undefined
  members(): readonly Pick<MemberView, 'peer' | 'role'>[]
}

/**
 * Whether `requester` may open stages on this device, which is `self`.
 *
 * A device may always work for itself. For others it works when it is a worker, and they
 * may submit: a certificate that has expired gives no role any more.
 */
export function mayOpenStages(roles: Roles, requester: PeerId, self: PeerId): boolean {
  if (requester === self) return true
  if (roles.current()?.role !== 'worker') return false
  const member = roles.members().find(({ peer }) => peer === requester)
  return member !== undefined && roleCovers(member.role, 'submitter')
}
