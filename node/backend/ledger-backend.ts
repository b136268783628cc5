/**
 * The ledger side of the API.
 *
 * @module
 */

import { fromHex, toBase64Url, toHex, utf8 } from '../../core/bytes.ts'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { decodeHead, ENTRY_KINDS } from '../../ledger/index.ts'
import type { LedgerBackend } from '../api/backend.ts'
import type {
  AuditRequest,
  AuditView,
  EvidenceList,
  LedgerBundleQuery,
  LedgerHeadView,
  LedgerNote,
  LedgerNoteRequest,
  LedgerSummary,
  LedgerSummaryQuery,
  LedgerView,
  ReceiptProofView,
} from '../api/schemas/ledger.ts'
import { deviceName } from '../device-name.ts'
import type { DeviceLedger, OpenLedger } from '../ledger/device-ledger.ts'
import { LedgerTallies, type Tally } from '../ledger/ledger-tallies.ts'
import { proveReceipt, type SignedTop } from '../ledger/prove-receipt.ts'
import { LedgerStoreError } from '../ledger/errors.ts'
import type { KeptProof } from '../witness/evidence-book.ts'
import type { KeptCosignature } from '../witness/head-shower.ts'
import { auditLedger, type LedgerAudit } from '../witness/ledger-audit.ts'
import type { LedgerWitness } from '../witness/ledger-witness.ts'
import type { NearMembers } from '../witness/near-members.ts'

/** One credit is a thousand of what the ledger counts in. */
const MILLI = 1_000

export interface LedgerBackendComponents {
  readonly self: PeerId
  readonly ledger: DeviceLedger
  readonly witness: LedgerWitness
  readonly near: NearMembers
}

export class DaemonLedgerBackend implements LedgerBackend {
  readonly #components: LedgerBackendComponents
  readonly #tallies: LedgerTallies

  constructor(components: LedgerBackendComponents) {
    this.#components = components
    this.#tallies = new LedgerTallies(components.self)
  }

  // Each of these throws a LedgerStoreError, `LEDGER_NOT_OPEN`, in no mesh and just after a start.

  async ledger(): Promise<LedgerView> {
    const open = this.#components.ledger.opened
    const { totals } = await this.#tallies.of(open)
    const { earnedMilliCredits, spentMilliCredits, settled, disputed, unmatched } = totals
    return {
      log: toHex(open.store.log),
      ...headView(open),
      credits: { earned: earnedMilliCredits / MILLI, spent: spentMilliCredits / MILLI },
      receipts: { settled, disputed, unmatched },
    }
  }

  async ledgerSummary({ days: daysMax }: LedgerSummaryQuery): Promise<LedgerSummary> {
    const { ledger, witness } = this.#components
    const { days, peers, others } = await this.#tallies.of(ledger.opened)
    return {
      days: [...days].slice(-daysMax).map(([day, tally]) => ({ day, ...tallyView(tally) })),
      peers: [...peers].map(([peer, tally]) => ({
        peer,
        name: deviceName(peer),
        ...tallyView(tally),
      })),
      others: tallyView(others),
      witnesses: witness.cosigned.map(({ witness: peer, head: { size, incarnation } }) => ({
        peer,
        name: deviceName(peer),
        size,
        incarnation,
      })),
    }
  }

  ledgerBundle({ from }: LedgerBundleQuery): AsyncIterable<Uint8Array> {
    return this.#components.ledger.opened.store.reader.bundle(from)
  }

  async noteInLedger({ text }: LedgerNoteRequest): Promise<LedgerNote> {
    const { store } = this.#components.ledger.opened
    const { entry } = await store.append({ kind: ENTRY_KINDS.note, body: utf8(text) }, 'now')
    return { seq: entry.seq }
  }

  async proveReceipt(task: string): Promise<ReceiptProofView | undefined> {
    const { ledger, self, witness } = this.#components
    const id = fromHex(task)
    invariant(id !== undefined, 'a request names a task')
    const tops = topsOf(witness.cosigned)
    const proof = await proveReceipt(ledger.opened, self, id, tops)
    return proof && { task, stage: proof.stage, proof: toBase64Url(proof.encoded) }
  }

  async auditLedger({ peer: text }: AuditRequest): Promise<AuditView> {
    const peer = asPeerId(text)
    invariant(peer !== undefined, 'a request names a PeerId')
    const { witness, near, self } = this.#components
    const { book } = witness
    if (book === undefined) throw new LedgerStoreError({ code: 'LEDGER_NOT_OPEN' })
    const audit = await auditLedger({ self, near, witness, book }, peer)
    return auditView(peer, audit, book.evidence.proofs(peer))
  }

  async evidence(): Promise<EvidenceList> {
    const proofs = this.#components.witness.book?.evidence.proofs() ?? []
    return { proofs: proofs.map(proofView) }
  }
}

function tallyView({ earnedMilliCredits, spentMilliCredits, settled, disputed }: Tally) {
  return {
    earned: earnedMilliCredits / MILLI,
    spent: spentMilliCredits / MILLI,
    settled,
    disputed,
  }
}

/** Cosignatures of one head together. */
function topsOf(cosigned: readonly KeptCosignature[]): readonly SignedTop[] {
  const bySize = Map.groupBy(cosigned, ({ head }) => head.size)
  return [...bySize.values()].flatMap((together) => {
    const [first] = together
    if (first === undefined) return []
    // Heads of one size may differ in their times; those of the first are shown.
    const same = together.filter(({ head }) => head.wallMs === first.head.wallMs)
    const cosignatures = same.map(({ witness, cosignature }) => ({ witness, ...cosignature }))
    return [{ signed: first.signed, cosignatures }]
  })
}

function auditView(
  peer: PeerId,
  { report, witnesses, withheld }: LedgerAudit,
  proofs: readonly KeptProof[],
): AuditView {
  const { problem, log } = report ?? {}
  return {
    peer,
    name: deviceName(peer),
    verdict: verdictOf(report?.status, withheld, proofs.length > 0),
    problem: problem === undefined ? null : { code: problem.code, reason: problem.reason },
    ledger:
      log === undefined
        ? null
        : {
            entries: log.entries,
            incarnation: log.incarnation,
            settled: log.receipts.settled,
            disputed: log.receipts.disputed,
            unmatched: log.receipts.unmatched,
          },
    witnesses: witnesses.map(({ peer: witness, held, result }) => ({
      peer: witness,
      name: deviceName(witness),
      size: held?.head.size ?? null,
      incarnation: held?.head.incarnation ?? null,
      result,
    })),
    proofs: proofs.map(proofView),
  }
}

function verdictOf(
  status: AuditView['verdict'] | undefined,
  withheld: boolean,
  proven: boolean,
): AuditView['verdict'] {
  if (proven || status === 'fork') return 'fork'
  if (status === 'invalid') return 'invalid'
  return status === 'ok' && !withheld ? 'ok' : 'incomplete'
}

function proofView({ proof, encoded }: KeptProof) {
  return { accused: proof.accused, type: proof.type, proof: toBase64Url(encoded) }
}

/** What the last signed head says. */
export function headView({ store }: OpenLedger): LedgerHeadView {
  const signed = store.head
  const head = signed === undefined ? undefined : decodeHead(signed)
  if (head?.type !== 'value') return { size: 0, incarnation: 0, head: null }
  const { size, root, incarnation, wallMs } = head.value
  return { size, incarnation, head: { root: toHex(root), signedMs: wallMs } }
}
