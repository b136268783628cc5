/**
 * What of an `open` can be judged before anything is loaded.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { OpenRecord } from '../../protocols/inference/index.ts'

/** True when the record asks for something that can be: this device, at its place in the route, for some layers between cuts. */
export function isSensible(record: OpenRecord, self: PeerId): boolean {
  return (
    record.route[record.stage]?.peer === self &&
    // A model is known by the hash of its manifest.
    (record.manifest.id as string) === record.model &&
    record.wires.length === record.route.length - 1 &&
    record.fromLayer < record.toLayer &&
    record.inFlightMax >= 1 &&
    record.runMsMax >= 1 &&
    (record.text === undefined || cutsFit(record, record.text.cuts))
  )
}

/** Cuts ascend, one for each way that floats cross one, and this stage is between two of them. */
function cutsFit(
  { wires, stage, fromLayer, toLayer }: OpenRecord,
  cuts: readonly number[],
): boolean {
  return (
    cuts.length === wires.length &&
    cuts.every((layer, at) => layer > (cuts[at - 1] ?? 0)) &&
    (stage === 0 || cuts[stage - 1] === fromLayer) &&
    (stage === cuts.length || cuts[stage] === toLayer)
  )
}
