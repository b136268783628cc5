/**
 * Who folds the same cuts has the same trust, in whichever order the statements came.
 *
 * @module
 */

import type { TrustChecker } from '../trust-scenario.ts'

export const observersAgree: TrustChecker = ({ world }) =>
  world.ends
    .filter(({ root, otherRoot }) => root !== otherRoot)
    .map(({ day }) => `on day ${day} two observers differ`)
