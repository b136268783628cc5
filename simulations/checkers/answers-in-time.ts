/**
 * Once nothing is done to anybody any more, every request is answered soon: no session fails that
 * has devices left, and none waits for what will not come.
 *
 * @module
 */

import type { SessionChecker } from '../session-history.ts'

/**
 * Time from the last fault to the last output, in milliseconds. A device that answers and computes
 * nothing is noticed after the progress limit (30 s), and five of them one after the other.
 */
const SETTLE_MS_MAX = 200_000

export const answersInTime: SessionChecker = ({ ends, outputs, requests, calmMs }) => {
  const failed = ends.find(({ code }) => code !== undefined)
  if (failed !== undefined) return [`the session failed with ${failed.code}`]
  const lastMs = outputs.at(-1)?.atMs ?? 0
  if (outputs.length < requests) {
    return [`${requests - outputs.length} of ${requests} requests were never answered`]
  }
  const tookMs = Math.round(lastMs - calmMs)
  return tookMs > SETTLE_MS_MAX ? [`the last output came ${tookMs} ms after the last fault`] : []
}
