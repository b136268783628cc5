/**
 * Programs of the owner use the GPU: it has no priorities, so one long kernel of ours is felt.
 *
 * @module
 */

import { holding } from './holding.ts'
import { NO_CAPS, plainRule, share, valueOf } from './rule.ts'

export const gpuBusy = holding({
  name: 'gpu-busy',
  signal: 'gpus',
  code: 'GPU_BUSY_OTHER',
  unblocks: 'other programs no longer use the GPU',
  caps: () => ({ gpu: 0 }),
  times: ({ policy }) => ({ raiseMs: 1_000, clearMs: policy.gpuIdleMs, dwellMs: 0 }),
  find: (view) => {
    const gpus = valueOf(view, 'gpus')
    if (gpus === undefined) return { raise: false, clear: false }
    const limit = share(view.policy.gpuOthersPercent)
    const busiest = Math.max(0, ...gpus.map(({ busyByOthersFraction }) => busyByOthersFraction))
    return {
      raise: busiest > limit,
      clear: busiest <= limit,
      detail: `${Math.round(100 * busiest)} % in use by others`,
    }
  },
})

/** A display that somebody looks at is drawn by the GPU; where GPUs cannot be seen, they may do so. */
export const gpuDisplay = plainRule('gpu-display', (view) => {
  const gpus = valueOf(view, 'gpus')
  const cause = {
    resource: 'gpu' as const,
    cap: share(view.policy.presentGpuPercent),
    signal: 'gpus' as const,
  }
  if (gpus === undefined) {
    return [{ ...cause, code: 'SENSOR_STALE', unblocks: 'the use of the GPU can be read' }]
  }
  if (!view.presentForGpu || !gpus.some(({ display }) => display)) return NO_CAPS
  return [{ ...cause, code: 'GPU_DISPLAY', unblocks: 'nobody looks at the display' }]
})
