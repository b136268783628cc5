/**
 * Mistakes in ledgers, receipts and audits, each of which some seed of a simulated mesh notices.
 *
 * @module
 */

import type { Check, Mutant } from './mutation.ts'

const sim = (scenario: string, seeds: number): Check => ({ scenario, seeds })

export const LEDGER_MUTANTS: readonly Mutant[] = [
  {
    mistake: 'a half is sent without waiting for the disk',
    path: 'node/receipts/open-receipt.ts',
    find: 'await store.appendHalf(half as unknown as Half, urgency)',
    replace: 'void store.appendHalf(half as unknown as Half, urgency)',
    check: sim('ledgers-in-peace', 2),
  },
  {
    mistake: 'heads and halves are told before they are on the disk',
    path: 'node/ledger/ledger-store.ts',
    find: 'await this.#parts.rows.write(changes)',
    replace: 'void this.#parts.rows.write(changes)',
    check: sim('ledgers-in-peace', 2),
  },
  {
    mistake: 'a ledger that was put back from a copy goes on from its old head',
    path: 'node/ledger/device-ledger.ts',
    find: "if (decision.type === 'go on') await store.goOn()",
    replace: 'if (decision.type.length > 0) await store.goOn()',
    check: sim('ledgers-with-lost-disks', 30),
  },
  {
    mistake: 'what one party delivered counts before the other has granted it',
    path: 'ledger/receipt.ts',
    find: "accept({ ...receipt, stage: 'delivered', tip, result: half })",
    replace:
      "accept({ ...receipt, stage: 'settled', milliCredits: milliCreditsOf(half.body.work), tip, result: half })",
    check: sim('ledgers-in-peace', 2),
  },
  {
    mistake: 'a settlement that is read again counts again',
    path: 'node/epoch/own-work.ts',
    find: 'this.#ended = ended',
    replace: 'this.#ended = [...this.#ended, ...ended]',
    check: sim('ledgers-in-peace', 2),
  },
  {
    mistake: 'two answers are a contradiction, whatever they answer',
    path: 'ledger/equivocation.ts',
    find: 'return subject === undefined || subject !== subjectOf(second)',
    replace: 'return subject === undefined',
    check: sim('ledgers-in-peace', 2),
  },
  {
    mistake: 'a fork is proven without the tree of the later head',
    path: 'ledger/equivocation.ts',
    find: 'if (!then || !bytesEqual(roots.second, later.value.root)) {',
    replace: 'if (!then) {',
    check: sim('ledgers-in-peace', 2),
  },
  {
    mistake: 'a requester grants what its provider counts',
    path: 'node/receipts/orders.ts',
    find: 'Math.min(milliCreditsOf(work), milliCreditsMax, left)',
    replace: 'Math.min(milliCreditsOf(work), left)',
    check: sim('ledgers-with-liars', 20),
  },
  {
    mistake: 'what an auditor reveals is not held against what it was bound to',
    path: 'protocols/audit/verdict.ts',
    find: 'bytesEqual(commitmentOf(crypto.sha256, verdict), bound.commitment)',
    replace: 'bound.commitment.length > 0',
    check: sim('audits-with-liars', 10),
  },
  {
    mistake: 'whoever says that it found the same need not have been bound to it',
    path: 'protocols/audit/verdict.ts',
    find: "verdict.finding !== 'same' || bytesEqual(verdict.result, bound.claimed)",
    replace: "verdict.finding !== 'same' || bound.claimed.length > 0",
    check: sim('audits-with-liars', 10),
  },
]
