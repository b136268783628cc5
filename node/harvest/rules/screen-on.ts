/**
 * A display is lit and not locked. Says something on devices that are only lit while they are used.
 *
 * Dark is absent only after as long as without input, where there is input: a phone that was just
 * put down is often picked up again.
 *
 * @module
 */

import { type Latch, LATCH_OFF, latchEndMs, stepLatch } from '../governor/latch.ts'
import { presenceCaps } from './presence-caps.ts'
import { NO_CAPS, rule, spanText, valueOf } from './rule.ts'

export const screenOn = rule<Latch>({
  name: 'screen-on',
  initial: LATCH_OFF,
  step: (state, view) => {
    const { nowMs, elapsedMs, policy } = view
    if (policy.screenOnMeans !== 'present') return { state, caps: NO_CAPS }
    const lit = valueOf(view, 'screenOn')
    const clear = lit === false || valueOf(view, 'locked') === true
    const times = { raiseMs: 0, clearMs: policy.cpuAwayMs, dwellMs: 0 }
    const latch = stepLatch(state, { nowMs, elapsedMs, raise: !clear, clear }, times)
    if (!latch.on) return { state: latch, caps: NO_CAPS }
    const cause = {
      signal: 'screenOn' as const,
      unblocks: `the display is off or locked for ${spanText(policy.cpuAwayMs)}`,
      ...(clear
        ? {
            code: 'DWELL' as const,
            after: 'SCREEN_ON' as const,
            untilMs: latchEndMs(latch, nowMs, times),
          }
        : { code: lit === undefined ? ('SENSOR_STALE' as const) : ('SCREEN_ON' as const) }),
    }
    return { state: latch, caps: presenceCaps(view, cause) }
  },
})
