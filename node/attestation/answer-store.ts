/**
 * Answers that this device was given, kept over restarts: nobody is asked again for what is known.
 *
 * What is read back is verified once more, by the result that this device signed itself.
 *
 * @module
 */

import {
  type AttestationResult,
  decodePieces,
  type PiecesRules,
  readHandover,
  readResult,
  recheckResult,
} from '../../attestation/index.ts'
import { bytes, decodeShape, encodeShape, list, record } from '../../core/cbor-shape.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Answer } from './appraisal-table.ts'
import type { AttestationStore } from './attestation-store.ts'

const PREFIX = 'attestation/answers/'
/** Answers that are kept, and bytes of one. */
const ANSWERS_MAX = 128
const PIECES_BYTES_MAX = 4 * 640 * 1024 + 64

const kept = record({
  result: bytes(1, 4_096),
  pieces: bytes(1, PIECES_BYTES_MAX),
  handovers: list(bytes(1, 512), 4),
})

/** An answer with the result that was signed of it. */
export interface KeptAnswer {
  readonly result: Uint8Array
  /** As encodePieces writes them. */
  readonly pieces: Uint8Array
  readonly handovers: readonly Uint8Array[]
}

export class AnswerStore {
  readonly #store: AttestationStore
  readonly #self: PeerId
  /** Devices whose answers are kept, oldest first. */
  readonly #peers = new Set<PeerId>()

  constructor(store: AttestationStore, self: PeerId) {
    this.#store = store
    this.#self = self
  }

  async put(peer: PeerId, answer: KeptAnswer): Promise<void> {
    this.#peers.delete(peer)
    this.#peers.add(peer)
    await this.#store.put(PREFIX + peer, encodeShape(kept, answer))
    const [oldest] = this.#peers
    if (this.#peers.size > ANSWERS_MAX && oldest !== undefined) await this.forget(oldest)
  }

  async forget(peer: PeerId): Promise<void> {
    this.#peers.delete(peer)
    await this.#store.del(PREFIX + peer)
  }

  /** Answers that still come to what this device found then; others are dropped. */
  async restore(
    rules: Omit<PiecesRules, 'nowMs'>,
  ): Promise<
    readonly { readonly peer: PeerId; readonly answer: Answer; readonly kept: KeptAnswer }[]
  > {
    const found = []
    for (const { key, value } of await this.#store.entries(PREFIX, ANSWERS_MAX)) {
      const restored = this.#restored(value, rules)
      if (restored === undefined) await this.#store.del(key)
      else {
        this.#peers.add(restored.peer)
        found.push(restored)
      }
    }
    return found
  }

  #restored(value: Uint8Array, rules: Omit<PiecesRules, 'nowMs'>) {
    const decoded = decodeShape(kept, value)
    if (decoded.type === 'refused') return undefined
    try {
      const result = readResult(decoded.value.result, rules.verify)
      if (result.verifier !== this.#self) return undefined
      return {
        peer: result.attester,
        answer: answerOf(result, decoded.value, rules),
        kept: decoded.value,
      }
    } catch {
      // Damaged, of another version or by another policy: the device is asked anew.
      return undefined
    }
  }
}

function answerOf(
  result: AttestationResult,
  { pieces: encoded, handovers }: KeptAnswer,
  rules: Omit<PiecesRules, 'nowMs'>,
): Answer {
  const pieces = decodePieces(encoded)
  const again = recheckResult(result, pieces, rules)
  if (again.type !== 'agrees') throw new Error(again.type)
  const { attester, verifier, nonce, secretHash = null, activation, appraisedAtMs } = result
  return {
    claims: again.found.claims,
    refusals: again.found.refusals,
    handovers: handovers.map((one) => readHandover(one, rules.verify)),
    policy: rules.policy,
    answeredAtMs: appraisedAtMs,
    question: {
      attester,
      verifier,
      nonce,
      secretHash,
      activation:
        activation === undefined ? { type: 'unchecked' } : { type: 'proven', ...activation },
    },
    shown: { pieces, handovers },
  }
}
