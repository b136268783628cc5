/**
 * Evidence of epochs: the envelopes of all devices, and what they come to.
 *
 * @module
 */

import { type Envelope, openEnvelope } from '../../attestation/index.ts'
import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import type { ItemShelf } from './conveyor.ts'

interface HeldEnvelope {
  readonly envelope: Envelope
  readonly encoded: Uint8Array
}

/** Epochs of one device that are kept: the present one, and one that others have begun already. */
const EPOCHS_PER_PEER = 2
const ENVELOPES_MAX = 512
const BYTES_MAX = 64 * 1024 * 1024

export class EnvelopeBook implements ItemShelf {
  readonly #isMember: (peer: PeerId) => boolean
  /** By id, oldest first. */
  readonly #held = new Map<string, HeldEnvelope>()
  #bytes = 0

  /** @param isMember - Envelopes of others are not kept. */
  constructor(isMember: (peer: PeerId) => boolean) {
    this.#isMember = isMember
  }

  /** The envelopes of an epoch, one a device, in the order of their devices. */
  of(epoch: Uint8Array): readonly Envelope[] {
    const all = [...this.#held.values()].map(({ envelope }) => envelope)
    const own = all.filter((envelope) => toHex(envelope.epoch) === toHex(epoch))
    return own.toSorted((a, b) => (a.attester < b.attester ? -1 : 1))
  }

  ids(): readonly string[] {
    return [...this.#held.keys()]
  }

  get(id: string): Uint8Array | undefined {
    return this.#held.get(id)?.encoded
  }

  lacks(id: string): boolean {
    return !this.#held.has(id)
  }

  /**
   * Keeps an envelope; the first of a device for an epoch stays.
   *
   * @throws {AttestationError} for one that its device has not signed.
   */
  async take(encoded: Uint8Array): Promise<void> {
    const envelope = openEnvelope(encoded, nodeCrypto.verify)
    if (!this.#isMember(envelope.attester)) return
    const same = [...this.#held.values()].filter(
      (held) => held.envelope.attester === envelope.attester,
    )
    if (same.some((held) => toHex(held.envelope.epoch) === toHex(envelope.epoch))) return
    if (same.length >= EPOCHS_PER_PEER) this.#drop(same[0]?.envelope.id)
    this.#held.set(envelope.id, { envelope, encoded })
    this.#bytes += encoded.length
    while (this.#held.size > ENVELOPES_MAX || this.#bytes > BYTES_MAX) {
      const [oldest] = this.#held.keys()
      this.#drop(oldest)
    }
  }

  #drop(id: string | undefined): void {
    const held = id === undefined ? undefined : this.#held.get(id)
    if (id === undefined || held === undefined) return
    this.#held.delete(id)
    this.#bytes -= held.encoded.length
  }
}
