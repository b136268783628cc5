/**
 * What the ledgers of a simulated mesh hold in the end, as a stranger reads them who is given the files.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import {
  type BundleReport,
  BundleVerifier,
  type Equivocation,
  type Receipt,
} from '../../ledger/index.ts'
import type { OpenLedger } from '../../node/ledger/device-ledger.ts'
import { type EpochEnd, foldedOf } from './ledger-trust.ts'
import type { LedgerWorld } from './ledger-world.ts'

/** One ledger, and the receipts that have ended in it. */
export interface ReadLedger {
  readonly device: number
  readonly peer: PeerId
  readonly report: BundleReport
  readonly ended: readonly Receipt[]
}

export interface LedgerHistory {
  /** Of each device that runs and may write: of those with two, both. */
  readonly ledgers: readonly ReadLedger[]
  /** What each device that runs holds against others. */
  readonly proofs: ReadonlyMap<number, readonly Equivocation[]>
  readonly epochs: readonly EpochEnd[]
}

export async function historyOf(world: LedgerWorld): Promise<LedgerHistory> {
  const ledgers: ReadLedger[] = []
  const proofs = new Map<number, readonly Equivocation[]>()
  for (const { number, life, signer } of world.devices) {
    for (const { open, witness } of life?.faces ?? []) {
      if (open === undefined) continue
      ledgers.push({ device: number, peer: signer.peer, ...(await read(open)) })
      const kept = witness.book?.evidence.proofs() ?? []
      proofs.set(
        number,
        kept.map(({ proof }) => proof),
      )
    }
  }
  return { ledgers, proofs, epochs: foldedOf(world) }
}

async function read({ store, context }: OpenLedger): Promise<Pick<ReadLedger, 'report' | 'ended'>> {
  const ended: Receipt[] = []
  const { crypto, network } = context
  const verifier = new BundleVerifier(crypto, {
    network,
    signatures: 'all',
    onReceipt: (receipt) => ended.push(receipt),
  })
  for await (const item of store.reader.bundle()) verifier.push(item)
  return { report: verifier.finish(), ended }
}
