/**
 * The membership of this device as it is kept: the genesis and our own chain.
 *
 * @module
 */

import { decodeShape, encodeShape, record, uint } from '../../core/cbor-shape.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type Certificate,
  chainShape,
  type Credential,
  genesisRecord,
  verifyChain,
  verifyGenesis,
} from '../../protocols/join/index.ts'
import { MeshError } from './errors.ts'
import type { MeshStore } from './mesh-view.ts'

const KEY = 'mesh/membership'

const membershipShape = record({
  genesis: genesisRecord,
  chain: chainShape,
  /** Wall time when it was granted, in ms since the epoch. */
  grantedMs: uint(),
})

/** Our place in a mesh, checked. */
export interface OwnMembership extends Credential {
  readonly certificate: Certificate
  readonly expiresMs: number
}

/** Writes it down durably. */
export async function keepMembership(store: MeshStore, membership: OwnMembership): Promise<void> {
  const { genesis, chain, certificate } = membership
  const grantedMs = certificate.issuedMs
  const encoded = encodeShape(membershipShape, { genesis: genesis.signed, chain, grantedMs })
  await store.put(KEY, encoded, { sync: true })
}

export async function forgetMembership(store: MeshStore): Promise<void> {
  await store.del(KEY)
}

/**
 * Reads it; undefined when there is none. A certificate that has expired is still read:
 * whoever looks at it says so.
 *
 * @throws {MeshError} `MESH_STATE_CORRUPTED` when it cannot be used.
 */
export async function loadMembership(
  store: MeshStore,
  self: PeerId,
  crypto: Crypto,
): Promise<OwnMembership | undefined> {
  const encoded = await store.get(KEY)
  if (encoded === undefined) return undefined
  const decoded = decodeShape(membershipShape, encoded)
  if (decoded.type === 'refused') throw corrupted(decoded.reason)
  const shown = verifyGenesis(decoded.value.genesis, crypto)
  if (shown.type === 'refused') throw corrupted(shown.code)
  const genesis = shown.verified
  const { chain, grantedMs } = decoded.value
  // As of the day it was granted: expiry is no corruption, and our clock may be wrong now.
  const expected = { genesis, subject: self, wallMs: grantedMs }
  const verdict = verifyChain(chain, expected, crypto)
  if (verdict.type === 'refused') throw corrupted(verdict.code)
  return { genesis, chain, certificate: verdict.certificate, expiresMs: verdict.expiresMs }
}

function corrupted(reason: string): MeshError {
  return new MeshError({ code: 'MESH_STATE_CORRUPTED', reason })
}
