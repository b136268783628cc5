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

export function composeLedger(
  { log, identity, state, stateDir, newIdentity, fail }: Foundation,
  { mesh }: Pick<MeshParts, 'mesh'>,
): DeviceLedger {
  return new DeviceLedger(
    {
      mesh,
      signer: identity.signer,
      crypto: nodeCrypto,
      clock: systemClock,
      random: systemRandom,
      logger: log,
      state,
      openRows: (path) => new LevelRows(path),
      madeFolder,
      onFailure: fail,
    },
    { stateDir, newIdentity },
  )
}

export function composeReceipts(
  { log, identity }: Foundation,
  {
    network,
    presence,
    ledger,
  }: Pick<MeshParts, 'network' | 'presence'> & { readonly ledger: DeviceLedger },
): Receipts {
  return new Receipts({
    network,
    ledger,
    clock: systemClock,
    random: systemRandom,
    signer: identity.signer,
    logger: log,
    level: () => presence.capabilities().levelQuarters / 4,
  })
}
