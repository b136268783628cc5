/**
 * Handovers that this device received, kept on the disk: it shows them with its evidence from then on.
 *
 * @module
 */

import {
  AttestationError,
  type Handover,
  HANDOVER_BYTES_MAX,
  readHandover,
} from '../../attestation/index.ts'
import { bytes, decodeShape, encodeShape, list } from '../../core/cbor-shape.ts'
import type { PeerId } from '../../core/ids.ts'
import { HANDOVERS_MAX } from '../../protocols/attest/index.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import type { AttestationStore } from './attestation-store.ts'

const KEY = 'attestation/handovers'
const kept = list(bytes(1, HANDOVER_BYTES_MAX), HANDOVERS_MAX)

export class HandoverBook {
  readonly #store: Pick<AttestationStore, 'get' | 'put'>
  readonly #self: PeerId

  constructor(store: Pick<AttestationStore, 'get' | 'put'>, self: PeerId) {
    this.#store = store
    this.#self = self
  }

  /** Encoded, oldest first. What cannot be read is as good as nothing. */
  async all(): Promise<readonly Uint8Array[]> {
    const stored = await this.#store.get(KEY)
    const decoded = stored === undefined ? undefined : decodeShape(kept, stored)
    return decoded?.type === 'value' ? decoded.value : []
  }

  /**
   * Keeps a handover to this device; the oldest makes room.
   *
   * @throws {AttestationError} `SELF_HANDOVER`.
   */
  async accept(encoded: Uint8Array): Promise<Handover> {
    const handover = readHandover(encoded, nodeCrypto.verify)
    if (handover.to !== this.#self) {
      throw new AttestationError({ code: 'SELF_HANDOVER', reason: 'it is for another device' })
    }
    const others = (await this.all()).filter((one) => !isOf(one, handover))
    await this.#store.put(KEY, encodeShape(kept, [...others, encoded].slice(-HANDOVERS_MAX)))
    return handover
  }
}

function isOf(encoded: Uint8Array, { hardwareId }: Handover): boolean {
  return readHandover(encoded, nodeCrypto.verify).hardwareId === hardwareId
}
