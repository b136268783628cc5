/**
 * A device to which nothing was done is never replaced.
 *
 * @module
 */

import type { SessionChecker } from '../session-history.ts'

export const onlyTheStruckAreReplaced: SessionChecker = ({ losses, blameless }) =>
  losses
    .filter(({ peer }) => peer !== undefined && blameless(peer))
    .map(
      ({ stage, code, atMs }) =>
        `stage ${stage} was taken from a device that is well, after ${Math.round(atMs)} ms: ${code}`,
    )
