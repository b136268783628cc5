/**
 * Trust is neither made nor lost, on any day.
 *
 * @module
 */

import { TRUST_LIMITS } from '../../trust/index.ts'
import type { TrustChecker } from '../trust-scenario.ts'

export const massIsKept: TrustChecker = ({ world }) =>
  world.ends.flatMap(({ day, mass }) => {
    const sum = [...mass.values()].reduce((total, held) => total + held, 0)
    return sum === TRUST_LIMITS.MASS_TOTAL ? [] : [`on day ${day} all mass is ${sum}`]
  })
