/**
 * Each output comes once, and is what the model gives for its input; all of them unless the session failed.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { SessionChecker } from '../session-history.ts'
import { computed } from '../sim-stage.ts'

export const everyOutputOnce: SessionChecker = (history) => {
  const wrong: string[] = []
  const seen = new Set<number>()
  for (const { request, tensors } of history.outputs) {
    if (seen.has(request)) wrong.push(`output ${request} came twice`)
    seen.add(request)
    if (history.text !== undefined) continue
    let expected = history.input(request)
    for (let stage = 0; stage < history.stages; stage++) expected = computed(expected)
    const [right, came] = [expected[0]?.data, tensors[0]?.data]
    if (right === undefined || came === undefined || !bytesEqual(right, came)) {
      wrong.push(`output ${request} is not what the model gives`)
    }
  }
  const closed = history.ends.some(({ code }) => code === undefined)
  if (closed && seen.size < history.requests) {
    wrong.push(`the session closed with ${seen.size} of ${history.requests} outputs`)
  }
  return wrong
}
