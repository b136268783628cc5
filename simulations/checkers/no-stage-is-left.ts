/**
 * When a session is over, every device that can hear lets go of its stage.
 *
 * @module
 */

import type { SessionChecker } from '../session-history.ts'

export const noStageIsLeft: SessionChecker = ({ holders }) =>
  holders.map((peer) => `device ${peer.slice(-4)} still holds a stage`)
