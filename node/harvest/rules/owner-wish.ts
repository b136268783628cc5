/**
 * What the person told the daemon: pause, let it finish, or switched off in the configuration.
 *
 * @module
 */

import { RESOURCES } from '../levels.ts'
import type { Wish } from '../signals.ts'
import { type Cap, NO_CAPS, plainRule, type View } from './rule.ts'

export const ownerWish = plainRule('owner-wish', (view) => {
  const wish = wishNow(view)
  switch (wish.mode) {
    case 'none':
    case 'boost':
      return NO_CAPS
    case 'pause':
      return RESOURCES.map((resource) => ({ ...causeOf(wish, view), resource }))
    case 'finish':
      return [{ ...causeOf(wish, view), resource: 'lease' }]
  }
})

export const disabled = plainRule('disabled', ({ policy }) =>
  policy.enabled
    ? NO_CAPS
    : RESOURCES.map((resource) => ({
        resource,
        cap: 0,
        code: 'DISABLED',
        unblocks: 'harvest.enabled = true',
      })),
)

/** The wish that still holds: one that was bounded in time ends by itself. */
export function wishNow(view: Pick<View, 'readings' | 'wallMs'>): Wish {
  const { wish } = view.readings
  if (wish.quality === 'unknown' || wish.value.mode === 'none') return { mode: 'none' }
  const { untilWallMs = Number.POSITIVE_INFINITY } = wish.value
  return view.wallMs < untilWallMs ? wish.value : { mode: 'none' }
}

function causeOf(wish: Exclude<Wish, { mode: 'none' }>, view: View): Omit<Cap, 'resource'> {
  const { untilWallMs } = wish
  return {
    cap: 0,
    code: wish.mode === 'pause' ? 'PAUSED_BY_USER' : 'FINISHING_BY_USER',
    signal: 'wish',
    unblocks: '`brume resume`',
    ...(untilWallMs !== undefined && { untilMs: view.nowMs + untilWallMs - view.wallMs }),
  }
}
