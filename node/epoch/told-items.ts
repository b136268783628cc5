/**
 * Takes what others tell beside votes, by gossip or when they are asked, and holds against them what no honest device tells.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { EPOCH_LIMITS, type EpochErrorCode } from '../../protocols/epoch/index.ts'
import type { TrustErrorCode } from '../../trust/index.ts'
import type { EpochPools } from './epoch-pools.ts'
import type { GossipFate } from './message-gate.ts'
import type { Refusals } from './refusals.ts'
import type { StatementFate } from './statement-pool.ts'

/** Where it is taken. */
export interface ToldRoom {
  readonly pools: EpochPools
  readonly refusals: Refusals
}

/** Takes an item of one kind that `from` tells; says whether others are to get it. */
export type TakeItem = (room: ToldRoom, from: PeerId, data: Uint8Array) => GossipFate

/** What becomes of an item: a code for what no honest device tells. */
type Told = Exclude<GossipFate, 'reject'> | EpochErrorCode | TrustErrorCode

const TAKEN = { new: 'accept', known: 'ignore' } as const
const TOLD = {
  evidence: { ...TAKEN, invalid: 'EPOCH_EVIDENCE_INVALID', foreign: 'EPOCH_EVIDENCE_FOREIGN' },
  consents: { ...TAKEN, invalid: 'EPOCH_CHANGE_INVALID' },
  owners: { ...TAKEN, invalid: 'EPOCH_OWNERS_INVALID' },
  audits: { ...TAKEN, invalid: 'EPOCH_AUDIT_INVALID' },
} as const satisfies Record<string, Record<string, Told>>

/** Refusals of statements that no honest device can cause. */
const FORGED: ReadonlySet<string> = new Set([
  'EPOCH_MESSAGE_TOO_LONG',
  'EPOCH_MESSAGE_MALFORMED',
  'TRUST_MALFORMED',
  'TRUST_NETWORK_MISMATCH',
  'TRUST_SIGNATURE_INVALID',
  'TRUST_ROWS_INVALID',
])

export const takeStatement: TakeItem = ({ pools, refusals }, from, data) =>
  fateOf(refusals, from, toldOf(pools.takeStatement(data)))

export const takeEvidence: TakeItem = ({ pools, refusals }, from, data) =>
  fateOf(refusals, from, TOLD.evidence[pools.takeEvidence(from, data)])

export const takeAudit: TakeItem = ({ pools, refusals }, from, data) =>
  fateOf(refusals, from, TOLD.audits[pools.audits.take(data)])

export const takeOwnerWord: TakeItem = ({ pools, refusals }, from, data) =>
  fateOf(refusals, from, TOLD.owners[pools.owners.take(data)])

const takeConsent: TakeItem = ({ pools, refusals }, from, data) =>
  fateOf(refusals, from, TOLD.consents[pools.consents.take(data)])

/** Who takes what is gossiped, by topic. */
export const TAKEN_BY_TOPIC: readonly (readonly [string, TakeItem])[] = [
  [EPOCH_LIMITS.STATEMENTS_TOPIC, takeStatement],
  [EPOCH_LIMITS.EVIDENCE_TOPIC, takeEvidence],
  [EPOCH_LIMITS.AUDITS_TOPIC, takeAudit],
  [EPOCH_LIMITS.OWNERS_TOPIC, takeOwnerWord],
  [EPOCH_LIMITS.CONSENTS_TOPIC, takeConsent],
]

/** A statement that is refused may be of a time, or by a member, that this device does not know of yet. */
function toldOf(fate: StatementFate): Told {
  if (fate.type === 'refused') return FORGED.has(fate.code) ? fate.code : 'ignore'
  return fate.type === 'known' ? 'ignore' : 'accept'
}

function fateOf(refusals: Refusals, from: PeerId, what: Told): GossipFate {
  if (what === 'accept' || what === 'ignore') return what
  refusals.note(from, what)
  return 'reject'
}
