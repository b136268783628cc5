/**
 * The links that a token of a text goes over: through the stages, and in a ring from the last stage to
 * the first beside the way to the requester.
 *
 * @module
 */

import type { HopRecord } from '../jobs/job-record.ts'
import { Samples } from '../jobs/samples.ts'

/** Of a text in `stages` stages; where it is a ring, its link stands last. */
export function textHops(stages: number, isRing: boolean): readonly HopRecord[] {
  const places = ['requester', ...Array.from({ length: stages }, (_, stage) => `${stage}`)]
  const ways = places.map((from, index) => hop(from, places[index + 1] ?? 'requester'))
  return isRing ? [...ways, hop(`${stages - 1}`, '0')] : ways
}

function hop(from: string, to: string): HopRecord {
  return { replica: 0, from, to, ms: new Samples(), bytes: new Samples() }
}
