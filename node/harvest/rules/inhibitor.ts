/**
 * A program holds off the idle screen: somebody watches or listens without touching anything.
 *
 * @module
 */

import { presenceSign } from './presence-caps.ts'

export const inhibitor = presenceSign({
  name: 'inhibitor',
  signal: 'inhibitors',
  code: 'USER_PRESENT_INHIBITOR',
  unblocks: 'the program lets the screen go idle',
  seen: (inhibitors) => inhibitors.find(({ what }) => what === 'idle')?.by,
})
