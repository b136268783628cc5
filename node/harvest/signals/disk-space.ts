/**
 * How much space is left on the disk that work is kept on.
 *
 * @module
 */

import { statfs } from 'node:fs/promises'
import type { SignalSource } from './source.ts'

export function diskSpace(folder: string): SignalSource {
  return {
    name: 'disk',
    cadence: { workingMs: 10_000, restingMs: 30_000 },
    read: async () => {
      const { bavail, bsize } = await statfs(folder)
      return { disk: { freeBytes: bavail * bsize } }
    },
  }
}
