/**
 * Lets V8 clear away less often while tensors go through the daemon.
 *
 * The bytes of a tensor lie outside of V8's heap but count against its limit, which V8 sets a few
 * megabytes above what is alive: with 192 KiB a message it looked through the whole heap every ten
 * messages, for most of the daemon's processor time. An idle daemon keeps V8's own, small limit.
 *
 * @module
 */

import { setFlagsFromString } from 'node:v8'

/** How much the heap may grow above what is alive before V8 clears away, in percent. */
const GROWTH_PERCENT = 100

/** Lets V8 choose, by how fast it clears away: a tenth or so. */
const GROWTH_OF_V8 = 0

/** V8 has one limit for the process, and reads it after each collection. */
let users = 0

/** Widens the limit until the returned function is called, once or more, by each who asked. */
export function roomyHeap(): () => void {
  let over = false
  if (users++ === 0) limitGrowth(GROWTH_PERCENT)
  return () => {
    if (over) return
    over = true
    if (--users === 0) limitGrowth(GROWTH_OF_V8)
  }
}

function limitGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}
