/**
 * The shares that work has at most, and those of memory and network while somebody is there.
 *
 * @module
 */

import type { ReasonCode } from '../reasons.ts'
import type { Resource } from '../levels.ts'
import { type Cap, plainRule, share, valueOf, type View } from './rule.ts'

export const shareCaps = plainRule('share-caps', (view) => {
  const { policy } = view
  const presentMemory = view.present || valueOf(view, 'memory') === undefined
  // Whether volume is paid for is often not known: then as if somebody were there.
  const presentNetwork = view.present || valueOf(view, 'network') === undefined
  return [
    cap('cpu', 'CPU_CAP', awayCpuLevel(view)),
    cap('gpu', 'GPU_CAP', share(policy.awayGpuPercent)),
    cap(
      'memory',
      'MEM_CAP',
      share(presentMemory ? policy.presentMemoryPercent : policy.awayMemoryPercent),
    ),
    cap(
      'network',
      'NET_CAP',
      share(presentNetwork ? policy.presentNetworkPercent : policy.awayNetworkPercent),
    ),
  ]
})

/** Cores are kept free until the GPU is lent too: until then somebody may be about to come back. */
function awayCpuLevel(view: View): number {
  const level = share(view.policy.awayCpuPercent)
  const cores = valueOf(view, 'cpu')?.cores
  if (!view.presentForGpu || cores === undefined || cores <= 1) return level
  return Math.min(level, Math.max(1, cores - view.policy.spareCores) / cores)
}

function cap(resource: Resource, code: ReasonCode, level: number): Cap {
  return { resource, cap: level, code, unblocks: 'a larger share in the configuration' }
}
