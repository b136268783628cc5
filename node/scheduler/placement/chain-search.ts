/**
 * Finds the best pipelines over ordered sets of devices.
 *
 * For a given order of devices the best boundaries come from dynamic programming over the
 * layers. Up to {@link EXACT_DEVICES_MAX} devices every order of every subset is tried, sharing
 * the work of common beginnings and leaving out what cannot beat the plans already found; beyond,
 * a beam keeps the most promising beginnings of each length, small changes improve what it found,
 * and the exhaustive search goes on as long as its budget of beginnings lasts.
 *
 * A partial pipeline is three numbers: `sum` grows with every stage, `peak` is the slowest stage
 * or link so far, `extra` what is added on top of it. Its score, {@link CostModel.score}, never
 * falls when a stage is added, so that one partial pipeline beats another for good when none of
 * its three numbers is larger.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import { blocksOf } from './blocks.ts'
import { type CostModel, fits, type Hop, type Span, type StageRoom } from './cost-model.ts'
import { CANDIDATES_MAX, type PlacementCandidate, STAGES_MAX } from './plan.ts'

/** Up to so many devices the search is exhaustive. */
export const EXACT_DEVICES_MAX = 6

/** Beginnings that the beam keeps of each length. */
const BEAM_WIDTH = 32

/** Rounds of small changes to the best pipeline, while they help. */
const POLISH_ROUNDS_MAX = 8

/** Beginnings that are tried exhaustively after the beam. */
const EXTENSIONS_MAX = 1500

/** Blocks of layers that the search cuts between: exhaustively, and in the beam. */
const EXACT_BLOCKS_MAX = 32
const BEAM_BLOCKS_MAX = 24

/** Partial pipelines that are kept for one beginning and one cut. */
const PARETO_MAX = 8

/** Best pipelines that are told: the plan and two others. */
const BEST_MAX = 3

export interface SearchInit {
  readonly candidates: readonly PlacementCandidate[]
  readonly stagesMin: number
  readonly stagesMax: number
  /** Up to so many devices the search is exhaustive. Default {@link EXACT_DEVICES_MAX}. */
  readonly exactDevicesMax?: number
}

/** A whole pipeline with its score. */
export interface FoundChain {
  readonly spans: readonly Span[]
  readonly score: number
}

export interface SearchResult {
  /** Best first; no two with the same devices in the same order. Empty when nothing fits. */
  readonly best: readonly FoundChain[]
  /** Lowest score of a pipeline that each device was in, where one was looked at to the end. */
  readonly bestWith: ReadonlyMap<PeerId, number>
}

interface Partial {
  readonly sum: number
  readonly peak: number
  readonly extra: number
  /** Block at which the last stage begins, and what was before it. */
  readonly fromBlock: number
  readonly before: Partial | undefined
}

/** Devices in order, and for each block the partial pipelines that end before it. */
interface Beginning {
  readonly devices: readonly number[]
  readonly ends: readonly (readonly Partial[])[]
  /** Lowest score that it may still lead to. */
  readonly bound: number
}

/** The best pipelines of these candidates under `cost`. Deterministic. */
export function searchChains(cost: CostModel, init: SearchInit): SearchResult {
  const exact = init.candidates.length <= (init.exactDevicesMax ?? EXACT_DEVICES_MAX)
  const search = new ChainSearch(cost, init, exact)
  if (exact) search.exhaust(search.empty())
  else {
    search.beam()
    search.polish()
    search.exhaust(search.empty(), { extensions: EXTENSIONS_MAX })
  }
  return search.result()
}

class ChainSearch {
  readonly #cost: CostModel
  readonly #init: SearchInit
  readonly #devices: readonly PlacementCandidate[]
  /** Layer at which each block begins, and the end. */
  readonly #starts: readonly number[]
  /** Memory of a stage from one block to another. */
  readonly #rooms: readonly (readonly StageRoom[])[]
  readonly #inFlight: number
  /** Lowest sum that the layers from each block on add on the fastest device. */
  readonly #sumLeft: readonly number[]
  /** Work of the layers from each block on. */
  readonly #flopsLeft: readonly number[]
  readonly #best: (FoundChain & { readonly key: string })[] = []
  readonly #bestWith = new Map<PeerId, number>()

