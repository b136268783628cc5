/**
 * What this device keeps of certified headers as a witness, and what witnesses signed of those of its own mesh.
 *
 *     H network32            the last header of a mesh that was cosigned
 *     F network32            two headers of one epoch that the mesh decided
 *     C network32 key32      what a witness signed last of a header of this mesh
 *
 * @module
 */

import { concatBytes, toHex, utf8 } from '../../core/bytes.ts'
import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { peerIdOf, publicKeyOf } from '../../core/peer-key.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  decodeSignedHeader,
  encodeHeaderFork,
  encodeSignedHeader,
  type HeaderCosignature,
  type HeaderFork,
  openHeaderCosignature,
  SIGNED_HEADER_COSIGNATURE,
  type SignedHeader,
  verifyHeaderFork,
} from '../../protocols/epoch/index.ts'
import { prefixRange } from '../ledger/ledger-keys.ts'
import type { LedgerRows } from '../ledger/rows.ts'

/** A header that a witness signed, with its signature. */
export interface KeptCosignature {
  readonly witness: PeerId
  readonly held: HeaderCosignature
  readonly signed: SignedRecord
}

/** Meshes of which a device is a witness: what is held of one is short. */
export const MESHES_MAX = 64
/** Witnesses of one mesh whose word is kept. */
const COSIGNATURES_MAX = 64
const NETWORK_BYTES = 32

export class CosignBook {
  readonly #rows: LedgerRows
  readonly #crypto: Crypto
  readonly #held = new Map<string, SignedHeader>()
  readonly #forks = new Map<string, HeaderFork>()

  constructor(rows: LedgerRows, crypto: Crypto) {
    this.#rows = rows
    this.#crypto = crypto
  }

  /** Reads what is kept. A row that the disk has changed leaves its mesh unknown. */
  async open(): Promise<void> {
    await this.#rows.open()
    for (const { key, value } of await this.#rows.range(prefixRange(utf8('H'), MESHES_MAX))) {
      const header = decodeSignedHeader(value)
      if (header.type === 'value') this.#held.set(networkIn(key), header.value)
    }
    for (const { key, value } of await this.#rows.range(prefixRange(utf8('F'), MESHES_MAX))) {
      const fork = verifyHeaderFork(this.#crypto, value)
      if (fork.type === 'value') this.#forks.set(networkIn(key), fork.value)
    }
  }

  close(): Promise<void> {
    return this.#rows.close()
  }

  /** The last header of a mesh that was cosigned here. */
  held(network: Uint8Array): SignedHeader | undefined {
    return this.#held.get(toHex(network))
  }

  /** Two headers of one epoch of a mesh, once they were seen. */
  fork(network: Uint8Array): HeaderFork | undefined {
    return this.#forks.get(toHex(network))
  }

  /** True while there is room for one mesh more. */
  get hasRoom(): boolean {
    return this.#held.size < MESHES_MAX
  }

  /** Keeps a header in the place of the one before. It is on the disk when this resolves. */
  async keep(network: Uint8Array, header: SignedHeader): Promise<void> {
    const value = encodeSignedHeader(header)
    await this.#rows.write([{ type: 'put', key: concatBytes([utf8('H'), network]), value }])
    this.#held.set(toHex(network), header)
  }

  async keepFork(network: Uint8Array, fork: HeaderFork): Promise<void> {
    const value = encodeHeaderFork(fork)
    await this.#rows.write([{ type: 'put', key: concatBytes([utf8('F'), network]), value }])
    this.#forks.set(toHex(network), fork)
  }

  /** What witnesses signed last of the headers of a mesh. */
  async cosignatures(network: Uint8Array): Promise<readonly KeptCosignature[]> {
    const prefix = concatBytes([utf8('C'), network])
    const rows = await this.#rows.range(prefixRange(prefix, COSIGNATURES_MAX))
    return rows.flatMap(({ key, value }) => {
      const signed = decodeShape(SIGNED_HEADER_COSIGNATURE, value)
      if (signed.type === 'refused') return []
      const witness = peerIdOf(key.subarray(prefix.length))
      const held = openHeaderCosignature(this.#crypto.verify, witness, signed.value)
      return held.type === 'value' ? { witness, held: held.value, signed: signed.value } : []
    })
  }

  async keepCosignature({ witness, held, signed }: KeptCosignature): Promise<void> {
    const name = publicKeyOf(witness)
    invariant(name !== undefined, 'a witness is named by its key')
    const key = concatBytes([utf8('C'), held.network, name])
    const value = encodeShape(SIGNED_HEADER_COSIGNATURE, signed)
    await this.#rows.write([{ type: 'put', key, value }])
  }
}

function networkIn(key: Uint8Array): string {
  return toHex(key.subarray(1, 1 + NETWORK_BYTES))
}
