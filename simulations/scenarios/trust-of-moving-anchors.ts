/**
 * A mesh that agrees on other anchors every few days, until none of the first is left, while a swarm does some real work.
 *
 * @module
 */

import { TRUST_LIMITS } from '../../trust/index.ts'
import { attackersHoldWhatFlowsIn } from '../checkers/attackers-hold-what-flows-in.ts'
import { committeesAreSeated } from '../checkers/committees-are-seated.ts'
import { massIsKept } from '../checkers/mass-is-kept.ts'
import { observersAgree } from '../checkers/observers-agree.ts'
import { below } from '../faults.ts'
import { swarm } from '../trust-attackers.ts'
import { anyMesh, trustScenario, type TrustChecker } from '../trust-scenario.ts'

/** Days on which the anchors are the same. */
const DAYS_EACH_MAX = 3

/** Each anchor is given the same at home, a half of all mass together; who is none any more is given nothing there. */
const trustStartsAtTheAnchorsOfTheDay: TrustChecker = ({ world }) =>
  world.ends.flatMap(({ day, mass, anchors }) => {
    const home = Math.floor(TRUST_LIMITS.MASS_TOTAL / 2 / anchors.size)
    return [...anchors]
      .filter((anchor) => (mass.get(anchor) ?? 0) < home)
      .map((anchor) => `on day ${day} anchor ${anchor.slice(0, 8)} holds ${mass.get(anchor)}`)
  })

const theyMoved: TrustChecker = ({ world }) => {
  const [first] = world.ends
  const left = [...world.lastDay.anchors].filter((anchor) => first?.anchors.has(anchor))
  return left.length === 0 ? [] : [`${left.length} of the first anchors are anchors in the end`]
}

export const trustOfMovingAnchors = trustScenario({
  name: 'trust-of-moving-anchors',
  question:
    'does trust start where the mesh says on each day, for everybody alike, and is none lost?',
  plan: (random) => {
    const mesh = anyMesh(random)
    const daysEach = 1 + below(random, DAYS_EACH_MAX)
    const count = 1 + below(random, 6)
    // One goes and one comes at each change: after as many changes as there are anchors, all are others.
    const from = (day: number): number => Math.floor(day / daysEach)
    return {
      ...mesh,
      days: (count + 1) * daysEach,
      seeds: count,
      anchorsOn: (day) => Array.from({ length: count }, (_, at) => (from(day) + at) % mesh.honest),
      attackers: [
        swarm({
          name: 'swarm',
          joining: 1 + below(random, 3),
          domains: 2 + below(random, 60),
          customers: below(random, 6),
        }),
      ],
    }
  },
  checkers: [
    massIsKept,
    observersAgree,
    committeesAreSeated,
    attackersHoldWhatFlowsIn,
    trustStartsAtTheAnchorsOfTheDay,
    theyMoved,
  ],
})
