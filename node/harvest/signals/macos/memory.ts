/**
 * How much memory a Mac has for whoever asks, from `vm_stat`.
 *
 * @module
 */

import type { MemoryUse } from '../../signals.ts'

/** Pages that can be had without swapping. */
const AVAILABLE = ['Pages free', 'Pages inactive', 'Pages speculative', 'Pages purgeable']

/** @param totalBytes - What the machine has, which vm_stat does not tell. */
export function macMemory(text: string, totalBytes: number): MemoryUse | undefined {
  const pageBytes = Number(/page size of (\d{1,6}) bytes/.exec(text)?.[1])
  const pages = AVAILABLE.map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d{1,13})\\.`, 'm').exec(text)?.[1]),
  )
  if (!(pageBytes > 0) || Number.isNaN(pages[0])) return undefined
  const available = pages.reduce((sum, count) => sum + (Number.isNaN(count) ? 0 : count), 0)
  return { totalBytes, availableBytes: Math.min(totalBytes, available * pageBytes) }
}
