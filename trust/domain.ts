/**
 * Domains: all devices of one owner, the unit of trust.
 *
 * A domain is named by the hash of its manifest: a mesh, and the device that speaks for it. Each device
 * speaks for its own until it and another agree that it belongs to that one's (owner-word.ts).
 *
 * @module
 */

import { bytes, encodeShape, record } from '../core/cbor-shape.ts'
import type { Sha256 } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { HASH_BYTES, TRUST_VERSION } from './limits.ts'
import { version } from './versioned.ts'

/** A domain and the mesh that it is in. */
export interface Domain {
  readonly network: Uint8Array
  /** The device that speaks for the domain: it signs statements and votes. */
  readonly owner: PeerId
}

const MANIFEST = record({ v: version(), network: bytes(HASH_BYTES), owner: peerId() })

/** The id of a domain: SHA-256 of its manifest. */
export function domainIdOf(sha256: Sha256, { network, owner }: Domain): Uint8Array {
  return sha256(encodeShape(MANIFEST, { v: TRUST_VERSION, network, owner }))
}
