/**
 * Turns what this device offers into its next signed record.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import type { MeshId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import {
  type Capabilities,
  type CapabilityRecord,
  PRESENCE_VERSION,
  sealRecord,
} from '../../protocols/presence/index.ts'

export interface SealedRecord {
  readonly record: CapabilityRecord
  readonly encoded: Uint8Array
}

export class RecordSealer {
  readonly #signer: Signer
  readonly #clock: Clock
  #sequence = 0

  constructor(signer: Signer, clock: Clock) {
    this.#signer = signer
    this.#clock = clock
  }

  /** Seals a record that lives for `lifeMs`. What does not fit is left out: paces, then holdings, the last ones first. */
  seal(
    capabilities: Capabilities,
    context: { readonly mesh: MeshId; readonly credential: Uint8Array; readonly lifeMs: number },
  ): SealedRecord {
    const issuedMs = this.#clock.wallMs()
    // Wall time, so that it also grows over restarts without being written down.
    this.#sequence = Math.max(this.#sequence + 1, issuedMs)
    let record: CapabilityRecord = {
      ...capabilities,
      version: PRESENCE_VERSION,
      mesh: context.mesh,
      peer: this.#signer.peer,
      sequence: this.#sequence,
      issuedMs,
      expiresMs: issuedMs + context.lifeMs,
      credential: context.credential,
    }
    let encoded = sealRecord(record, this.#signer)
    while (encoded === undefined) {
      record = withoutLast(record)
      encoded = sealRecord(record, this.#signer)
    }
    return { record, encoded }
  }
}

function withoutLast(record: CapabilityRecord): CapabilityRecord {
  if (record.paces.length > 0) return { ...record, paces: record.paces.slice(0, -1) }
  if (record.holdings.length > 0) return { ...record, holdings: record.holdings.slice(0, -1) }
  invariant(record.addresses.length > 0, 'a record without lists fits')
  return { ...record, addresses: record.addresses.slice(0, -1) }
}
