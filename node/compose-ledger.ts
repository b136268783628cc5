/**
 * Every `new` of the parts that record what was done.
 *
 * @module
 */

import type { Foundation, MeshParts } from './compose.ts'
import { nodeCrypto } from './crypto/node-crypto.ts'
import { DeviceLedger } from './ledger/device-ledger.ts'
import { Receipts } from './receipts/receipts.ts'
import { madeFolder } from './storage/folder-identity.ts'
import { LevelRows } from './storage/level-rows.ts'
import { systemClock } from './system/system-clock.ts'
import { systemRandom } from './system/system-random.ts'
import { LedgerRecall } from './witness/ledger-recall.ts'
import { LedgerWitness } from './witness/ledger-witness.ts'
import { NearMembers } from './witness/near-members.ts'

/** The own ledger, and what is known of those of others. */
export interface Ledgers {
  readonly ledger: DeviceLedger
  readonly witness: LedgerWitness
  readonly near: NearMembers
}

export function composeLedger(
  { log, identity, state, stateDir, newIdentity, fail }: Foundation,
  { network, mesh }: Pick<MeshParts, 'network' | 'mesh'>,
): Ledgers {
  const near = new NearMembers({ network, mesh, sha256: nodeCrypto.sha256 })
  const common = {
    network,
    mesh,
    near,
    signer: identity.signer,
    crypto: nodeCrypto,
    clock: systemClock,
    logger: log,
    openRows: (path: string) => new LevelRows(path),
    madeFolder,
    onFailure: fail,
  }
  const ledger = new DeviceLedger(
    { ...common, random: systemRandom, state, peers: new LedgerRecall(common) },
    { stateDir, newIdentity },
  )
  return { ledger, near, witness: new LedgerWitness({ ...common, ledger }, { stateDir }) }
}

export function composeReceipts(
  { log, identity }: Foundation,
  {
    network,
    presence,
    ledger,
    witness,
  }: Pick<MeshParts, 'network' | 'presence'> & Pick<Ledgers, 'ledger' | 'witness'>,
): Receipts {
  return new Receipts({
    network,
    ledger,
    clock: systemClock,
    random: systemRandom,
    signer: identity.signer,
    logger: log,
    level: () => presence.capabilities().levelQuarters / 4,
    onContradiction: (proof) => witness.found(proof),
  })
}
