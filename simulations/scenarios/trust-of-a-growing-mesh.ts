/**
 * One domain, then a few, then many, of which some leave and come back.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { committeesAreSeated } from '../checkers/committees-are-seated.ts'
import { massIsKept } from '../checkers/mass-is-kept.ts'
import { observersAgree } from '../checkers/observers-agree.ts'
import { below } from '../faults.ts'
import { anyMesh, trustScenario, type TrustChecker } from '../trust-scenario.ts'

/** Days after which all have come. */
const GROWTH_DAYS = 8
/** Share of those who come that are gone for a while. */
const LEAVING = 0.4

const whoIsThereIsTrusted: TrustChecker = ({ world }) => {
  const { plan, lastDay } = world
  const silent = world.honest.filter((domain, at) => {
    const wasThere = plan.isThere?.(at, lastDay.day) === true && plan.isThere(at, lastDay.day - 1)
    return wasThere && lastDay.mass.get(toHex(domain)) === 0
  })
  return silent.map(
    (domain) => `${toHex(domain).slice(0, 8)} worked for two days and holds nothing`,
  )
}

export const trustOfAGrowingMesh = trustScenario({
  name: 'trust-of-a-growing-mesh',
  question: 'does a mesh of one domain grow to many with a committee on every day?',
  plan: (random) => {
    const mesh = anyMesh(random)
    const days = GROWTH_DAYS + 4 + below(random, 8)
    // The seeds are there from the first day on, one after the other come the rest.
    const comes = Array.from({ length: mesh.honest }, (_, at) =>
      at < mesh.seeds ? 0 : below(random, GROWTH_DAYS),
    )
    const leaves = comes.map((day, at) =>
      at >= mesh.seeds && random.fraction() < LEAVING ? day + 1 + below(random, days) : days,
    )
    const away = comes.map(() => 1 + below(random, 6))
    return {
      ...mesh,
      days,
      // Of a day whose every statement is lost nobody knows.
      loss: 0,
      attackers: [],
      isThere: (at, day) => {
        const [come, leave, pause] = [comes[at] ?? 0, leaves[at] ?? days, away[at] ?? 0]
        return day >= come && (day < leave || day >= leave + pause)
      },
    }
  },
  checkers: [massIsKept, observersAgree, committeesAreSeated, whoIsThereIsTrusted],
})
