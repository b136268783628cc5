/**
 * Where some lie and nothing else happens, nobody is replaced for anything else. Who is honest is not
 * blamed in the end but by a liar that was gone before it lied twice: by fewer than there are liars.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { SessionChecker } from '../session-history.ts'

export const onlyLiarsAreBlamed: SessionChecker = ({ losses, cleared, liars }) => {
  const lost = losses.flatMap(({ peer, code }) => (peer === undefined ? [] : [{ peer, code }]))
  const others = lost.filter(
    ({ code }) => code !== 'INFERENCE_CUT_INVALID' && code !== 'INFERENCE_COMPLAINT_UNFOUNDED',
  )
  const blamed = new Set(lost.map(({ peer }) => peer).filter((peer) => !cleared.includes(peer)))
  const honest = [...blamed].filter((peer) => !liars.includes(peer))
  const named = (peer: PeerId): string => peer.slice(-4)
  return [
    ...others.map(({ peer, code }) => `${named(peer)} was lost: ${code}`),
    ...honest
      .slice(0, honest.length < liars.length ? 0 : undefined)
      .map((peer) => `${named(peer)} is honest, and blamed`),
  ]
}
