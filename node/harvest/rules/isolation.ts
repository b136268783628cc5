/**
 * Whether priorities really keep work out of the way here: a self-test measures it.
 *
 * A priority within one session or cgroup says nothing to programs in another
 * (research: nice 19 took half of a contended processor). Where work would be felt,
 * it has no share while somebody is there.
 *
 * @module
 */

import { NO_CAPS, plainRule, share, valueOf } from './rule.ts'

export const isolation = plainRule('isolation', (view) => {
  const measured = valueOf(view, 'isolation')
  if (measured === undefined || !view.present) return NO_CAPS
  const { backgroundFraction } = measured
  if (backgroundFraction <= share(view.policy.isolationPercentMax)) return NO_CAPS
  return [
    {
      resource: 'cpu',
      cap: 0,
      code: 'NO_ISOLATION',
      signal: 'isolation',
      unblocks: 'nobody is there, or `brume doctor isolation` finds less than the limit',
      detail: `takes ${(100 * backgroundFraction).toFixed(1)} % of a busy processor`,
    },
  ]
})
