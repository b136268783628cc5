/**
 * The record that a mesh begins with. Its hash is the mesh's name for ever.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  mapped,
  optional,
  record,
  type ShapeOf,
  text,
  uint,
} from '../../core/cbor-shape.ts'
import type { Crypto, Sha256, Signer } from '../../core/crypto.ts'
import { peerId } from '../../core/id-shapes.ts'
import type { MeshId } from '../../core/ids.ts'
import {
  isSignedBy,
  type SignedRecord,
  signedRecord,
  signRecord,
} from '../../core/signed-record.ts'
import type { JoinCode } from './errors.ts'
import {
  GENESIS_BODY_BYTES_MAX,
  JOIN_VERSION,
  MESH_NAME_CHARACTERS_MAX,
  RESERVED_BYTES_MAX,
} from './limits.ts'

const GENESIS_KIND = 'genesis'

const genesisShape = record({
  version: uint(255),
  name: mapped(
    text(MESH_NAME_CHARACTERS_MAX),
    (name) => (isMeshName(name) ? name : undefined),
    (name) => name,
  ),
  /** Wall time at the founder, in ms since the epoch. */
  createdMs: uint(),
  founder: peerId(),
  /** Random, so that two meshes of one founder never share an id. */
  nonce: bytes(16),
  /** What the mesh agreed on at its foundation about its epochs (protocols/epoch/parameters.ts). */
  reserved: optional(bytes(0, RESERVED_BYTES_MAX)),
})

/** How a signed genesis looks inside a message, and on the disk. */
export const genesisRecord = signedRecord(GENESIS_BODY_BYTES_MAX)

/** What a mesh is, since its first day. */
export type Genesis = ShapeOf<typeof genesisShape>

/** A genesis that holds: it is signed by its founder, and `id` is its hash. */
export interface VerifiedGenesis {
  readonly id: MeshId
  readonly genesis: Genesis
  readonly signed: SignedRecord
}

export type GenesisVerdict =
  | { readonly type: 'valid'; readonly verified: VerifiedGenesis }
  | { readonly type: 'refused'; readonly code: JoinCode }

/** True for 1 to {@link MESH_NAME_CHARACTERS_MAX} characters without control characters or outer spaces. */
export function isMeshName(name: string): boolean {
  return (
    name.length >= 1 &&
    name.length <= MESH_NAME_CHARACTERS_MAX &&
    name.trim() === name &&
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)
  )
}

/** Founds a mesh: `signer` is its founder. */
export function foundMesh(
  init: Pick<Genesis, 'name' | 'createdMs' | 'nonce'> & Partial<Pick<Genesis, 'reserved'>>,
  signer: Signer,
  sha256: Sha256,
): VerifiedGenesis {
  const genesis = { version: JOIN_VERSION, founder: signer.peer, reserved: undefined, ...init }
  const signed = signRecord(signer, GENESIS_KIND, encodeShape(genesisShape, genesis))
  return { id: toHex(sha256(signed.body)) as MeshId, genesis, signed }
}

/** Checks a genesis that someone shows. */
export function verifyGenesis(signed: SignedRecord, crypto: Crypto): GenesisVerdict {
  if (signed.body.length > GENESIS_BODY_BYTES_MAX) return refused
  const decoded = decodeShape(genesisShape, signed.body)
  if (decoded.type === 'refused' || decoded.value.version !== JOIN_VERSION) return refused
  const genesis = decoded.value
  if (!isSignedBy(crypto.verify, genesis.founder, GENESIS_KIND, signed)) {
    return { type: 'refused', code: 'JOIN_CERTIFICATE_FORGED' }
  }
  const id = toHex(crypto.sha256(signed.body)) as MeshId
  return { type: 'valid', verified: { id, genesis, signed } }
}

const refused: GenesisVerdict = { type: 'refused', code: 'JOIN_CERTIFICATE_MALFORMED' }
