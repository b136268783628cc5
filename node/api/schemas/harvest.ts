/**
 * How much of this device is lent to others, and why not more.
 *
 * @module
 */

import { z } from 'zod'
import { HARVEST_TEMPLATE_NAMES } from '../../../config/index.ts'
import { GOVERNOR_STATES } from '../../harvest/index.ts'
import { ms, wallMs } from './scalars.ts'

const share = z.number().min(0).max(1)

const levels = z.object({
  cpu: share.describe('of all processors'),
  gpu: share.describe('of its time'),
  memory: share.describe('of all memory'),
  network: share.describe('of the measured uplink'),
  lease: share.describe('of the longest lease'),
})

const reason = z.object({
  code: z.string().describe('stable code, such as USER_INPUT'),
  meaning: z.string(),
  resource: z.enum(['cpu', 'gpu', 'memory', 'network', 'lease']),
  cap: share.describe('level that it allows'),
  sinceMs: wallMs,
  untilMs: wallMs.optional().describe('its earliest end, where that is known'),
  unblocks: z.string().describe('what ends it'),
  signal: z.string().optional().describe('the signal that it was concluded from'),
  detail: z.string().optional(),
})

const decision = z.object({
  atMs: wallMs,
  state: z.enum(GOVERNOR_STATES),
  sinceMs: wallMs,
  levels,
  offer: share.describe('what others are told: 0, a quarter, a half or all'),
  leaseMs: ms,
  reasons: z.array(reason),
  givingBack: z.object({ cpu: z.string(), gpu: z.string() }),
  distrusted: z
    .array(z.object({ signal: z.string(), why: z.string() }))
    .describe('signals that could not be believed'),
})

const wish = z.object({
  mode: z.enum(['none', 'pause', 'finish', 'boost']),
  untilMs: wallMs.optional(),
})

const template = z.enum(HARVEST_TEMPLATE_NAMES)

export const harvestSchema = decision.extend({
  deviceClass: z.string().describe('what this device was found to be'),
  template,
  wish,
  forecast: z
    .object({ staysFor5min: share, staysFor15min: share, staysFor60min: share })
    .describe('how likely the device stays available, as it was at this hour of the week'),
  signals: z
    .array(
      z.object({
        name: z.string(),
        quality: z.enum(['known', 'stale', 'unknown']),
        ageMs: ms.optional(),
        why: z.string().optional(),
      }),
    )
    .describe('what is known of the device and its owner, without the values'),
})

export const harvestAtQuery = z.strictObject({
  atMs: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe('milliseconds since the epoch; now when absent'),
})

export const pastDecisionSchema = z.object({
  decision: decision.nullable().describe('null before what is remembered'),
})

export const wishRequest = z.strictObject({
  mode: wish.shape.mode.describe(
    'pause: nothing is lent; finish: nothing new; boost: as if nobody were there; none: as configured',
  ),
  forMs: z.int().min(1_000).max(31_622_400_000).optional().describe('until resumed when absent'),
})

export const limitsQuery = z.strictObject({
  template: template.optional().describe('another template than the one that applies'),
})

export const limitsSchema = z.object({
  deviceClass: z.string(),
  template,
  applies: z.boolean().describe('false for what another template would say'),
  levels,
  reasons: z.array(reason),
  numbers: z.record(
    z.string(),
    z.union([z.number(), z.string(), z.boolean(), z.array(z.string())]),
  ),
})

export type HarvestView = z.infer<typeof harvestSchema>
export type HarvestAtQuery = z.infer<typeof harvestAtQuery>
export type PastDecision = z.infer<typeof pastDecisionSchema>
export type DecisionView = z.infer<typeof decision>
export type WishRequest = z.infer<typeof wishRequest>
export type LimitsQuery = z.infer<typeof limitsQuery>
export type LimitsView = z.infer<typeof limitsSchema>
