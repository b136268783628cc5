/**
 * A domain that works well for weeks, and then sells what it earned.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { committeesAreSeated } from '../checkers/committees-are-seated.ts'
import { massIsKept } from '../checkers/mass-is-kept.ts'
import { observersAgree } from '../checkers/observers-agree.ts'
import { below } from '../faults.ts'
import { longCon } from '../trust-attackers.ts'
import { anyMesh, trustScenario, type TrustChecker } from '../trust-scenario.ts'
import { FLOOR_MICROS, simDomain } from '../trust-world.ts'

const HONEST_DAYS_MIN = 5
/** From the first day of cheating until a newcomer is trusted more: some failed audits. */
const DAYS_MAX = 4
/** Days that are simulated after it began to cheat. */
const DAYS_AFTER = 10
const NAME = 'con'

/** Its score by day. */
const scores = ({ world }: Parameters<TrustChecker>[0]): readonly number[] =>
  world.ends.map(({ micros }) => micros.get(toHex(simDomain(NAME))) ?? 0)

/** The day on which it began: what is simulated ends so long after it. */
const begun = ({ world }: Parameters<TrustChecker>[0]): number => world.plan.days - DAYS_AFTER

const itEarnsWhatItWorksFor: TrustChecker = (run) => {
  const before = scores(run)[begun(run) - 1] ?? 0
  return before > FLOOR_MICROS ? [] : [`honest work left it with ${before}`]
}

const itFallsBehindNewcomers: TrustChecker = (run) =>
  scores(run).flatMap((micros, day) =>
    day >= begun(run) + DAYS_MAX && micros >= FLOOR_MICROS
      ? [`on day ${day}, ${day - begun(run)} days after it began to cheat, it has ${micros}`]
      : [],
  )

const nobodyElseFalls: TrustChecker = ({ world }) =>
  world.ends.flatMap(({ day, micros }) =>
    world.honest
      .filter((domain) => (micros.get(toHex(domain)) ?? 0) < FLOOR_MICROS)
      .map((domain) => `on day ${day} honest ${toHex(domain).slice(0, 8)} is below its hardware`),
  )

const aProofCountsAtOnce: TrustChecker = (run) => {
  const { attackers } = run.world.plan
  if (attackers.length < 2) return []
  const proven = run.world.ends.flatMap(({ day, micros }) =>
    day >= begun(run) ? [micros.get(toHex(simDomain('forger'))) ?? 0] : [],
  )
  return proven.every((micros) => micros === 0) ? [] : [`after the proof: ${proven.join(', ')}`]
}

export const trustAfterACon = trustScenario({
  name: 'trust-after-a-con',
  question:
    'does a domain that earned trust lose it within days of cheating, and at once when proven?',
  plan: (random) => {
    const honestDays = HONEST_DAYS_MIN + below(random, 20)
    const customersPerDay = 2 + below(random, 6)
    const con = longCon({
      name: NAME,
      honestDays,
      customersPerDay,
      auditsPerDay: 1 + below(random, 4),
      provenOn: undefined,
    })
    const forger = longCon({
      name: 'forger',
      honestDays: Number.POSITIVE_INFINITY,
      customersPerDay,
      auditsPerDay: 0,
      provenOn: honestDays,
    })
    return {
      ...anyMesh(random),
      days: honestDays + DAYS_AFTER,
      attackers: random.fraction() < 0.5 ? [con] : [con, forger],
    }
  },
  checkers: [
    massIsKept,
    observersAgree,
    committeesAreSeated,
    itEarnsWhatItWorksFor,
    itFallsBehindNewcomers,
    nobodyElseFalls,
    aProofCountsAtOnce,
  ],
})
