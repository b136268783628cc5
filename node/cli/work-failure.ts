/**
 * Work that a daemon took and could not do.
 *
 * @module
 */

import type { Problem } from '../api/schemas/problem.ts'
import { RemoteProblem } from './api-client.ts'

/** Exit code of a job or a text that was accepted and then failed. */
const WORK_FAILED_EXIT = 8
/** Codes that say more: its time was over, or nobody would have it. */
const TELLING_EXITS: ReadonlySet<number> = new Set([6, 7])

/** The failure with the exit code of work that was accepted. */
export function workFailure(problem: Problem): RemoteProblem {
  const exit = TELLING_EXITS.has(problem.exit) ? problem.exit : WORK_FAILED_EXIT
  return new RemoteProblem({ ...problem, exit })
}
