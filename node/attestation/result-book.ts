/**
 * What members found about one another: the latest of each about each, and whether it was found again here.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { type AttestationResult, readResult } from '../../attestation/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import type { ItemShelf } from './conveyor.ts'

/** What repeating an appraisal came to. */
export type RecheckOutcome = 'agrees' | 'differs' | 'other-policy' | 'no-evidence'

export interface HeldResult {
  readonly id: string
  readonly encoded: Uint8Array
  readonly result: AttestationResult
  /** Undefined while it was not repeated, and of our own. */
  readonly recheck: RecheckOutcome | undefined
}

export interface ResultBookComponents {
  readonly clock: Pick<Clock, 'wallMs'>
  readonly isMember: (peer: PeerId) => boolean
}

/** Results that are kept; the oldest give way. */
const RESULTS_MAX = 1_024
/** How far the clocks of two devices may differ. */
const SKEW_MS_MAX = 300_000
/** Results are passed on for a day: what is older says nothing of today. */
const LIFE_MS = 86_400_000

export class ResultBook implements ItemShelf {
  readonly #components: ResultBookComponents
  /** By verifier and attester, the latest last. */
  readonly #held = new Map<string, HeldResult>()
  readonly #listeners = new Set<(held: HeldResult) => void>()

  constructor(components: ResultBookComponents) {
    this.#components = components
  }

  list(): readonly HeldResult[] {
    return [...this.#held.values()]
  }

  /** Calls back with every result of others that is new. */
  onTaken(listener: (held: HeldResult) => void): void {
    this.#listeners.add(listener)
  }

  ids(): readonly string[] {
    const oldestMs = this.#components.clock.wallMs() - LIFE_MS
    return this.list()
      .filter(({ result }) => result.appraisedAtMs >= oldestMs)
      .map(({ id }) => id)
  }

  get(id: string): Uint8Array | undefined {
    return this.#byId(id)?.encoded
  }

  lacks(id: string): boolean {
    return this.#byId(id) === undefined
  }

  /** Keeps a result of this device or another. @throws {AttestationError} `RESULT_MALFORMED`. */
  async take(encoded: Uint8Array): Promise<void> {
    const result = readResult(encoded, nodeCrypto.verify)
    const { attester, verifier, appraisedAtMs } = result
    const { clock, isMember } = this.#components
    // Nobody vouches for himself, and nothing was found tomorrow.
    if (attester === verifier || appraisedAtMs > clock.wallMs() + SKEW_MS_MAX) return
    if (!isMember(verifier) || appraisedAtMs < clock.wallMs() - LIFE_MS) return
    const key = keyOf(result)
    const before = this.#held.get(key)
    if (before !== undefined && before.result.appraisedAtMs >= appraisedAtMs) return
    const id = createHash('sha256').update(encoded).digest('hex')
    const held = { id, encoded, result, recheck: undefined }
    this.#put(key, held)
    for (const listener of this.#listeners) listener(held)
  }

  /** Notes what repeating the appraisal of a result came to. */
  noteRecheck({ id, result }: HeldResult, recheck: RecheckOutcome): void {
    const held = this.#held.get(keyOf(result))
    if (held?.id === id) this.#held.set(keyOf(result), { ...held, recheck })
  }

  #put(key: string, held: HeldResult): void {
    this.#held.delete(key)
    this.#held.set(key, held)
    const [oldest] = this.#held.keys()
    if (this.#held.size > RESULTS_MAX && oldest !== undefined) this.#held.delete(oldest)
  }

  #byId(id: string): HeldResult | undefined {
    return this.list().find((held) => held.id === id)
  }
}

function keyOf({ verifier, attester }: AttestationResult): string {
  return `${verifier} ${attester}`
}
