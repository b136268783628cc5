/**
 * Sentences that say why a plan is as it is. Devices are called by name, else by the end of their PeerId.
 *
 * @module
 */

import type { FoundChain } from './chain-search.ts'
import type { ChainCost, CostModel, Span } from './cost-model.ts'
import type { OneDevice, PlacementCandidate, PlacementRequest } from './plan.ts'

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
  if (explained.oneDevice?.faster) sentences.unshift(oneDeviceSentence(cost, explained.oneDevice))
  if (kept && found.score < chain.score) {
    const percent = Math.round(100 * (1 - found.score / chain.score))
    sentences.push(`the plan that runs is kept: the best other one is only ${percent} % better`)
  }
  if (replicas.length > 1) sentences.push(`${replicas.length} replicas, each on devices of its own`)
  const { replicas: wanted } = cost.request
  if (wanted !== 'auto' && replicas.length < wanted) {
    sentences.push(`expected ${wanted} replicas, the devices have room for ${replicas.length}`)
  }
  const downloadBytes = replicas.flat().reduce((sum, span) => sum + cost.downloadBytes(span), 0)
  if (downloadBytes > 0) sentences.push(`${size(downloadBytes)} must be fetched first`)
  return sentences
}

function stagesSentence({ cost, replicas, chain, oneDevice, eligible }: Explained): string {
  const spans = replicas[0] ?? []
  const count = spans.length
  const { request } = cost
  const time = `${duration(chain.latencyMs)} ${perStep(request)}`
  if (request.stages !== 'auto') return `${stagesText(count)} as asked for: ${time}`
  if (count === 1) return `one device holds the whole model: ${time}, no split is better`
  if (oneDevice === undefined) {
    const largest = Math.max(...eligible.map(({ memoryBytes }) => memoryBytes))
    const most = size(largest)
    const { bytes, keptBytes } = cost.room(0, request.layers.length)
    if (bytes <= largest) {
      return `${stagesText(count)} because the text may need ${size(keptBytes)} and no device has as much left beside others`
    }
    return `${stagesText(count)} because the model needs ${size(bytes)} and no device grants more than ${most}`
  }
  const alone = `on ${deviceText(cost, oneDevice)} alone`
  if (request.objective === 'latency') {
    return `${stagesText(count)}: ${time} against ${duration(oneDevice.predictedLatencyMs)} ${alone}`
  }
  return `${stagesText(count)}: ${rate(chain.perS, request)} against ${rate(oneDevice.predictedPerS, request)} ${alone}`
}

function oneDeviceSentence(cost: CostModel, oneDevice: OneDevice): string {
  const { predictedLatencyMs, predictedPerS } = oneDevice
  const { request } = cost
  return `one device would be faster: ${deviceText(cost, oneDevice)} alone takes ${duration(predictedLatencyMs)} ${perStep(request)}, ${rate(predictedPerS, request)}`
}

/** Why a device that might have been chosen was not. */
export function slowerReason(
  { level, stagesRunning = 0 }: PlacementCandidate,
  bestMs: number | undefined,
  chosenMs: number,
  request: PlacementRequest,
): string {
  const what = request.objective === 'latency' ? perStep(request) : 'between results'
  const comparison =
    bestMs === undefined
      ? 'no plan with it is better'
      : `the best plan with it comes to ${duration(bestMs)} ${what}, the chosen one to ${duration(chosenMs)}`
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

/** The last six characters of a PeerId tell devices apart: the first ones are alike for all Ed25519 keys. */
function deviceText(cost: CostModel, { peer }: OneDevice): string {
  const named = cost.request.candidates.find((candidate) => candidate.peer === peer)
  return named?.name ?? `…${peer.slice(-6)}`
}

/** Three digits: a prediction has no more, and two that differ are still told apart. */
function duration(ms: number): string {
  return ms < 999.5 ? `${threeDigits(ms)} ms` : `${threeDigits(ms / 1000)} s`
}

function rate(perS: number, { unit = 'input' }: PlacementRequest): string {
  return `${threeDigits(perS)} ${unit}s a second`
}

/** What a time is the time of. */
function perStep({ unit = 'input' }: PlacementRequest): string {
  return unit === 'input' ? 'an input' : 'a token'
}

function threeDigits(value: number): string {
  return value < 99.95 ? String(Number(value.toPrecision(3))) : String(Math.round(value))
}

function size(bytes: number): string {
  return bytes < 1_048_576
    ? `${Math.ceil(bytes / 1024)} KiB`
    : `${Math.ceil(bytes / 1_048_576)} MiB`
}
