/**
 * Domains that take work and deny it, and tell of work that nobody did.
 *
 * @module
 */

import { committeesAreSeated } from '../checkers/committees-are-seated.ts'
import { massIsKept } from '../checkers/mass-is-kept.ts'
import { observersAgree } from '../checkers/observers-agree.ts'
import { theHonestLoseNothing } from '../checkers/the-honest-lose-nothing.ts'
import { below } from '../faults.ts'
import { slanderers } from '../trust-attackers.ts'
import { anyMesh, trustScenario, type TrustChecker } from '../trust-scenario.ts'

const nobodyWorkedForThem: TrustChecker = ({ world }) =>
  world.ends
    .filter(({ inflow }) => inflow > 0)
    .map(({ day }) => `on day ${day} work counts that nobody confirmed`)

export const trustUnderSlander = trustScenario({
  name: 'trust-under-slander',
  question: 'does it cost the honest nothing what slanderers say, and bring these nothing?',
  plan: (random) => ({
    ...anyMesh(random),
    attackers: [slanderers('slanderer', 1 + below(random, 30))],
  }),
  checkers: [
    massIsKept,
    observersAgree,
    committeesAreSeated,
    nobodyWorkedForThem,
    theHonestLoseNothing,
  ],
})
