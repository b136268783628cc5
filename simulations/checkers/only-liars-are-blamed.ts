/**
 * Where some lie and nothing else happens, nobody is replaced for anything else. Who is honest is not
 * blamed in the end but by a liar that lied once and no more: because the text was over, or another one
 * had it replaced.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { InferenceCode } from '../../protocols/inference/index.ts'
import type { SessionChecker } from '../session-history.ts'

/** Who computes with what is too large fails, and says so of itself. */
const OF_LIES: ReadonlySet<InferenceCode> = new Set([
  'INFERENCE_CUT_INVALID',
  'INFERENCE_COMPLAINT_UNFOUNDED',
  'INFERENCE_RUN_FAILED',
])

export const onlyLiarsAreBlamed: SessionChecker = ({ losses, cleared, liars }) => {
  const lost = losses.flatMap(({ peer, code }) => (peer === undefined ? [] : [{ peer, code }]))
  const others = lost.filter(({ code }) => !OF_LIES.has(code))
  const blamed = new Set(lost.map(({ peer }) => peer).filter((peer) => !cleared.includes(peer)))
  const honest = [...blamed].filter((peer) => !liars.includes(peer))
  const found = liars.filter((peer) => blamed.has(peer)).length
  const excused = liars.length - found + Math.max(0, found - 1)
  const named = (peer: PeerId): string => peer.slice(-4)
  return [
    ...others.map(({ peer, code }) => `${named(peer)} was lost: ${code}`),
    ...honest
      .slice(0, honest.length > excused ? undefined : 0)
      .map((peer) => `${named(peer)} is honest, and blamed`),
  ]
}
