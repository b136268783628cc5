/**
 * Domains by the hundred that tell of endless work for one another.
 *
 * @module
 */

import { attackersHoldWhatFlowsIn } from '../checkers/attackers-hold-what-flows-in.ts'
import { committeesAreSeated } from '../checkers/committees-are-seated.ts'
import { massIsKept } from '../checkers/mass-is-kept.ts'
import { observersAgree } from '../checkers/observers-agree.ts'
import { theHonestLoseNothing } from '../checkers/the-honest-lose-nothing.ts'
import { below } from '../faults.ts'
import { swarm } from '../trust-attackers.ts'
import { anyMesh, trustScenario } from '../trust-scenario.ts'

export const trustUnderSwarms = trustScenario({
  name: 'trust-under-swarms',
  question: 'does a swarm hold no more trust than its real work brings in, and the honest no less?',
  plan: (random) => ({
    ...anyMesh(random),
    attackers: Array.from({ length: 1 + below(random, 2) }, (_, at) =>
      swarm({
        name: `swarm ${at}`,
        joining: 1 + below(random, 20),
        domains: 2 + below(random, 120),
        customers: random.fraction() < 0.4 ? 0 : below(random, 6),
      }),
    ),
  }),
  checkers: [
    massIsKept,
    observersAgree,
    committeesAreSeated,
    attackersHoldWhatFlowsIn,
    theHonestLoseNothing,
  ],
})
