/**
 * The randomness of this machine, good enough for keys.
 *
 * @module
 */

import { randomFillSync } from 'node:crypto'
import type { Random } from '../../core/random.ts'

/** Cryptographic randomness from the operating system. */
export const systemRandom: Random = {
  bytes: (length) => randomFillSync(new Uint8Array(length)),
  fraction,
}

/** 53 random bits: every multiple of 2^-53 below 1 is equally likely. */
function fraction(): number {
  const [high = 0, low = 0] = randomFillSync(new Uint32Array(2))
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
}
