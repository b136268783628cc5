/**
 * The disk is nearly full: work would write weights and journals to it.
 *
 * @module
 */

import { holding, STOPPED } from './holding.ts'

/** Above the limit, where the rule lets go. */
const BAND = 1.1

export const diskLow = holding({
  name: 'disk-low',
  signal: 'disk',
  code: 'DISK_LOW',
  unblocks: 'more of the disk is free',
  caps: () => STOPPED,
  times: ({ policy }) => ({ raiseMs: 0, clearMs: 0, dwellMs: policy.diskGuardMs }),
  find: ({ policy: { diskFreeBytesMin }, readings: { disk } }) => {
    if (disk.quality !== 'known') return { raise: false, clear: disk.quality === 'unknown' }
    const { freeBytes } = disk.value
    return {
      raise: freeBytes < diskFreeBytesMin,
      clear: freeBytes > BAND * diskFreeBytesMin,
      detail: `${Math.round(freeBytes / 1_048_576)} MiB free`,
    }
  },
})
