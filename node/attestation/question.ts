/**
 * One question to one device: what it is asked for, and what is made of its answer.
 *
 * @module
 */

import { createHash, type KeyObject } from 'node:crypto'
import {
  type Activation,
  type AnchorSet,
  AttestationError,
  type CollateralShelf,
  CREDENTIAL_RANDOM_BYTES,
  type Handover,
  makeCredential,
  type Policy,
  readHandover,
  readPublic,
  verifyPieces,
} from '../../attestation/index.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import {
  NONCE_BYTES,
  type ShownEvidence,
  type TpmCredential,
  type TpmKeys,
} from '../../protocols/attest/index.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import type { Answer } from './appraisal-table.ts'

export interface QuestionInit {
  readonly attester: PeerId
  readonly verifier: PeerId
  readonly random: Random
  readonly policy: Policy
  readonly anchors: AnchorSet
  readonly shelf: CollateralShelf
  readonly releaseKeys: readonly KeyObject[]
}

const SECRET_BYTES = 32

export class OpenQuestion {
  readonly nonce: Uint8Array
  readonly #init: QuestionInit
  readonly #refusals: string[] = []
  #secretHash: Uint8Array | null = null
  #activation: Activation = { type: 'unchecked' }

  constructor(init: QuestionInit) {
    this.#init = init
    this.nonce = init.random.bytes(NONCE_BYTES)
  }

  /** A secret for the TPM of `keys`; undefined without keys, or with some that are none. */
  credential(keys: TpmKeys | undefined): TpmCredential | undefined {
    if (keys === undefined) return undefined
    const { random } = this.#init
    try {
      const [ek, ak] = [readPublic(keys.ekPublic), readPublic(keys.akPublic)]
      const secret = random.bytes(SECRET_BYTES)
      const made = makeCredential({
        ek,
        akName: ak.name,
        secret,
        random: random.bytes(CREDENTIAL_RANDOM_BYTES),
      })
      this.#secretHash = createHash('sha256').update(secret).digest()
      this.#activation = { type: 'proven', ekId: ek.keyId, akName: ak.name }
      return made
    } catch (error) {
      this.#refuse(error)
      return undefined
    }
  }

  /** What the pieces of the answer come to. */
  answer({ pieces, handovers }: ShownEvidence, nowMs: number): Answer {
    const { attester, verifier, policy } = this.#init
    const question = {
      attester,
      verifier,
      nonce: this.nonce,
      secretHash: this.#secretHash,
      activation: this.#activation,
    }
    const rules = { ...this.#init, nowMs, verify: nodeCrypto.verify }
    const { claims, refusals } = verifyPieces(pieces, question, rules)
    const read = handovers.flatMap((one) => this.#handover(one) ?? [])
    return {
      claims,
      handovers: read,
      refusals: [...this.#refusals, ...refusals],
      policy,
      answeredAtMs: nowMs,
      question,
      shown: { pieces, handovers },
    }
  }

  /** A handover to the device that shows it. */
  #handover(encoded: Uint8Array): Handover | undefined {
    try {
      const handover = readHandover(encoded, nodeCrypto.verify)
      if (handover.to === this.#init.attester) return handover
    } catch (error) {
      this.#refuse(error)
    }
    return undefined
  }

  #refuse(error: unknown): void {
    if (!(error instanceof AttestationError)) throw error
    this.#refusals.push(error.code)
  }
}
