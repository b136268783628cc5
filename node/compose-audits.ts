/**
 * Every `new` of the parts that have work run again.
 *
 * @module
 */

import { invariant } from '../core/invariant.ts'
import { AuditRecords } from './audit/audit-records.ts'
import { Audits } from './audit/audits.ts'
import type { BeaconSource } from './audit/beacons.ts'
import { Tapes } from './audit/tapes.ts'
import type { Foundation, MeshParts } from './compose.ts'
import { nodeCrypto } from './crypto/node-crypto.ts'
import type { Lending } from './inference/lending.ts'
import type { StageHost } from './inference/stage-host.ts'
import type { StagePool } from './inference/stage-pool.ts'
import { systemClock } from './system/system-clock.ts'
import { systemRandom } from './system/system-random.ts'

/** What runs a stage. */
interface Stages {
  readonly pool: StagePool
  readonly host: StageHost
  readonly lending: Lending
}

export interface Auditing {
  readonly audits: Audits
  /** What went through the stages of this device. */
  readonly tapes: Tapes
  readonly records: AuditRecords
  /** Stages, which are composed later: they need the tapes. */
  useStages(stages: Stages): void
}

export function composeAudits(
  { log, identity, state, config }: Foundation,
  {
    network,
    mesh,
    beacons,
  }: Pick<MeshParts, 'network' | 'mesh'> & { readonly beacons: BeaconSource },
): Auditing {
  const tapes = new Tapes(config.audit.keptBytesMax, () => systemClock.monotonicMs())
  const records = new AuditRecords(state)
  let known: Stages | undefined
  const stages = (): Stages => {
    invariant(known !== undefined, 'stages are composed before the network starts')
    return known
  }
  const audits = new Audits(
    {
      network,
      mesh,
      clock: systemClock,
      crypto: nodeCrypto,
      random: systemRandom,
      logger: log,
      signer: identity.signer,
      tapes,
      records,
      beacons,
      rerun: () => {
        const { pool, host, lending } = stages()
        return { pool, takeSlot: () => host.takeSlot(), gate: lending.gate('cpu') }
      },
      lends: () => stages().lending.takesNew.cpu && mesh.current()?.role === 'worker',
    },
    { conduct: config.audit.conduct, serve: config.audit.serve },
  )
  network.handle(audits.protocol)
  return {
    audits,
    tapes,
    records,
    useStages: (made) => {
      known = made
    },
  }
}
