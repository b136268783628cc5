/**
 * Programs wait for processor, disk or memory (Linux PSI, or what stands in for it).
 *
 * Pressure is seen beside the use of the processor, which every device can tell. A
 * device without it is not held back for that.
 *
 * @module
 */

import type { Pressure } from '../signals.ts'
import { holding } from './holding.ts'
import { type AnyRule, share, valueOf, type View } from './rule.ts'

/** Pressure that the owner's programs feel, and not harvested work. */
function ofOthers(view: View): Pressure | undefined {
  const pressure = valueOf(view, 'pressure')
  const idle = (valueOf(view, 'cpu')?.ownFraction ?? 1) < 0.01
  return pressure?.ofOthersOnly === true || idle ? pressure : undefined
}

const throttling = ({ policy }: View) => ({
  raiseMs: policy.busyThrottleAfterMs,
  clearMs: policy.busyReopenAfterMs,
  dwellMs: 0,
})

const percentText = (fraction: number): string => `${Math.round(100 * fraction)} % of the time`

function throttledBy(
  part: 'Cpu' | 'Io',
  { code, unblocks }: { readonly code: 'PRESSURE_CPU' | 'PRESSURE_IO'; readonly unblocks: string },
): AnyRule {
  return holding({
    name: `pressure-${part.toLowerCase()}`,
    signal: 'pressure',
    code,
    unblocks,
    caps: ({ policy }) => ({ cpu: share(policy.busyThrottleToPercent) }),
    times: throttling,
    find: (view) => {
      const pressure = ofOthers(view)
      const fraction = part === 'Cpu' ? pressure?.cpuSomeFraction : pressure?.ioSomeFraction
      const limit = share(view.policy[`pressure${part}Percent`])
      if (fraction === undefined) return { raise: false, clear: true }
      return { raise: fraction > limit, clear: fraction < limit / 2, detail: percentText(fraction) }
    },
  })
}

export const pressureCpu = throttledBy('Cpu', {
  code: 'PRESSURE_CPU',
  unblocks: 'other programs wait less for the processor',
})

export const pressureIo = throttledBy('Io', {
  code: 'PRESSURE_IO',
  unblocks: 'programs wait less for the disk',
})

/** All programs stand still for want of memory: everything leaves. */
export const pressureMemory = holding({
  name: 'pressure-memory',
  signal: 'pressure',
  code: 'PRESSURE_MEM',
  unblocks: 'programs no longer wait for memory',
  caps: () => ({ cpu: 0, gpu: 0, memory: 0 }),
  times: ({ policy }) => ({ raiseMs: 1_000, clearMs: policy.busyReopenAfterMs, dwellMs: 0 }),
  find: (view) => {
    const pressure = valueOf(view, 'pressure')
    const limit = share(view.policy.pressureMemoryStopPercent)
    const fraction = pressure?.memoryFullFraction ?? 0
    return { raise: fraction > limit, clear: fraction < limit / 2, detail: percentText(fraction) }
  },
})

/** Memory grows short: nothing more is loaded, and caches are dropped. */
export const memoryShort = holding({
  name: 'memory-short',
  signal: 'memory',
  code: 'PRESSURE_MEM',
  unblocks: 'more memory is free',
  caps: () => ({ memory: 0 }),
  times: ({ policy }) => ({ raiseMs: 1_000, clearMs: policy.busyReopenAfterMs, dwellMs: 0 }),
  find: (view) => {
    const { pressureMemoryPercent, memoryFreePercentMin, memoryFreeBytesMin } = view.policy
    const some = valueOf(view, 'pressure')?.memorySomeFraction ?? 0
    const memory = valueOf(view, 'memory')
    const keptBytes = Math.max(
      share(memoryFreePercentMin) * (memory?.totalBytes ?? 0),
      // A device with little memory is not asked for more than a quarter of it.
      Math.min(memoryFreeBytesMin, (memory?.totalBytes ?? 0) / 4),
    )
    const freeBytes = memory?.availableBytes ?? Number.POSITIVE_INFINITY
    const waits = some > share(pressureMemoryPercent)
    return {
      raise: waits || freeBytes < keptBytes,
      clear: !waits && freeBytes > 1.1 * keptBytes,
      detail: waits
        ? percentText(some)
        : `${Math.round(freeBytes / 1_048_576)} MiB free of ${Math.round(keptBytes / 1_048_576)} wanted`,
    }
  },
})
