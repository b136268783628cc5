/**
 * What seats want the parameters of their mesh to be, and the change that follows once a quorum wants the same.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  changeBy,
  type Consent,
  decodeConsent,
  encodeChange,
  EPOCH_LIMITS,
  isConsent,
  parametersOf,
} from '../../protocols/epoch/index.ts'
import type { EpochChain } from './epoch-chain.ts'

export interface ConsentsRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  readonly chain: EpochChain
}

export class Consents {
  readonly #rules: ConsentsRules
  /** The latest of each seat: as many as there are seats. */
  readonly #bySeat = new Map<PeerId, Consent>()

  constructor(rules: ConsentsRules) {
    this.#rules = rules
  }

  /** Every one that counts now. */
  all(): readonly Consent[] {
    return [...this.#bySeat.values()]
  }

  /** Takes what a seat wants, as it is gossiped; the latest word of a seat is the one with the latest end. */
  take(encoded: Uint8Array): 'new' | 'known' | 'invalid' {
    const { crypto, network, chain } = this.#rules
    const read = decodeConsent(encoded)
    if (read.type === 'refused') return 'invalid'
    const consent = read.value
    const known = this.#bySeat.get(consent.seat)
    const isLater = known === undefined || consent.until > known.until
    // Who has no seat here may have one elsewhere, where more epochs are known.
    if (!isLater || !this.#counts(consent) || !chain.committee.includes(consent.seat))
      return 'known'
    const valid = parametersOf(consent.parameters) !== undefined
    if (!valid || !isConsent(crypto.verify, network, consent)) return 'invalid'
    this.#bySeat.set(consent.seat, consent)
    return 'new'
  }

  /** The change for the next epoch; undefined while no quorum wants the same, or one is under way. */
  change(): Uint8Array | undefined {
    const { chain } = this.#rules
    const { parameters } = chain.fold
    if (parameters.isChangingIn(chain.next)) return undefined
    const wanted = new Map<string, Consent[]>()
    for (const consent of this.all()) {
      if (bytesEqual(consent.parameters, parameters.at(chain.next))) continue
      const name = toHex(consent.parameters)
      wanted.set(name, [...(wanted.get(name) ?? []), consent])
    }
    const changes = [...wanted.values()].flatMap((same) => changeBy(chain.committee, same) ?? [])
    const [change] = changes
    return change && encodeChange(change)
  }

  /** Gives up what nobody is held to any more. */
  sweep(): void {
    const { chain } = this.#rules
    for (const [seat, consent] of this.#bySeat) {
      if (!this.#counts(consent) || !chain.committee.includes(seat)) this.#bySeat.delete(seat)
    }
  }

  #counts({ number, until }: Consent): boolean {
    const { next, fold } = this.#rules.chain
    if (number !== fold.parameters.number + 1) return false
    return until >= next && until <= next + EPOCH_LIMITS.CONSENT_EPOCHS_MAX
  }
}
