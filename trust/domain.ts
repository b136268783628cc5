/**
 * Domains: all devices of one owner, the unit of trust.
 *
 * A domain is named by the hash of its manifest. A device belongs to it when both say so: an
 * owner cannot adopt the devices of others, and a device cannot hide behind an owner.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import { bytes, encodeShape, record, type ShapeOf } from '../core/cbor-shape.ts'
import { type Crypto, type Sha256, SIGNATURE_BYTES, type Signer } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { signable } from '../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import { HASH_BYTES, TRUST_VERSION } from './limits.ts'
import { decodeVersioned, version } from './versioned.ts'

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

const BINDING = record({
  v: version(),
  network: bytes(HASH_BYTES),
  owner: peerId(),
  device: peerId(),
  byOwner: bytes(SIGNATURE_BYTES),
  byDevice: bytes(SIGNATURE_BYTES),
})
const BOUND = record({
  v: version(),
  network: bytes(HASH_BYTES),
  owner: peerId(),
  device: peerId(),
})
const BINDING_BYTES_MAX = 256

/** A device in a domain, as both agreed. */
export type Binding = Omit<ShapeOf<typeof BOUND>, 'v'>

/** What the owner and the device each sign, in the same words. */
export function signBinding(signer: Signer, binding: Binding): Uint8Array {
  return signer.sign(bindingPreimage(binding))
}

/** A binding under both signatures, as it travels. */
export function encodeBinding(
  binding: Binding,
  signatures: Pick<ShapeOf<typeof BINDING>, 'byOwner' | 'byDevice'>,
): Uint8Array {
  return encodeShape(BINDING, { v: TRUST_VERSION, ...binding, ...signatures })
}

/** The binding, when both signed it and it is of this mesh. */
export function openBinding(
  verify: Crypto['verify'],
  network: Uint8Array,
  encoded: Uint8Array,
): Result<Binding> {
  const decoded = decodeVersioned(BINDING, encoded, BINDING_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const { v: _, byOwner, byDevice, ...binding } = decoded.value
  if (!bytesEqual(network, binding.network)) {
    return refuse('TRUST_NETWORK_MISMATCH', 'expected a binding of this mesh')
  }
  const preimage = bindingPreimage(binding)
  const agreed =
    verify(binding.owner, preimage, byOwner) && verify(binding.device, preimage, byDevice)
  return agreed
    ? accept(binding)
    : refuse('TRUST_SIGNATURE_INVALID', 'expected the signatures of owner and device')
}

function bindingPreimage(binding: Binding): Uint8Array {
  return signable('binding', encodeShape(BOUND, { v: TRUST_VERSION, ...binding }))
}
