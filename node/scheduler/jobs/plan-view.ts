/**
 * A placement as the API shows it.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { WireType } from '../../../protocols/inference/index.ts'
import type { PlanView } from '../../api/schemas/plan.ts'
import type { Provider } from '../../runtime/provider.ts'
import { STAGE_OVERHEAD_BYTES, type PlacementObjective } from '../placement/plan.ts'
import type { Planned } from './planner.ts'
import { commonWire } from './wire-choice.ts'

export interface PlanViewInit {
  readonly objective: PlacementObjective
  readonly provider: Provider
  /** Short name of a device. */
  readonly nameOf: (peer: PeerId) => string
}

export function planView(planned: Planned, init: PlanViewInit): PlanView {
  const { model, plan, request, wires, wireWhy, prediction } = planned
  const { nameOf, provider, objective } = init
  const { oneDevice } = plan
  const learned = prediction.latencyMs / plan.predictedLatencyMs
  return {
    model: model.id,
    modelName: model.manifest.name,
    objective,
    unit: request.unit ?? 'input',
    wire: commonWire(wires),
    wireWhy,
    replicas: plan.replicas.length,
    stages: plan.replicas.flatMap((stages, replica) =>
      stages.map((stage, index) => ({
        replica,
        index,
        peer: stage.peer,
        name: nameOf(stage.peer),
        fromLayer: stage.fromLayer,
        toLayer: stage.toLayer,
        provider,
        weightBytes: stage.weightBytes,
        memoryBytes: Math.round(stage.weightBytes + STAGE_OVERHEAD_BYTES),
        fetchBytes: stage.downloadBytes,
        computeMs: stage.predictedMs,
        transferMs: stage.sendMs,
        cutBytes: Math.round(stage.cutBytes),
        ...wireOf(wires[replica]?.[index]),
      })),
    ),
    predictedMs: prediction.latencyMs,
    predictedLowMs: plan.range.low * learned,
    predictedHighMs: plan.range.high * learned,
    predictedPerSecond: prediction.perS,
    predictedAtOnce: prediction.streams,
    predictedFrom: prediction.basis,
    ...(prediction.errorPercent === undefined ? {} : { lastErrorPercent: prediction.errorPercent }),
    ...(oneDevice === undefined ? {} : { oneDeviceMs: oneDevice.predictedLatencyMs }),
    notes: [...plan.why],
    notChosen: plan.notChosen.map(({ peer, reason }) => ({ peer, name: nameOf(peer), reason })),
  }
}

/** The last stage of a pipeline has no next one. */
function wireOf(wire: WireType | undefined): { readonly wire?: WireType } {
  return wire === undefined ? {} : { wire }
}
