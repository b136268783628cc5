/**
 * A session ends once: closed, or failed with a code that the table of errors explains.
 *
 * @module
 */

import { INFERENCE_ERRORS } from '../../protocols/inference/index.ts'
import type { SessionChecker } from '../session-history.ts'

export const endsWithAWord: SessionChecker = ({ ends, endMs }) => {
  if (ends.length === 0) return [`the session was not over after ${Math.round(endMs)} ms`]
  const unknown = ends.filter(({ code }) => code !== undefined && !(code in INFERENCE_ERRORS))
  return [
    ...(ends.length > 1 ? [`the session ended ${ends.length} times`] : []),
    ...unknown.map(({ code }) => `the session failed with ${code}, which nothing explains`),
  ]
}
