/**
 * A fetch ends, one way or the other.
 *
 * @module
 */

import type { BlocksChecker } from '../blocks-scenario.ts'

export const fetchEnds: BlocksChecker = ({ outcome, nowMs }) =>
  outcome?.type === 'done' || outcome?.type === 'failed'
    ? []
    : [`the fetch was not over after ${Math.round(nowMs)} ms`]
