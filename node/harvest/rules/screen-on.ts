/**
 * A display is lit and not locked. Says something on devices that are only lit while they are used.
 *
 * @module
 */

import { presenceCaps } from './presence-caps.ts'
import { NO_CAPS, plainRule, valueOf } from './rule.ts'

export const screenOn = plainRule('screen-on', (view) => {
  if (view.policy.screenOnMeans !== 'present') return NO_CAPS
  const lit = valueOf(view, 'screenOn')
  if (lit === false || valueOf(view, 'locked') === true) return NO_CAPS
  return presenceCaps(view, {
    code: lit === undefined ? 'SENSOR_STALE' : 'SCREEN_ON',
    signal: 'screenOn',
    unblocks: 'the display is off or locked',
  })
})
