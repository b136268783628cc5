/**
 * How much space is left on the disk that work is kept on.
 *
 * @module
 */

import { freeBytesIn } from '../../storage/disk-space.ts'
import type { SignalSource } from './source.ts'

export function diskSpace(folder: string): SignalSource {
  return {
    name: 'disk',
    cadence: { workingMs: 10_000, restingMs: 30_000 },
    read: async () => ({ disk: { freeBytes: await freeBytesIn(folder) } }),
  }
}
