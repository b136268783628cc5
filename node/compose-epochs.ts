/**
 * Every `new` of the parts that agree on trust.
 *
 * @module
 */

import type { Config } from '../config/index.ts'
import { EPOCH_LIMITS, encodeParameters } from '../protocols/epoch/index.ts'
import type { Ledgers } from './compose-ledger.ts'
import type { Foundation, MeshParts } from './compose.ts'
import { nodeCrypto } from './crypto/node-crypto.ts'
import { MeshEpochs } from './epoch/mesh-epochs.ts'
import { madeFolder } from './storage/folder-identity.ts'
import { LevelRows } from './storage/level-rows.ts'
import { systemClock } from './system/system-clock.ts'
import { systemRandom } from './system/system-random.ts'

/** What a mesh that is founded here agrees on; undefined for what all meshes do. */
export function foundingParameters({ trust }: Config): Uint8Array | undefined {
  const { epochMs } = trust
  return epochMs === EPOCH_LIMITS.EPOCH_MS_DEFAULT ? undefined : encodeParameters({ epochMs })
}

export function composeEpochs(
  { log, identity, state, stateDir, fail }: Foundation,
  { network, mesh, ledger, near }: Pick<MeshParts, 'network' | 'mesh'> & Ledgers,
): MeshEpochs {
  return new MeshEpochs(
    {
      network,
      mesh,
      near,
      ledger,
      signer: identity.signer,
      crypto: nodeCrypto,
      clock: systemClock,
      logger: log,
      random: systemRandom,
      memory: state,
      floorOf: () => undefined,
      openRows: (path) => new LevelRows(path),
      madeFolder,
      onFailure: fail,
    },
    { stateDir },
  )
}