  constructor(cost: CostModel, init: SearchInit, exact: boolean) {
    this.#cost = cost
    this.#init = init
    this.#devices = exact ? bySpeed(cost, init.candidates) : mostPromising(cost, init.candidates)
    const blocks = exact ? EXACT_BLOCKS_MAX : BEAM_BLOCKS_MAX
    const { layers: all, cuts } = cost.request
    this.#starts =
      cuts === undefined
        ? blocksOf(all, Math.max(blocks, init.stagesMin))
        : [0, ...cuts, all.length]
    this.#rooms = this.#starts.map((fromLayer) =>
      this.#starts.map((toLayer) => cost.room(fromLayer, toLayer)),
    )
    const { objective, inFlight, layers } = cost.request
    this.#inFlight = objective === 'latency' ? 1 : inFlight
    const fastest = Math.max(...init.candidates.map((each) => cost.flopsPerMs(each)))
    this.#flopsLeft = this.#starts.map((start) => cost.flops(start, layers.length))
    this.#sumLeft = this.#flopsLeft.map((flops) => flops / fastest / this.#inFlight)
  }

  result(): SearchResult {
    return { best: this.#best, bestWith: this.#bestWith }
  }

  empty(): Beginning {
    const root: Partial = { sum: 0, peak: 0, extra: 0, fromBlock: 0, before: undefined }
    return { devices: [], ends: [[root]], bound: 0 }
  }

  /** Tries every way to go on from `beginning`, as long as `budget` lasts. */
  exhaust(beginning: Beginning, budget: Budget = { extensions: Number.POSITIVE_INFINITY }): void {
    if (beginning.devices.length >= this.#stagesMax) return
    for (const device of this.#devices.keys()) {
      if (beginning.devices.includes(device) || budget.extensions <= 0) continue
      budget.extensions--
      const longer = this.#extend(beginning, device)
      if (longer.bound < this.#threshold) this.exhaust(longer, budget)
    }
  }

  /** Replaces, adds, leaves out and swaps single devices of the best pipeline while that helps. */
  polish(): void {
    const tried = new Set<string>()
    for (let round = 0; round < POLISH_ROUNDS_MAX; round++) {
      const [best] = this.#best
      if (best === undefined) return
      const order = best.spans.map(({ candidate }) => this.#devices.indexOf(candidate))
      for (const changed of neighbours(order, this.#devices.length)) {
        const key = changed.join(' ')
        if (tried.has(key)) continue
        tried.add(key)
        this.#tryOrder(changed)
      }
      if (this.#best[0] === best) return
    }
  }

  #tryOrder(devices: readonly number[]): void {
    if (devices.length > this.#stagesMax) return
    let beginning = this.empty()
    for (const device of devices) {
      if (beginning.bound >= this.#threshold) return
      beginning = this.#extend(beginning, device)
    }
  }

  /** Goes on only from the most promising beginnings of each length. */
  beam(): void {
    let beginnings: readonly Beginning[] = [this.empty()]
    for (let length = 1; length <= this.#stagesMax && beginnings.length > 0; length++) {
      const longer = beginnings.flatMap((beginning) =>
        [...this.#devices.keys()]
          .filter((device) => !beginning.devices.includes(device))
          .map((device) => this.#extend(beginning, device)),
      )
      beginnings = longer
        .filter(({ bound }) => bound < this.#threshold)
        .toSorted((a, b) => a.bound - b.bound)
        .slice(0, BEAM_WIDTH)
    }
  }

  get #stagesMax(): number {
    const { stagesMax } = this.#init
    return Math.min(stagesMax, STAGES_MAX, this.#devices.length, this.#starts.length - 1)
  }

  /** What a pipeline must score below to be told. */
  get #threshold(): number {
    return this.#best.length < BEST_MAX ? Infinity : (this.#best.at(-1)?.score ?? Infinity)
  }

  #extend(beginning: Beginning, device: number): Beginning {
    const blocks = this.#starts.length - 1
    const devices = [...beginning.devices, device]
    const left = this.#leftAfter(devices)
    const ends: Partial[][] = Array.from({ length: blocks + 1 }, () => [])
    const longer = { devices, ends, left }
    for (let from = 0; from < blocks; from++) {
      const partials = beginning.ends[from] ?? []
      if (partials.length > 0) this.#extendFrom(partials, from, longer)
    }
    this.#finish(devices, ends[blocks] ?? [])
    let bound = Number.POSITIVE_INFINITY
    for (let block = 0; block < blocks; block++) {
      for (const partial of ends[block] ?? []) {
        bound = Math.min(bound, this.#boundOf(partial, left[block]))
      }
    }
    return { devices, ends, bound }
  }

  /**
   * The least that is still to come after each block. Layers that are left need somebody: the
   * devices that are not used yet, all together, are the most that can share them.
   */
  #leftAfter(devices: readonly number[]): readonly Left[] {
    const ends = devices.length >= this.#stagesMax
    const speed = ends
      ? 0
      : this.#devices.reduce(
          (sum, candidate, index) => sum + (devices.includes(index) ? 0 : this.#rate(candidate)),
          0,
        )
    return this.#flopsLeft.map((flops, block) => ({
      sum: this.#sumLeft[block] ?? 0,
      peak: block === this.#starts.length - 1 ? 0 : flops / speed,
      dead: speed === 0 && block < this.#starts.length - 1,
    }))
  }

  /** Operations in a millisecond at most, many steps being under way. */
  #rate(candidate: PlacementCandidate): number {
    return this.#cost.flopsPerMs(candidate) / Math.min(1, candidate.besideShare ?? 1)
  }

  #boundOf({ sum, peak, extra }: Partial, left: Left | undefined): number {
    if (left === undefined || left.dead) return Number.POSITIVE_INFINITY
    return this.#cost.score(sum + left.sum - extra, Math.max(peak, left.peak), extra)
  }

  /** Adds a stage on the last device from block `from` to each block that its memory reaches. */
  #extendFrom(partials: readonly Partial[], from: number, longer: Longer): void {
    const arrival = this.#arrive(longer.devices, from)
    if (arrival === undefined) return
    const { candidate, fromLayer } = arrival
    for (const [to, room] of this.#rooms[from]?.entries() ?? []) {
      if (to <= from) continue
      if (!fits(candidate, room)) break
      const toLayer = this.#starts[to] ?? 0
      const step = this.#step({ candidate, fromLayer, toLayer }, arrival)
      for (const before of partials) this.#offerPartial(to, this.#after(before, from, step), longer)
    }
  }

  #arrive(devices: readonly number[], from: number): Arrival | undefined {
    const candidate = this.#devices[devices.at(-1) ?? -1]
    if (candidate === undefined) return undefined
    const previous = this.#devices[devices.at(-2) ?? -1]
    const fromLayer = this.#starts[from] ?? 0
    const hop =
      previous === undefined
        ? this.#cost.entry(candidate)
        : this.#cost.hop(previous, candidate, this.#cost.cutBytes(fromLayer))
    const penaltyMs = devices.length === 1 ? 0 : this.#cost.stagePenaltyMs
    return { candidate, fromLayer, hop, penaltyMs }
  }

  #offerPartial(to: number, partial: Partial, { ends, left }: Longer): void {
    if (this.#boundOf(partial, left[to]) < this.#threshold) keep(ends[to] ?? [], partial)
  }

  #step(span: Span, { hop, penaltyMs }: Arrival): Step {
    const computeMs = this.#cost.computeMs(span)
    return {
      latencyMs: hop.ms + computeMs,
      peakMs: Math.max(hop.transferMs, this.#cost.busyMs(span)),
      extraMs: penaltyMs + this.#cost.readyingMsPerStep(span) + this.#cost.leavingMsPerStep(span),
    }
  }

  #after(before: Partial, fromBlock: number, { latencyMs, peakMs, extraMs }: Step): Partial {
    const sum = before.sum + latencyMs / this.#inFlight + extraMs
    const peak = Math.max(before.peak, peakMs)
    return { sum, peak, extra: before.extra + extraMs, fromBlock, before }
  }

  /** Takes the pipelines that reached the last layer, with their way back to the requester. */
  #finish(devices: readonly number[], partials: readonly Partial[]): void {
    if (devices.length < this.#init.stagesMin || partials.length === 0) return
    const [first, last] = [devices[0], devices.at(-1)].map((device) => this.#devices[device ?? -1])
    const back = this.#cost.exit(first, last)
    const step = { latencyMs: back.ms, peakMs: back.transferMs, extraMs: 0 }
    const whole = partials
      .map((partial) => this.#after(partial, this.#starts.length - 1, step))
      .reduce((a, b) => (this.#scoreOf(b) < this.#scoreOf(a) ? b : a))
    this.#offer(devices, whole)
  }

  #scoreOf({ sum, peak, extra }: Partial): number {
    return this.#cost.score(sum - extra, peak, extra)
  }

  #offer(devices: readonly number[], whole: Partial): void {
    const score = this.#scoreOf(whole)
    for (const device of devices) {
      const peer = this.#devices[device]?.peer
      if (peer !== undefined && score < (this.#bestWith.get(peer) ?? Infinity)) {
        this.#bestWith.set(peer, score)
      }
    }
    if (score >= this.#threshold) return
    const key = devices.join(' ')
    if (this.#best.some((chain) => chain.key === key)) return
    this.#best.push({ spans: this.#spans(devices, whole), score, key })
    const sorted = this.#best.toSorted((a, b) => a.score - b.score)
    this.#best.splice(0, this.#best.length, ...sorted.slice(0, BEST_MAX))
  }

  #spans(devices: readonly number[], whole: Partial): Span[] {
    const spans: Span[] = []
    let after: Partial = whole
    for (const device of devices.toReversed()) {
      const stage = after.before
      const candidate = this.#devices[device]
      if (stage === undefined || candidate === undefined) break
      const fromLayer = this.#starts[stage.fromBlock] ?? 0
      spans.unshift({ candidate, fromLayer, toLayer: this.#starts[after.fromBlock] ?? 0 })
      after = stage
    }
    return spans
  }
}

interface Budget {
  extensions: number
}

/** Orders that differ from `order` in one device: another, one more, one less, or two swapped. */
function* neighbours(order: readonly number[], devices: number): Generator<readonly number[]> {
  const unused = Array.from({ length: devices }, (_, device) => device).filter(
    (device) => !order.includes(device),
  )
  for (const at of order.keys()) {
    yield order.toSpliced(at, 1)
    for (const device of unused) yield order.with(at, device)
    for (let other = at + 1; other < order.length; other++) {
      yield order.with(at, order[other] ?? 0).with(other, order[at] ?? 0)
    }
  }
  for (let at = 0; at <= order.length; at++) {
    for (const device of unused) yield order.toSpliced(at, 0, device)
  }
}

/** Devices in order while their partial pipelines are being made. */
interface Longer {
  readonly devices: readonly number[]
  readonly ends: Partial[][]
  readonly left: readonly Left[]
}

/** The first layer of a stage, on its device, with the hop that leads there. */
interface Arrival {
  readonly candidate: PlacementCandidate
  readonly fromLayer: number
  readonly hop: Hop
  readonly penaltyMs: number
}

/** What the layers after a block add at least. */
interface Left {
  readonly sum: number
  readonly peak: number
  /** True when nobody is left to take them. */
  readonly dead: boolean
}

interface Step {
  readonly latencyMs: number
  readonly peakMs: number
  readonly extraMs: number
}

/** Adds a partial pipeline unless another one beats it, and drops those that it beats. */
function keep(partials: Partial[], added: Partial): void {
  for (const partial of partials) if (beats(partial, added)) return
  let kept = 0
  for (const partial of partials) {
    if (!beats(added, partial)) partials[kept++] = partial
  }
  partials.length = kept
  // More trade-offs than this hardly differ: of a full list the slowest one goes.
  if (kept < PARETO_MAX) partials.push(added)
  else partials[slowest(partials)] = added
}

function slowest(partials: readonly Partial[]): number {
  return partials.reduce((at, { sum }, index) => (sum > (partials[at]?.sum ?? 0) ? index : at), 0)
}

function beats(a: Partial, b: Partial): boolean {
  return a.sum <= b.sum && a.peak <= b.peak && a.extra <= b.extra
}

/** Fastest first: good plans are found early. Equal ones in the order of their names. */
function bySpeed(cost: CostModel, candidates: readonly PlacementCandidate[]): PlacementCandidate[] {
  return candidates.toSorted(
    (a, b) => cost.flopsPerMs(b) - cost.flopsPerMs(a) || (a.peer < b.peer ? -1 : 1),
  )
}

/** Of too many candidates, those that are first by speed, by memory, or by what they hold. */
function mostPromising(
  cost: CostModel,
  candidates: readonly PlacementCandidate[],
): PlacementCandidate[] {
  const fastest = bySpeed(cost, candidates)
  const layers = cost.request.layers.length
  const download = (candidate: PlacementCandidate): number =>
    cost.downloadBytes({ candidate, fromLayer: 0, toLayer: layers })
  const largest = fastest.toSorted((a, b) => b.memoryBytes - a.memoryBytes)
  const readiest = fastest.toSorted((a, b) => download(a) - download(b))
  const chosen = new Set<PlacementCandidate>()
  for (const rank of fastest.keys()) {
    for (const list of [fastest, largest, readiest]) {
      const candidate = list[rank]
      if (candidate !== undefined && chosen.size < CANDIDATES_MAX) chosen.add(candidate)
    }
  }
  return bySpeed(cost, [...chosen])
}
