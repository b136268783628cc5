/**
 * Calls to ask devices again, as members make them.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { readRevocation, type Revocation } from '../../attestation/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import type { ItemShelf } from './conveyor.ts'

export interface RevocationBookComponents {
  readonly clock: Pick<Clock, 'wallMs'>
  readonly isMember: (peer: PeerId) => boolean
}

interface HeldCall {
  readonly id: string
  readonly encoded: Uint8Array
  readonly call: Revocation
}

const CALLS_MAX = 512
const SKEW_MS_MAX = 300_000
/** Whoever was away for longer asks anyway: appraisals are not fresh for so long. */
const LIFE_MS = 3_600_000

export class RevocationBook implements ItemShelf {
  readonly #components: RevocationBookComponents
  /** By caller and device, the latest last. */
  readonly #held = new Map<string, HeldCall>()
  readonly #listeners = new Set<(call: Revocation) => void>()

  constructor(components: RevocationBookComponents) {
    this.#components = components
  }

  /** Calls back with every call that is new. */
  onTaken(listener: (call: Revocation) => void): void {
    this.#listeners.add(listener)
  }

  ids(): readonly string[] {
    const oldestMs = this.#components.clock.wallMs() - LIFE_MS
    const all = [...this.#held.values()].filter(({ call }) => call.atMs >= oldestMs)
    return all.map(({ id }) => id)
  }

  get(id: string): Uint8Array | undefined {
    return [...this.#held.values()].find((held) => held.id === id)?.encoded
  }

  lacks(id: string): boolean {
    return this.get(id) === undefined
  }

  /** @throws {AttestationError} `REVOCATION_MALFORMED`. */
  async take(encoded: Uint8Array): Promise<void> {
    const call = readRevocation(encoded, nodeCrypto.verify)
    const { clock, isMember } = this.#components
    const nowMs = clock.wallMs()
    if (!isMember(call.by) || call.atMs > nowMs + SKEW_MS_MAX || call.atMs < nowMs - LIFE_MS) return
    const key = `${call.by} ${call.attester}`
    if ((this.#held.get(key)?.call.atMs ?? 0) >= call.atMs) return
    const id = createHash('sha256').update(encoded).digest('hex')
    this.#held.delete(key)
    this.#held.set(key, { id, encoded, call })
    const [oldest] = this.#held.keys()
    if (this.#held.size > CALLS_MAX && oldest !== undefined) this.#held.delete(oldest)
    for (const listener of this.#listeners) listener(call)
  }
}
