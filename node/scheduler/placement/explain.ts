/**
 * Sentences that say why a plan is as it is. Devices are called by the end of their PeerId.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { FoundChain } from './chain-search.ts'
import type { ChainCost, CostModel, Span } from './cost-model.ts'
import type { OneDevice, PlacementCandidate, PlacementObjective } from './plan.ts'

export interface Explained {
  readonly cost: CostModel
  readonly replicas: readonly (readonly Span[])[]
  readonly chain: ChainCost
  readonly oneDevice: OneDevice | undefined
  readonly eligible: readonly PlacementCandidate[]
  /** True when the plan that ran before is kept. */
  readonly kept: boolean
  /** The best plan found. */
  readonly found: FoundChain
}

/** Sentences without a full stop, most important first. */
export function explain(explained: Explained): string[] {
  const { kept, found, chain, replicas, cost } = explained
  const sentences = [stagesSentence(explained)]
  if (explained.oneDevice?.faster) sentences.unshift(oneDeviceSentence(explained.oneDevice))
  if (kept && found.score < chain.score) {
    const percent = Math.round(100 * (1 - found.score / chain.score))
    sentences.push(`the plan that runs is kept: the best other one is only ${percent} % better`)
  }
  if (replicas.length > 1) sentences.push(`${replicas.length} replicas on devices of their own`)
  const { replicas: wanted } = cost.request
  if (wanted !== 'auto' && replicas.length < wanted) {
    sentences.push(`expected ${wanted} replicas, the devices have room for ${replicas.length}`)
  }
  const downloadBytes = replicas.flat().reduce((sum, span) => sum + cost.downloadBytes(span), 0)
  if (downloadBytes > 0) sentences.push(`${mebibytes(downloadBytes)} MiB must be fetched first`)
  return sentences
}

function stagesSentence({ cost, replicas, chain, oneDevice, eligible }: Explained): string {
  const spans = replicas[0] ?? []
  const count = spans.length
  const step = milliseconds(chain.latencyMs)
  if (cost.request.stages !== 'auto') {
    return `${stagesText(count)} as asked for: ${step} a step`
  }
  if (count === 1) return `one device holds the whole model: ${step} a step, no split is better`
  if (oneDevice === undefined) {
    const needed = mebibytes(cost.memoryBytes(0, cost.request.layers.length))
    const most = mebibytes(Math.max(...eligible.map(({ memoryBytes }) => memoryBytes)))
    return `${stagesText(count)} because the model needs ${needed} MiB and no device grants more than ${most} MiB`
  }
  if (cost.request.objective === 'latency') {
    return `${stagesText(count)}: ${step} a step against ${milliseconds(oneDevice.predictedLatencyMs)} on ${shortPeer(oneDevice.peer)} alone`
  }
  return `${stagesText(count)}: ${rate(chain.perS)} against ${rate(oneDevice.predictedPerS)} on ${shortPeer(oneDevice.peer)} alone`
}

function oneDeviceSentence({ peer, predictedLatencyMs, predictedPerS }: OneDevice): string {
  return `one device would be faster: ${shortPeer(peer)} alone takes ${milliseconds(predictedLatencyMs)} a step, ${rate(predictedPerS)}`
}

/** Why a device that might have been chosen was not. */
export function slowerReason(
  { level, stagesRunning = 0 }: PlacementCandidate,
  bestMs: number | undefined,
  chosenMs: number,
  objective: PlacementObjective,
): string {
  const what = objective === 'latency' ? 'a step' : 'between results'
  const comparison =
    bestMs === undefined
      ? 'no plan with it is better'
      : `the best plan with it scores ${milliseconds(bestMs)} ${what}, the chosen one ${milliseconds(chosenMs)}`
  const granted = level < 1 ? ` (its owner grants ${Math.round(100 * level)} %)` : ''
  const busy = stagesRunning > 0 ? ` (it runs ${stagesRunning} other stages)` : ''
  return `${comparison}${granted}${busy}`
}

/** Devices and ranges of a pipeline as one text; equal for equal pipelines. */
export function chainText(spans: readonly Span[]): string {
  return spans
    .map(({ candidate, fromLayer, toLayer }) => `${candidate.peer}:${fromLayer}-${toLayer}`)
    .join(' ')
}

function stagesText(count: number): string {
  return count === 1 ? '1 stage' : `${count} stages`
}

/** The last six characters: the first ones are alike for all Ed25519 keys. */
function shortPeer(peer: PeerId): string {
  return `…${peer.slice(-6)}`
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`
}

function rate(perS: number): string {
  return `${perS < 10 ? perS.toFixed(2) : perS.toFixed(1)} steps/s`
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1_048_576)
}
