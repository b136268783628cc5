/**
 * What is known of each device by its evidence.
 *
 * One hardware speaks for one device. While two show the same, nobody can tell which of them
 * borrows it, so both are taken at their word only, until one of them has given it to the other.
 *
 * @module
 */

import {
  type Activation,
  type Appraisal,
  appraise,
  type Claims,
  decayedMicros,
  type Handover,
  type Policy,
  type Tier,
} from '../../attestation/index.ts'
import type { PeerId } from '../../core/ids.ts'
import { RecentCache } from '../../core/recent-cache.ts'

/** What came out of one question. */
export interface Answer {
  /** Claims of all evidence that holds. */
  readonly claims: readonly Claims[]
  /** Handovers to this device, signed by those that gave. */
  readonly handovers: readonly Handover[]
  /** Codes of evidence that does not. */
  readonly refusals: readonly string[]
  readonly policy: Policy
  readonly answeredAtMs: number
}

/** What a device is taken for. */
export interface Known {
  readonly peer: PeerId
  readonly appraisal: Appraisal
  readonly kinds: readonly string[]
  /** Codes of refusals and findings. */
  readonly codes: readonly string[]
  /** The score at the time of asking: it falls when nobody renews it. */
  readonly scoreNowMicros: number
  /** The tier at the time of asking: no more than its word once the appraisal is no longer fresh. */
  readonly tierNow: Tier
}

export class AppraisalTable {
  readonly #answers: RecentCache<PeerId, Answer>
  readonly #hardware: RecentCache<string, Hardware>

  /** @param countMax - Devices that are remembered. */
  constructor(countMax: number) {
    this.#answers = new RecentCache(countMax)
    this.#hardware = new RecentCache(countMax)
  }

  put(peer: PeerId, answer: Answer): void {
    this.#answers.set(peer, answer)
    for (const id of hardwareOf(answer)) {
      const { shownBy, givenBy } = this.#hardware.get(id) ?? NOBODY
      const givers = answer.handovers
        .filter(({ hardwareId }) => hardwareId === id)
        .map(({ from }) => from)
      this.#hardware.set(id, {
        shownBy: new Set([...shownBy, peer]),
        givenBy: new Set([...givenBy, ...givers]),
      })
    }
  }

  /** Where the attestation key of `peer` lives, as it proved last; unchecked when it never did. */
  activationOf(peer: PeerId): Activation {
    const claims = this.#answers.get(peer)?.claims ?? []
    const tpm = claims.find((one) => one.kind === 'tpm' && one.home === 'activation')
    if (tpm?.kind !== 'tpm' || tpm.hardwareId === undefined) return { type: 'unchecked' }
    return { type: 'proven', ekId: tpm.hardwareId, akName: tpm.akName }
  }

  /** What `peer` is taken for now; undefined when it was never asked. */
  get(peer: PeerId, nowMs: number): Known | undefined {
    const answer = this.#answers.get(peer)
    if (answer === undefined) return undefined
    const { policy, answeredAtMs, refusals } = answer
    const shared = hardwareOf(answer).some((id) => this.#isDoubted(id, peer))
    const claims = shared ? answer.claims.filter(({ kind }) => kind === 'self') : answer.claims
    const appraisal = appraise(claims, policy, answeredAtMs)
    const found = appraisal.submods.flatMap(({ findings }) => findings.map(({ code }) => code))
    return {
      peer,
      appraisal,
      kinds: answer.claims.map(({ kind }) => kind),
      codes: [...new Set([...(shared ? ['POLICY_HARDWARE_SHARED'] : []), ...refusals, ...found])],
      scoreNowMicros: decayedMicros(appraisal, nowMs),
      tierNow: nowMs <= appraisal.freshUntilMs ? appraisal.tier : staleTier(appraisal),
    }
  }

  /** True when `peer` gave this hardware away, or somebody else shows it who did not. */
  #isDoubted(id: string, peer: PeerId): boolean {
    const { shownBy, givenBy } = this.#hardware.get(id) ?? NOBODY
    return givenBy.has(peer) || [...shownBy].some((other) => other !== peer && !givenBy.has(other))
  }
}

function staleTier({ tier }: Appraisal): Tier {
  return tier === 'none' ? 'none' : 'self'
}

/** Devices that show a hardware, and those that gave it to another. */
interface Hardware {
  readonly shownBy: ReadonlySet<PeerId>
  readonly givenBy: ReadonlySet<PeerId>
}

const NOBODY: Hardware = { shownBy: new Set(), givenBy: new Set() }

function hardwareOf({ claims }: Answer): readonly string[] {
  return claims.flatMap(({ hardwareId }) => (hardwareId === undefined ? [] : [hardwareId]))
}
