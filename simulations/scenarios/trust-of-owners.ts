/**
 * Owners of several devices that praise one another, belong together for a while, and part again.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { attackersHoldWhatFlowsIn } from '../checkers/attackers-hold-what-flows-in.ts'
import { committeesAreSeated } from '../checkers/committees-are-seated.ts'
import { massIsKept } from '../checkers/mass-is-kept.ts'
import { observersAgree } from '../checkers/observers-agree.ts'
import { below } from '../faults.ts'
import { domainsOf, household, type Household, isTogether } from '../trust-household.ts'
import { anyMesh, trustScenario, type TrustChecker } from '../trust-scenario.ts'
import type { TrustPlan } from '../trust-world.ts'

/** A mesh, and the households in it. */
interface OwnersPlan extends TrustPlan {
  readonly households: readonly Household[]
}

const householdsOf = (plan: TrustPlan): readonly Household[] => (plan as OwnersPlan).households

/** While they are one, they hold what the honest give them, and nothing by praising one another. */
const praiseIsWorthNothing: TrustChecker = ({ world }) => {
  const households = householdsOf(world.plan)
  return world.ends.flatMap(({ day, mass, inflow }) => {
    if (!households.every((one) => isTogether(one, day))) return []
    const domains = households.flatMap(domainsOf)
    const held = domains.reduce((sum, domain) => sum + (mass.get(toHex(domain)) ?? 0), 0)
    return held <= inflow + domains.length
      ? []
      : [`on day ${day} owners hold ${held}, with an inflow of ${inflow}`]
  })
}

/** One seat an owner: a device that belongs to another has none. */
const ownersHaveOneSeat: TrustChecker = ({ world }) =>
  world.ends.flatMap(({ day, committee }) => {
    const together = householdsOf(world.plan).filter((one) => isTogether(one, day))
    const bound = new Set(together.flatMap((one) => domainsOf(one).slice(1)).map(toHex))
    return committee.seats
      .filter((seat) => bound.has(seat))
      .map((seat) => `on day ${day} ${seat.slice(0, 8)} has a seat beside its owner`)
  })

/** What is proven against one while they are one is proven against all, also when they have parted. */
const nobodyIsWashed: TrustChecker = ({ world }) =>
  householdsOf(world.plan).flatMap((one) => {
    const { provenOn } = one
    if (provenOn === undefined || !isTogether(one, provenOn)) return []
    return world.ends
      .filter(({ day }) => day >= provenOn)
      .flatMap(({ day, micros }) =>
        domainsOf(one)
          .filter((domain) => micros.get(toHex(domain)) !== 0)
          .map((domain) => `on day ${day} ${toHex(domain).slice(0, 8)} is clean again`),
      )
  })

export const trustOfOwners = trustScenario({
  name: 'trust-of-owners',
  question:
    'do owners gain nothing by praise among their devices, by coming together, or by parting?',
  plan: (random) => {
    const mesh = anyMesh(random)
    const households = Array.from({ length: 1 + below(random, 3) }, (_, at) => {
      const joinOn = below(random, 4)
      const partOn = joinOn + 1 + below(random, mesh.days)
      const proven = random.fraction() < 0.4 ? joinOn + below(random, mesh.days) : undefined
      return {
        name: `household ${at}`,
        devices: 1 + below(random, 8),
        joinOn,
        partOn,
        customers: below(random, 3),
        provenOn: proven,
      }
    })
    const plan: OwnersPlan = {
      ...mesh,
      households,
      attackers: households.map((one) => household(one)),
    }
    return plan
  },
  checkers: [
    massIsKept,
    observersAgree,
    committeesAreSeated,
    attackersHoldWhatFlowsIn,
    praiseIsWorthNothing,
    ownersHaveOneSeat,
    nobodyIsWashed,
  ],
})
