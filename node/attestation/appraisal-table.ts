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
  type Discontinuity,
  discontinuity,
  type Handover,
  type PiecesQuestion,
  type Policy,
  type Tier,
  tierAtLeast,
} from '../../attestation/index.ts'
import type { PeerId } from '../../core/ids.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import type { ShownEvidence } from '../../protocols/attest/index.ts'

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
  /** For whom and for what it was made. */
  readonly question: PiecesQuestion
  /** As it came. */
  readonly shown: ShownEvidence
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
  readonly #answers: RecentCache<PeerId, Entry>
  readonly #hardware: RecentCache<string, Hardware>

  /** @param countMax - Devices that are remembered. */
  constructor(countMax: number) {
    this.#answers = new RecentCache(countMax)
    this.#hardware = new RecentCache(countMax)
  }

  /** @returns what happened at `peer` since its last answer, as far as its evidence shows. */
  put(peer: PeerId, answer: Answer): Discontinuity | 'tier-lower' | undefined {
    const tierBefore = this.#tier(peer)
    const before = this.#answers.get(peer)
    const happened = before === undefined ? undefined : discontinuity(before.sound, answer.claims)
    // A TPM whose clock went back is measured by what it showed before, until it is past that again.
    const rolledBack = happened === 'clock-back'
    const sound = rolledBack ? (before?.sound ?? []) : answer.claims
    this.#answers.set(peer, { ...answer, sound, rolledBack })
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
    if (happened !== undefined) return happened
    return tierAtLeast(this.#tier(peer), tierBefore) ? undefined : 'tier-lower'
  }

  /** Forgets what `peer` has shown, and that its TPM spoke for it. */
  forget(peer: PeerId): void {
    const answer = this.#answers.get(peer)
    this.#answers.delete(peer)
    for (const id of answer === undefined ? [] : hardwareOf(answer)) {
      const { shownBy, givenBy } = this.#hardware.get(id) ?? NOBODY
      const others = [...shownBy].filter((other) => other !== peer)
      this.#hardware.set(id, { shownBy: new Set(others), givenBy })
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
    const { policy, answeredAtMs, refusals, rolledBack } = answer
    const shared = hardwareOf(answer).some((id) => this.#isDoubted(id, peer))
    const doubts = [
      ...(shared ? ['POLICY_HARDWARE_SHARED'] : []),
      ...(rolledBack ? ['POLICY_CLOCK_BACK'] : []),
    ]
    const claims =
      doubts.length === 0 ? answer.claims : answer.claims.filter(({ kind }) => kind === 'self')
    const appraisal = appraise(claims, policy, answeredAtMs)
    const found = appraisal.submods.flatMap(({ findings }) => findings.map(({ code }) => code))
    return {
      peer,
      appraisal,
      kinds: answer.claims.map(({ kind }) => kind),
      codes: [...new Set([...doubts, ...refusals, ...found])],
      scoreNowMicros: decayedMicros(appraisal, nowMs),
      tierNow: nowMs <= appraisal.freshUntilMs ? appraisal.tier : staleTier(appraisal),
    }
  }

  #tier(peer: PeerId): Tier {
    return this.get(peer, 0)?.appraisal.tier ?? 'none'
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

interface Entry extends Answer {
  /** What the next answer is measured by. */
  readonly sound: readonly Claims[]
  /** True when its TPM's clock went back. */
  readonly rolledBack: boolean
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
