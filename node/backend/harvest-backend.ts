/**
 * The harvest side of the API: what is lent, why, and what its owner wants.
 *
 * @module
 */

import { harvestPolicy, type HarvestPolicy } from '../../config/index.ts'
import type { Config } from '../../config/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { HarvestBackend } from '../api/backend.ts'
import type {
  DecisionView,
  HarvestAtQuery,
  HarvestView,
  LimitsQuery,
  LimitsView,
  PastDecision,
  WishRequest,
} from '../api/schemas/harvest.ts'
import type { DeviceClass } from '../harvest/device-class.ts'
import type { Harvest } from '../harvest/harvest.ts'
import type { HarvestRecord } from '../harvest/harvest-record.ts'
import {
  type Decision,
  type Levels,
  type Reading,
  type Reason,
  REASON_MEANINGS,
  RESOURCES,
} from '../harvest/index.ts'
import type { OwnerWish } from '../harvest/owner-wish.ts'

export interface HarvestBackendComponents {
  readonly clock: Clock
  readonly harvest: Harvest
  readonly record: HarvestRecord
  readonly wish: OwnerWish
  readonly detected: DeviceClass
  readonly config: Config['harvest']
}

export class DaemonHarvestBackend implements HarvestBackend {
  readonly #components: HarvestBackendComponents

  constructor(components: HarvestBackendComponents) {
    this.#components = components
  }

  async harvest(): Promise<HarvestView> {
    const { harvest } = this.#components
    return this.#view(harvest.decision)
  }

  async harvestAt({ atMs }: HarvestAtQuery): Promise<PastDecision> {
    const { record, clock } = this.#components
    const decision = record.log.at(atMs ?? clock.wallMs())
    return { decision: decision === undefined ? null : viewOf(decision) }
  }

  async setHarvestWish({ mode, forMs }: WishRequest): Promise<HarvestView> {
    const { clock, harvest } = this.#components
    if (mode === 'none') return this.#view(await harvest.obey({ mode }))
    const until = forMs === undefined ? {} : { untilWallMs: Math.round(clock.wallMs() + forMs) }
    return this.#view(await harvest.obey({ mode, ...until }))
  }

  async harvestLimits({ template }: LimitsQuery): Promise<LimitsView> {
    const { harvest, detected, config } = this.#components
    const applies = template === undefined || template === harvest.policy.template
    // Numbers that are set one by one hold under every template.
    const policy = applies ? harvest.policy : harvestPolicy({ ...config, template }, detected)
    const decision = harvest.under(policy)
    return {
      deviceClass: detected,
      template: policy.template,
      applies,
      levels: settledLevels(decision),
      reasons: decision.reasons.flatMap((reason) =>
        reason.code === 'RAMP' ? [] : reasonOf(reason, decision),
      ),
      numbers: numbersOf(policy),
    }
  }

  #view(decision: Decision): HarvestView {
    const { clock, harvest, record, wish, detected } = this.#components
    const { current } = wish
    const nowMs = clock.monotonicMs()
    const [five, fifteen, sixty] = record.stay(harvest.sample, decision)
    const over = current.mode !== 'none' && (current.untilWallMs ?? Infinity) <= clock.wallMs()
    return {
      ...viewOf(decision),
      deviceClass: detected,
      template: harvest.policy.template,
      wish: over
        ? { mode: 'none' }
        : {
            mode: current.mode,
            ...(current.mode === 'none' || current.untilWallMs === undefined
              ? {}
              : { untilMs: current.untilWallMs }),
          },
      forecast: { staysFor5min: five, staysFor15min: fifteen, staysFor60min: sixty },
      signals: Object.entries(harvest.sample.readings).map(([name, reading]) => ({
        name,
        ...qualityOf(reading as Reading<unknown>, nowMs),
      })),
    }
  }
}

function viewOf(decision: Decision): DecisionView {
  const { wallMs, state, levels, offerQuarters, leaseMs, reasons, giveBack } = decision
  return {
    atMs: wallMs,
    state,
    sinceMs: wallOf(decision.sinceMs, decision),
    levels,
    offer: offerQuarters / 4,
    leaseMs,
    reasons: reasons.map((reason) => reasonOf(reason, decision)),
    givingBack: { cpu: giveBack.cpu.step, gpu: giveBack.gpu.step },
    distrusted: [...decision.distrusted],
  }
}

function reasonOf(reason: Reason, decision: Decision): DecisionView['reasons'][number] {
  const { code, resource, cap, sinceMs, untilMs, unblocks, signal, detail } = reason
  return {
    code,
    meaning: REASON_MEANINGS[code],
    resource,
    cap,
    sinceMs: wallOf(sinceMs, decision),
    ...(untilMs === undefined ? {} : { untilMs: wallOf(untilMs, decision) }),
    unblocks,
    ...(signal === undefined ? {} : { signal }),
    ...(detail === undefined ? {} : { detail }),
  }
}

/** An instant of the monotonic clock as one that people read. */
function wallOf(monotonicMs: number, { atMs, wallMs }: Decision): number {
  return Math.max(0, Math.round(wallMs + monotonicMs - atMs))
}

function qualityOf(
  reading: Reading<unknown>,
  nowMs: number,
): Omit<HarvestView['signals'][number], 'name'> {
  const why = reading.quality === 'known' ? undefined : reading.why
  return {
    quality: reading.quality,
    ...(reading.quality === 'unknown' ? {} : { ageMs: Math.max(0, nowMs - reading.atMs) }),
    ...(why === undefined ? {} : { why }),
  }
}

/** What the levels rise to when nothing else changes. */
function settledLevels({ reasons }: Decision): Levels {
  const lowest = RESOURCES.map((resource) => [
    resource,
    Math.min(
      1,
      ...reasons.flatMap((reason) =>
        reason.resource === resource && reason.code !== 'RAMP' && reason.code !== 'LEASE_NONE'
          ? reason.cap
          : [],
      ),
    ),
  ])
  return Object.fromEntries(lowest) as Levels
}

function numbersOf(policy: HarvestPolicy): LimitsView['numbers'] {
  const { template: _, ...numbers } = policy
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [
      name,
      Array.isArray(value) ? [...value] : value,
    ]),
  )
}
