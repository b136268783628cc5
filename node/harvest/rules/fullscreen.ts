/**
 * A window covers a whole display: a film, a game, a presentation.
 *
 * @module
 */

import { presenceSign } from './presence-caps.ts'

export const fullscreen = presenceSign({
  name: 'fullscreen',
  signal: 'fullscreen',
  code: 'FULLSCREEN',
  unblocks: 'no window covers a whole display',
  seen: (covered) => covered || undefined,
})
