/**
 * What seats want the parameters of their mesh to be, and the change that follows once a quorum wants the same.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  areParameters,
  changeBy,
  type Consent,
  decodeConsent,
  encodeChange,
  EPOCH_LIMITS,
  isConsent,
} from '../../protocols/epoch/index.ts'
import type { EpochChain } from './epoch-chain.ts'

export interface ConsentsRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  readonly chain: EpochChain
}

export class Consents {
  readonly #rules: ConsentsRules
  /** The latest of each seat and each anchor: as many as there are of both. */
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
    const { crypto, network } = this.#rules
    const read = decodeConsent(encoded)
    if (read.type === 'refused') return 'invalid'
    const consent = read.value
    const known = this.#bySeat.get(consent.seat)
    const isLater = known === undefined || consent.until > known.until
    // Who has no seat here may have one elsewhere, where more epochs are known.
    if (!isLater || !this.#counts(consent) || !this.#hasVoice(consent.seat)) return 'known'
    const valid = areParameters(consent.parameters)
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
      if (parameters.isHeld(consent.parameters, chain.next)) continue
      const name = toHex(consent.parameters)
      wanted.set(name, [...(wanted.get(name) ?? []), consent])
    }
    const { committee, fold } = chain
    const changes = [...wanted.values()].flatMap((same) => {
      const anchors = same.flatMap((one) => fold.anchorsAsked(one.parameters, chain.next))
      return changeBy({ committee, anchors: [...new Set(anchors)] }, same) ?? []
    })
    const [change] = changes
    return change && encodeChange(change)
  }

  /** Gives up what nobody is held to any more. */
  sweep(): void {
    for (const [seat, consent] of this.#bySeat) {
      if (!this.#counts(consent) || !this.#hasVoice(seat)) this.#bySeat.delete(seat)
    }
  }

  /** True for a seat, and for an anchor: where trust starts is for it to say as well. */
  #hasVoice(device: PeerId): boolean {
    const { committee, fold, next } = this.#rules.chain
    return committee.includes(device) || fold.parameters.valuesAt(next).anchors.includes(device)
  }

  #counts({ number, until }: Consent): boolean {
    const { next, fold } = this.#rules.chain
    if (number !== fold.parameters.number + 1) return false
    return until >= next && until <= next + EPOCH_LIMITS.CONSENT_EPOCHS_MAX
  }
}
