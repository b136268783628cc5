/**
 * Decides which capability records are taken: signed, of a member, in time, and never older than a known one.
 *
 * It remembers the last sequence number of each device for as long as a record
 * of that device could still be valid; what is older is refused by its dates.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import type { PresenceFault } from './errors.ts'
import { RECORD_LIFE_MS_MAX, RECORD_SKEW_MS_MAX, SEQUENCES_MAX } from './limits.ts'
import { type CapabilityRecord, openRecord } from './record.ts'

export type RecordVerdict =
  /** Newer than all that were seen of its device. */
  | { readonly type: 'fresh'; readonly record: CapabilityRecord }
  /** The newest one, seen again. */
  | { readonly type: 'known'; readonly record: CapabilityRecord }
  | { readonly type: 'refused'; readonly code: PresenceFault }

export interface RecordValidatorInit {
  readonly crypto: Crypto
  /** The mesh that records must be of; undefined while in none. */
  readonly mesh: () => MeshId | undefined
  /** Whether `credential` proves that `peer` is a member now. */
  readonly isMember: (peer: PeerId, credential: Uint8Array) => boolean
}

interface LastSeen {
  readonly sequence: number
  readonly digest: Uint8Array
  readonly record: CapabilityRecord
  /** When the last of all records of this device that were seen has expired. */
  readonly forgetMs: number
}

export class RecordValidator {
  readonly #init: RecordValidatorInit
  /** In order of the last fresh record. */
  readonly #last = new Map<PeerId, LastSeen>()
  readonly #byDigest = new Map<string, PeerId>()

  constructor(init: RecordValidatorInit) {
    this.#init = init
  }

  /**
   * Takes or refuses a record.
   *
   * @param wallMs - Wall time, in ms since the epoch.
   * @param from - The only device whose record this may be; any when undefined.
   */
  check(encoded: Uint8Array, wallMs: number, from?: PeerId): RecordVerdict {
    const digest = this.#init.crypto.sha256(encoded)
    const seen = this.#seenAgain(digest, wallMs, from)
    if (seen !== undefined) return { type: 'known', record: seen.record }
    const opened = openRecord(encoded, this.#init.crypto.verify)
    if (opened.type === 'refused') return opened
    const { record } = opened
    const code =
      this.#faultOf(record, from) ??
      dateFault(record, wallMs) ??
      this.#sequenceFault(record, wallMs)
    if (code !== undefined) return { type: 'refused', code }
    if (!this.#init.isMember(record.peer, record.credential)) {
      return { type: 'refused', code: 'PRESENCE_NOT_A_MEMBER' }
    }
    this.#remember(record, digest, wallMs)
    return { type: 'fresh', record }
  }

  /** Sequence number of the newest record of `peer`, for as long as one of its records could still hold. */
  sequence(peer: PeerId, wallMs: number): number | undefined {
    const last = this.#last.get(peer)
    return last === undefined || wallMs >= last.forgetMs ? undefined : last.sequence
  }

  /** Index of the record with the highest sequence number; 0 when none can be read. */
  best(encoded: readonly Uint8Array[]): number {
    let best = 0
    let highest = -1
    for (const [index, bytes] of encoded.entries()) {
      const opened = openRecord(bytes, this.#init.crypto.verify)
      if (opened.type === 'refused' || opened.record.sequence <= highest) continue
      best = index
      highest = opened.record.sequence
    }
    return best
  }

  /** Forgets everything, as when the mesh is left. */
  clear(): void {
    this.#last.clear()
    this.#byDigest.clear()
  }

  /** Records travel many ways: one that was taken before needs no second look at its signature. */
  #seenAgain(digest: Uint8Array, wallMs: number, from?: PeerId): LastSeen | undefined {
    const peer = this.#byDigest.get(digestKey(digest))
    const last = peer === undefined ? undefined : this.#last.get(peer)
    if (last === undefined || wallMs >= last.record.expiresMs) return undefined
    return bytesEqual(last.digest, digest) && (from ?? peer) === peer ? last : undefined
  }

  #faultOf(record: CapabilityRecord, from: PeerId | undefined): PresenceFault | undefined {
    if (from !== undefined && record.peer !== from) return 'PRESENCE_RECORD_FOREIGN'
    return record.mesh === this.#init.mesh() ? undefined : 'PRESENCE_NOT_A_MEMBER'
  }

  #sequenceFault({ peer, sequence }: CapabilityRecord, wallMs: number): PresenceFault | undefined {
    const last = this.sequence(peer, wallMs)
    if (last === undefined || sequence > last) return undefined
    return sequence < last ? 'PRESENCE_RECORD_STALE' : 'PRESENCE_RECORD_CONFLICT'
  }

  #remember(record: CapabilityRecord, digest: Uint8Array, wallMs: number): void {
    const forgetMs = Math.max(record.expiresMs, this.#last.get(record.peer)?.forgetMs ?? 0)
    this.#forget(record.peer)
    if (this.#last.size >= SEQUENCES_MAX) this.#makeRoom(wallMs)
    this.#last.set(record.peer, { sequence: record.sequence, digest, record, forgetMs })
    this.#byDigest.set(digestKey(digest), record.peer)
  }

  /** Drops what has expired; the oldest when nothing has. */
  #makeRoom(wallMs: number): void {
    for (const [peer, last] of this.#last) {
      if (wallMs >= last.forgetMs) this.#forget(peer)
    }
    const [oldest] = this.#last.keys()
    if (this.#last.size >= SEQUENCES_MAX && oldest !== undefined) this.#forget(oldest)
  }

  #forget(peer: PeerId): void {
    const last = this.#last.get(peer)
    if (last === undefined) return
    this.#last.delete(peer)
    this.#byDigest.delete(digestKey(last.digest))
  }
}

function digestKey(digest: Uint8Array): string {
  return String.fromCharCode(...digest)
}

function dateFault(record: CapabilityRecord, wallMs: number): PresenceFault | undefined {
  const { issuedMs, expiresMs } = record
  if (expiresMs <= issuedMs || expiresMs - issuedMs > RECORD_LIFE_MS_MAX) {
    return 'PRESENCE_DATES_INVALID'
  }
  if (issuedMs > wallMs + RECORD_SKEW_MS_MAX) return 'PRESENCE_DATES_INVALID'
  return wallMs >= expiresMs ? 'PRESENCE_RECORD_EXPIRED' : undefined
}
