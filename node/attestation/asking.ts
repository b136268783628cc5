/**
 * Asks devices for evidence: others over /brume/attest/1, this one by itself.
 *
 * @module
 */

import type { KeyObject } from 'node:crypto'
import type { AnchorSet, CollateralShelf, Policy } from '../../attestation/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import {
  ATTEST_FRAME_BYTES_MAX,
  ATTEST_PROTOCOL,
  type AttestResult,
  encodeAttestMessage,
  type VerifierInput,
  VerifierMachine,
  type VerifierOutput,
} from '../../protocols/attest/index.ts'
import { runExchange } from '../mesh/exchange.ts'
import type { Link, Network } from '../network/network.ts'
import type { Answer } from './appraisal-table.ts'
import type { DeviceEvidence } from './device-evidence.ts'
import { AttestExchangeError } from './errors.ts'
import { OpenQuestion } from './question.ts'

export interface AskingComponents {
  readonly network: Pick<Network, 'open' | 'self'>
  readonly clock: Clock
  readonly random: Random
}

/** By what an answer is judged, and who does what with it. */
export interface AskingRules {
  readonly policy: Policy
  readonly anchors: AnchorSet
  readonly shelf: CollateralShelf
  readonly releaseKeys: readonly KeyObject[]
  /** Takes an answer, and says what the device may know of it. */
  readonly judge: (peer: PeerId, answer: Answer) => AttestResult
}

export class Asking {
  readonly #components: AskingComponents
  readonly #rules: AskingRules
  readonly #links = new Set<Link>()

  constructor(components: AskingComponents, rules: AskingRules) {
    this.#components = components
    this.#rules = rules
  }

  /** Ends every question that is under way. */
  stop(): void {
    for (const link of this.#links) link.abort()
  }

  /** Asks this device itself what it asks others. */
  async self(evidence: DeviceEvidence): Promise<void> {
    const { network, clock } = this.#components
    const question = this.#question(network.self)
    const credential = question.credential(await evidence.keys())
    const { nonce } = question
    const registers = this.#rules.policy.tpm.pcrs
    const pieces = await evidence.pieces({ nonce, credential, registers }, network.self)
    const answer = question.answer({ pieces, handovers: [] }, clock.wallMs())
    this.#rules.judge(network.self, answer)
  }

  /**
   * Resolves once `peer` has answered and its answer was judged.
   *
   * @throws {AttestExchangeError} when it did not answer.
   * @throws {NetworkError} when it cannot be reached.
   */
  async other(peer: PeerId): Promise<void> {
    const { network, clock } = this.#components
    const question = this.#question(peer)
    const link = await network.open(peer, ATTEST_PROTOCOL, {
      frameBytesMax: ATTEST_FRAME_BYTES_MAX,
    })
    this.#links.add(link)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const machine = new VerifierMachine(question.nonce)
    const perform = (output: VerifierOutput, feed: (input: VerifierInput) => void): void => {
      switch (output.type) {
        case 'send':
          return link.send(encodeAttestMessage(output.message))
        case 'prepare':
          return feed({
            type: 'prepared',
            credential: question.credential(output.keys),
            registers: this.#rules.policy.tpm.pcrs,
          })
        case 'appraise': {
          const answer = question.answer(output.shown, clock.wallMs())
          return feed({ type: 'appraised', result: this.#rules.judge(peer, answer) })
        }
        case 'over':
          return output.fault === undefined
            ? resolve()
            : reject(new AttestExchangeError(output.fault))
      }
    }
    runExchange<VerifierInput, VerifierOutput>({ link, clock, machine, perform })
    // A link that was over before anybody listened tells nobody.
    if (!link.open) reject(new AttestExchangeError('ATTEST_LINK_ENDED'))
    try {
      await promise
      await link.close()
    } finally {
      link.abort()
      this.#links.delete(link)
    }
  }

  #question(attester: PeerId): OpenQuestion {
    const { network, random } = this.#components
    return new OpenQuestion({ ...this.#rules, attester, verifier: network.self, random })
  }
}
