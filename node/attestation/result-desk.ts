/**
 * Signs what this device found about others, and finds again what others did.
 *
 * @module
 */

import {
  appraise,
  decodePieces,
  type PiecesRules,
  policyDigest,
  recheckResult,
  RESULT_VERSION,
  signResult,
} from '../../attestation/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { ItemKind } from '../../protocols/conveyance/index.ts'
import { AnswerStore } from './answer-store.ts'
import type { Answer } from './appraisal-table.ts'
import type { AttestationStore } from './attestation-store.ts'
import { EvidenceShelf } from './evidence-shelf.ts'
import { type HeldResult, type RecheckOutcome, ResultBook } from './result-book.ts'

export interface ResultDeskComponents {
  readonly signer: Signer
  readonly clock: Clock
  readonly logger: Logger
  readonly store: AttestationStore
  readonly isMember: (peer: PeerId) => boolean
  readonly publish: (kind: ItemKind, body: Uint8Array) => Promise<void>
  /** Fetches an item by its name. Never rejects. */
  readonly fetch: (peer: PeerId, kind: ItemKind, id: string) => Promise<void>
}

/** Appraisals that wait to be repeated; those of a mesh come one by one. */
const WAITING_MAX = 64

export class ResultDesk {
  readonly results: ResultBook
  readonly evidence = new EvidenceShelf()
  readonly #components: ResultDeskComponents
  readonly #store: AnswerStore
  #rules: Omit<PiecesRules, 'nowMs'> | undefined
  #waiting = 0
  #working: Promise<void> = Promise.resolve()

  constructor(components: ResultDeskComponents) {
    this.#components = components
    this.#store = new AnswerStore(components.store, components.signer.peer)
    this.results = new ResultBook(components)
    this.results.onTaken((held) => this.#queue(held))
  }

  /** Judges by `rules` from now on, and resolves to the answers of an earlier life that still hold. */
  async start(
    rules: Omit<PiecesRules, 'nowMs'>,
  ): Promise<readonly { readonly peer: PeerId; readonly answer: Answer }[]> {
    this.#rules = rules
    const restored = await this.#store.restore(rules)
    for (const { answer, kept } of restored) {
      this.evidence.keep(answer.shown.pieces)
      await this.results.take(kept.result)
    }
    return restored
  }

  stop(): Promise<void> {
    this.#rules = undefined
    return this.#working
  }

  /** Signs what `answer` comes to, keeps it and tells the others. Never rejects. */
  async note(peer: PeerId, answer: Answer): Promise<void> {
    const { signer, logger, publish } = this.#components
    // What this device finds about itself convinces nobody else.
    if (peer === signer.peer) return
    const { id, encoded: pieces } = this.evidence.keep(answer.shown.pieces)
    const result = signResult(signer, { ...resultOf(answer), evidence: id })
    try {
      await this.#store.put(peer, { result, pieces, handovers: answer.shown.handovers })
      await this.results.take(result)
      await publish('result', result)
    } catch (error) {
      logger.warn('appraisal not kept', { peer, code: errorCode(error) })
    }
  }

  /** Forgets what `peer` has shown. */
  forget(peer: PeerId): Promise<void> {
    return this.#store.forget(peer)
  }

  #queue(held: HeldResult): void {
    const { verifier, attester } = held.result
    const { peer } = this.#components.signer
    if ([verifier, attester].includes(peer) || this.#waiting >= WAITING_MAX) return
    this.#waiting++
    this.#working = this.#working.then(async () => {
      this.results.noteRecheck(held, await this.#rechecked(held))
      this.#waiting--
    })
  }

  async #rechecked({ result }: HeldResult): Promise<RecheckOutcome> {
    const rules = this.#rules
    if (rules === undefined) return 'no-evidence'
    if (result.policyDigest !== policyDigest(rules.policy)) return 'other-policy'
    const { verifier, evidence } = result
    const { fetch, logger } = this.#components
    const encoded = await this.evidence.obtain(evidence, () =>
      fetch(verifier, 'evidence', evidence),
    )
    if (encoded === undefined) return 'no-evidence'
    try {
      const { type } = recheckResult(result, decodePieces(encoded), rules)
      if (type === 'differs') logger.warn('appraisal not found again', { ...result })
      return type
    } catch {
      // Bytes with the right hash that are no pieces: the result rests on nothing.
      return 'differs'
    }
  }
}

function resultOf({ claims, refusals, policy, question, answeredAtMs }: Answer) {
  const { attester, verifier, nonce, secretHash, activation } = question
  const appraisal = appraise(claims, policy, answeredAtMs)
  const found = appraisal.submods.flatMap(({ findings }) => findings.map(({ code }) => code))
  return {
    version: RESULT_VERSION,
    attester,
    // A question over a link has a verifier; an epoch has none, and no result is signed there.
    verifier: verifier ?? attester,
    epoch: 'nonce' as const,
    nonce,
    secretHash: secretHash ?? undefined,
    activation:
      activation.type === 'proven'
        ? { ekId: activation.ekId, akName: activation.akName }
        : undefined,
    policyId: policy.id.slice(0, 64),
    policyDigest: appraisal.policyDigest,
    tier: appraisal.tier,
    status: appraisal.status,
    scoreMicros: appraisal.scoreMicros,
    codes: [...new Set([...refusals, ...found])],
    appraisedAtMs: Math.floor(answeredAtMs),
    freshUntilMs: Math.floor(appraisal.freshUntilMs),
  }
}
