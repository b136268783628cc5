/**
 * Gets what a device has not heard of: statements, proofs, audits and words about owners that another one holds.
 *
 * Gossip reaches who is there; whoever was away, or joins, compares what it holds with a member and
 * asks for the difference.
 *
 * @module
 */

import { fromHex } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { EPOCH_LIMITS, type EpochAnswer, type EpochQuestion } from '../../protocols/epoch/index.ts'
import {
  answerReconciliation,
  ItemSet,
  RECONCILE_FAULTS,
  RECONCILE_LIMITS,
  type ReconcileAnswer,
  reconcileCodec,
  type ReconciledSet,
  type ReconcileQuestion,
  Reconciliation,
} from '../../protocols/reconcile/index.ts'
import type { QuestionLink, QuestionProtocol } from '../witness/question-link.ts'
import type { EpochRoom } from './epoch-room.ts'
import { EpochQuestionError } from './errors.ts'
import { takeAudit, takeEvidence, takeOwnerWord, takeStatement } from './told-items.ts'

/** Comparing what two devices hold. */
export const reconcileProtocol: QuestionProtocol<ReconcileQuestion, ReconcileAnswer> = {
  id: RECONCILE_LIMITS.RECONCILE_PROTOCOL,
  codec: reconcileCodec,
  frameBytesMax: RECONCILE_LIMITS.MESSAGE_BYTES_MAX + 1,
  answerMsMax: RECONCILE_LIMITS.ANSWER_MS_MAX,
  answering: {
    questionsMax: 2 * RECONCILE_LIMITS.ROUNDS_MAX,
    idleMsMax: RECONCILE_LIMITS.LINK_IDLE_MS_MAX,
  },
  failure: (fault) => new EpochQuestionError(RECONCILE_FAULTS[fault]),
}

/** What two devices compare, in this order: a proof may be about a statement. */
export const RECONCILED: readonly ReconciledSet[] = ['statements', 'evidence', 'audits', 'owners']

/** What this device holds of a set. */
export function heldOf(room: EpochRoom, set: ReconciledSet): ItemSet {
  const { sha256 } = room.chain.context.crypto
  switch (set) {
    case 'statements':
      return statementsOf(room, sha256)
    case 'evidence':
      return evidenceOf(room, sha256)
    case 'audits':
      return auditsOf(room, sha256)
    case 'owners':
      return ownersOf(room, sha256)
  }
}

function statementsOf({ pools }: EpochRoom, sha256: Sha256): ItemSet {
  const held = pools.statements.all().slice(0, RECONCILE_LIMITS.ITEMS_MAX)
  return new ItemSet(
    sha256,
    held.map(({ id, statement }) => ({ time: statement.epoch, id })),
  )
}

function evidenceOf({ pools }: EpochRoom, sha256: Sha256): ItemSet {
  const all = [...pools.farewells.all(), ...pools.evidence.all()]
  const held = all.slice(0, RECONCILE_LIMITS.ITEMS_MAX)
  return new ItemSet(
    sha256,
    held.map(({ id }) => ({ time: 0, id })),
  )
}

function auditsOf({ pools }: EpochRoom, sha256: Sha256): ItemSet {
  return new ItemSet(
    sha256,
    pools.audits.all().map(({ audit }) => ({ time: audit.epoch, id: audit.id })),
  )
}

function ownersOf({ pools }: EpochRoom, sha256: Sha256): ItemSet {
  return new ItemSet(
    sha256,
    pools.owners.all().map(({ id }) => ({ time: 0, id })),
  )
}

/** What this device says when it is asked what it holds; undefined for what cannot be read. */
export async function answerHeld(
  room: EpochRoom,
  { set, message }: ReconcileQuestion,
): Promise<ReconcileAnswer | undefined> {
  const answer = answerReconciliation(heldOf(room, set), message)
  return answer.type === 'refused' ? undefined : { set, message: answer.value }
}

/** The ids of what the other side of a link has and this device lacks. */
export async function lackedBy(
  link: QuestionLink<ReconcileQuestion, ReconcileAnswer>,
  room: EpochRoom,
  set: ReconciledSet,
): Promise<readonly Uint8Array[]> {
  const asking = new Reconciliation(heldOf(room, set))
  let message: Uint8Array | undefined = asking.begin()
  while (message !== undefined) {
    const answer = await link.ask({ set, message })
    const next = asking.next(answer.message)
    if (next.type === 'refused') throw new EpochQuestionError(next.code)
    message = next.value
  }
  return [...asking.need.keys()].map((name) => {
    const id = fromHex(name)
    invariant(id !== undefined, 'names are hexadecimal')
    return id
  })
}

/** Asks for items by their ids, and takes those that hold: whoever has none of what it listed, or lies, is not asked on. */
export async function takeItems(
  link: QuestionLink<EpochQuestion, EpochAnswer>,
  room: EpochRoom,
  { from, ids }: { readonly from: PeerId; readonly ids: readonly Uint8Array[] },
): Promise<void> {
  const { ITEMS_PER_ANSWER_MAX } = EPOCH_LIMITS
  for (let at = 0; at < ids.length; at += ITEMS_PER_ANSWER_MAX) {
    const answer = await link.ask({ type: 'items', ids: ids.slice(at, at + ITEMS_PER_ANSWER_MAX) })
    if (answer.type !== 'items') return
    const { statements, evidence, audits, owners } = answer
    const taken = [
      ...statements.map((statement) => takeStatement(room, from, statement)),
      ...evidence.map((proof) => takeEvidence(room, from, proof)),
      ...audits.map((audit) => takeAudit(room, from, audit)),
      ...owners.map((word) => takeOwnerWord(room, from, word)),
    ]
    if (taken.length === 0 || room.refusals.isSilenced(from)) return
  }
}
