/**
 * The text that lets a device into a mesh: `brume1` and then base32.
 *
 * It names the mesh and the inviter, so that the joiner can tell the right device
 * from a wrong one before it proves that it knows the secret. Whoever holds the
 * text may join: it is shown to people, and never logged.
 *
 * @module
 */

import { bytesEqual, concatBytes, toHex } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { peerIdOf, PUBLIC_KEY_BYTES, publicKeyOf } from '../../core/peer-key.ts'
import { fromHex } from '../../core/bytes.ts'
import { fromBase32, toBase32 } from './base32.ts'
import { decodeAddress, encodeAddress } from './code-address.ts'
import type { JoinCode } from './errors.ts'
import {
  CODE_ADDRESSES_MAX,
  CODE_BYTES_MAX,
  INVITE_SECRET_BYTES,
  JOIN_VERSION,
  MESH_PREFIX_BYTES,
} from './limits.ts'
import { type Role, ROLES } from './role.ts'

const PREFIX = 'brume'
const CHECKSUM_BYTES = 4
const FIXED_BYTES = 2 + MESH_PREFIX_BYTES + PUBLIC_KEY_BYTES + 4 + INVITE_SECRET_BYTES

/** What an invite code says. Role and right are what the inviter means to grant; its word counts. */
export interface InviteCode {
  /** The first {@link MESH_PREFIX_BYTES} bytes of the mesh id, in hex. */
  readonly meshPrefix: string
  readonly inviter: PeerId
  /** Multiaddrs of the inviter, at most {@link CODE_ADDRESSES_MAX}. */
  readonly addresses: readonly string[]
  readonly role: Role
  readonly mayInvite: boolean
  /** Wall time in ms since the epoch, in whole seconds. */
  readonly expiresMs: number
  readonly secret: Uint8Array
}

export type InviteCodeDecoded =
  | { readonly type: 'code'; readonly code: InviteCode }
  | { readonly type: 'refused'; readonly code: JoinCode }

/** The start of a mesh id that a code carries. */
export function meshPrefixOf(mesh: MeshId): string {
  return mesh.slice(0, 2 * MESH_PREFIX_BYTES)
}

/** Writes a code. Addresses that have no short form, or for which there is no room, are left out. */
export function encodeInviteCode(code: InviteCode, sha256: Sha256): string {
  const key = publicKeyOf(code.inviter)
  const prefix = fromHex(code.meshPrefix)
  invariant(key !== undefined, 'an inviter is an Ed25519 PeerId')
  invariant(prefix?.length === MESH_PREFIX_BYTES, 'a code carries the start of a mesh id')
  invariant(code.secret.length === INVITE_SECRET_BYTES, 'a secret has its length')
  const addresses = shortAddresses(code.addresses)
  const rights = ROLES.indexOf(code.role) | (code.mayInvite ? 4 : 0) | (addresses.length << 3)
  const expiry = new Uint8Array(4)
  new DataView(expiry.buffer).setUint32(0, Math.floor(code.expiresMs / 1_000))
  const head = Uint8Array.of(JOIN_VERSION, rights)
  const payload = concatBytes([head, prefix, key, expiry, code.secret, ...addresses])
  return `${PREFIX}${JOIN_VERSION}${toBase32(concatBytes([payload, checksum(payload, sha256)]))}`
}

/** Reads a code as people paste it: any case, with spaces, line breaks or a `brume://join/` before it. */
export function decodeInviteCode(pasted: string, sha256: Sha256): InviteCodeDecoded {
  // Longer than any code can be even with a space between all characters: not worth reading.
  if (pasted.length > 8 * CODE_BYTES_MAX) return malformed
  const text = pasted
    .replace(/\s+/g, '')
    .toLowerCase()
    .replace(/^brume:\/\/join\//, '')
  if (!text.startsWith(PREFIX)) return malformed
  const body = text.slice(PREFIX.length)
  if (!body.startsWith(`${JOIN_VERSION}`)) {
    return /^\d/.test(body) ? { type: 'refused', code: 'JOIN_VERSION_UNSUPPORTED' } : malformed
  }
  const bytes = fromBase32(body.slice(1))
  if (bytes === undefined || bytes.length > CODE_BYTES_MAX) return malformed
  const payload = bytes.subarray(0, -CHECKSUM_BYTES)
  if (payload.length < FIXED_BYTES) return malformed
  if (!bytesEqual(checksum(payload, sha256), bytes.subarray(-CHECKSUM_BYTES))) return malformed
  return decodePayload(payload)
}

const malformed: InviteCodeDecoded = { type: 'refused', code: 'JOIN_CODE_MALFORMED' }

function decodePayload(payload: Uint8Array): InviteCodeDecoded {
  const [version = 0, rights = 0] = payload
  if (version !== JOIN_VERSION) return { type: 'refused', code: 'JOIN_VERSION_UNSUPPORTED' }
  const role = ROLES[rights & 3]
  const count = rights >> 3
  let at = 2
  const take = (length: number): Uint8Array => payload.slice(at, (at += length))
  const meshPrefix = toHex(take(MESH_PREFIX_BYTES))
  const inviter = peerIdOf(take(PUBLIC_KEY_BYTES))
  const expiry = take(4)
  const expiresMs = new DataView(expiry.buffer).getUint32(0) * 1_000
  const secret = take(INVITE_SECRET_BYTES)
  const addresses = decodeAddresses(payload, at, count)
  if (role === undefined || addresses === undefined) return malformed
  const mayInvite = (rights & 4) !== 0
  return {
    type: 'code',
    code: { meshPrefix, inviter, addresses, role, mayInvite, expiresMs, secret },
  }
}

function decodeAddresses(
  payload: Uint8Array,
  offset: number,
  count: number,
): readonly string[] | undefined {
  if (count > CODE_ADDRESSES_MAX) return undefined
  const addresses: string[] = []
  let at = offset
  for (let index = 0; index < count; index++) {
    const decoded = decodeAddress(payload, at)
    if (decoded === undefined) return undefined
    addresses.push(decoded.address)
    at = decoded.next
  }
  return at === payload.length ? addresses : undefined
}

function shortAddresses(addresses: readonly string[]): readonly Uint8Array[] {
  let room = CODE_BYTES_MAX - FIXED_BYTES - CHECKSUM_BYTES
  const chosen: Uint8Array[] = []
  for (const address of addresses) {
    const bytes = encodeAddress(address)
    if (bytes === undefined || bytes.length > room || chosen.length === CODE_ADDRESSES_MAX) continue
    chosen.push(bytes)
    room -= bytes.length
  }
  return chosen
}

function checksum(payload: Uint8Array, sha256: Sha256): Uint8Array {
  return sha256(payload).subarray(0, CHECKSUM_BYTES)
}
