/**
 * Every `new` of the parts that record what was done.
 *
 * @module
 */

import type { Foundation, MeshParts } from './compose.ts'
import { nodeCrypto } from './crypto/node-crypto.ts'
import { DeviceLedger } from './ledger/device-ledger.ts'
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
