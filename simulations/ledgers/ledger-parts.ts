/**
 * The parts of a daemon that record what was done, put together as the daemon puts them together.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { DeviceLedger, type OpenLedger } from '../../node/ledger/device-ledger.ts'
import type { LedgerPeers } from '../../node/ledger/ledger-peers.ts'
import type { LedgerRows } from '../../node/ledger/rows.ts'
import { Receipts } from '../../node/receipts/receipts.ts'
import { LedgerRecall } from '../../node/witness/ledger-recall.ts'
import { LedgerWitness } from '../../node/witness/ledger-witness.ts'
import { NearMembers } from '../../node/witness/near-members.ts'
import type { SimDevice } from '../sim-device.ts'
import type { LedgerDisks, WriteWatch } from './ledger-disks.ts'
import type { LedgerNetwork } from './ledger-port.ts'
import type { LedgerRoster } from './ledger-roster.ts'

export interface LedgerPartsInit {
  readonly network: LedgerNetwork
  readonly roster: LedgerRoster
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly life: SimDevice
  readonly disks: LedgerDisks
  readonly watch: WriteWatch
  /** True for the first start of the device. */
  readonly isNew: boolean
  /** True for one that does not want to know what others hold of its ledger. */
  readonly asksNobody: boolean
  readonly onFailure: (error: unknown) => void
}

/** What a device hears that asks nobody. */
const NOBODY: LedgerPeers = {
  recall: async () => ({ answers: [], whole: [], suffix: async () => undefined }),
  entry: async () => undefined,
}

/** The share of each device that its owner grants. */
const LEVEL = 1

export class LedgerParts {
  readonly ledger: DeviceLedger
  readonly witness: LedgerWitness
  readonly receipts: Receipts

  constructor(init: LedgerPartsInit) {
    const { network, roster, disks, life, watch, isNew, asksNobody } = init
    const mesh = roster.view
    const near = new NearMembers({ network, mesh, sha256: init.crypto.sha256 })
    const openRows: (folder: string) => LedgerRows = disks.openRows(life, watch)
    const madeFolder = (path: string): Promise<Uint8Array> => disks.madeFolder(path)
    const common = { ...init, mesh, near, openRows, madeFolder }
    const peers = asksNobody ? NOBODY : new LedgerRecall(common)
    const where = { stateDir: '/state', newIdentity: isNew }
    this.ledger = new DeviceLedger({ ...common, state: disks.memory(life), peers }, where)
    this.witness = new LedgerWitness({ ...common, ledger: this.ledger }, where)
    this.receipts = new Receipts({
      ...common,
      ledger: this.ledger,
      level: () => LEVEL,
      onContradiction: (proof) => this.witness.found(proof),
    })
  }

  /** The ledger, while it may be written. */
  get open(): OpenLedger | undefined {
    return this.ledger.current
  }

  async start(): Promise<void> {
    const { signal } = new AbortController()
    await this.witness.start()
    await this.ledger.start(signal)
    await this.receipts.start(signal)
  }

  async stop(): Promise<void> {
    await this.receipts.stop()
    await this.ledger.stop()
    await this.witness.stop()
  }
}
