/**
 * What a member may hand on: the founder to itself, and each inviter to those below it.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import type { Random } from '../../core/random.ts'
import {
  type CertificateChain,
  CHAIN_LENGTH_MAX,
  foundMesh,
  INVITE_MS_MAX,
  INVITE_USES_MAX,
  type Invite,
  issueCertificate,
  roleCovers,
  verifyChain,
} from '../../protocols/join/index.ts'
import type { PeerId } from '../../core/ids.ts'
import { MeshError } from './errors.ts'
import type { OwnMembership } from './membership-file.ts'
import type { InviteInit } from './mesh-view.ts'

export interface GrantComponents {
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
}

/** What a founder says of the mesh beside its name. */
export interface FoundingComponents extends GrantComponents {
  readonly parameters: Uint8Array | undefined
}

/** A new mesh called `name`, with this device as founder and first member. */
export function foundMembership(
  name: string,
  certificateMs: number,
  { signer, crypto, clock, random, parameters }: FoundingComponents,
): OwnMembership {
  const createdMs = clock.wallMs()
  const founding = { name, createdMs, nonce: random.bytes(16), reserved: parameters }
  const genesis = foundMesh(founding, signer, crypto.sha256)
  const certificate = {
    subject: signer.peer,
    role: 'worker',
    mayInvite: true,
    invite: undefined,
    issuedMs: createdMs,
    expiresMs: createdMs + certificateMs,
  } as const
  const chain = [issueCertificate(certificate, genesis.id, signer)]
  const verdict = verifyChain(chain, { genesis, subject: signer.peer, wallMs: createdMs }, crypto)
  invariant(verdict.type === 'valid', 'a founder issues itself a valid certificate')
  return { genesis, chain, certificate: verdict.certificate, expiresMs: verdict.expiresMs }
}

/** @throws {MeshError} when this member may not make such an invite. */
export function checkInvite({ role, uses, ttlMs }: InviteInit, membership: OwnMembership): void {
  const { certificate, chain } = membership
  const full = !isFounder(membership) && chain.length >= CHAIN_LENGTH_MAX
  if (!certificate.mayInvite || full) throw new MeshError({ code: 'MESH_INVITE_NOT_ALLOWED' })
  if (!roleCovers(certificate.role, role)) {
    throw new MeshError({ code: 'MESH_ROLE_TOO_WIDE', asked: role, held: certificate.role })
  }
  checkRange('uses', uses, INVITE_USES_MAX)
  checkRange('ttlMs', ttlMs, INVITE_MS_MAX)
}

/** The chain of a device that has used an invite of this member. */
export function issueBelow(
  membership: OwnMembership,
  { subject, invite }: { readonly subject: PeerId; readonly invite: Invite },
  { signer, clock, certificateMs }: GrantComponents & { readonly certificateMs: number },
): CertificateChain {
  const { genesis, chain, expiresMs } = membership
  const issuedMs = clock.wallMs()
  const certificate = {
    subject,
    role: invite.role,
    mayInvite: invite.mayInvite,
    invite: invite.id,
    issuedMs,
    // Nobody grants for longer than they hold.
    expiresMs: Math.min(issuedMs + certificateMs, expiresMs),
  }
  const own = issueCertificate(certificate, genesis.id, signer)
  // The founder's key stands in the genesis: it needs no certificate above another's.
  return isFounder(membership) ? [own] : [own, ...chain]
}

function isFounder({ certificate, genesis }: OwnMembership): boolean {
  return certificate.subject === genesis.genesis.founder
}

function checkRange(what: 'uses' | 'ttlMs', value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return
  throw new MeshError({ code: 'MESH_INVITE_OUT_OF_RANGE', what, value, max })
}
