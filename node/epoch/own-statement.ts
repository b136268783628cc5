/**
 * Makes the statement of this device about an epoch, from what its ledger and its devices say, or its report to
 * whoever speaks for it.
 *
 * @module
 */

import { concatBytes, utf8 } from '../../core/bytes.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { encodeToldStatement } from '../../protocols/epoch/index.ts'
import {
  type DeviceReport,
  domainIdOf,
  onionLayer,
  onionOf,
  type Owners,
  type SettledWork,
  signReport,
  signStatement,
  type Statement,
  statementRows,
  summedRows,
} from '../../trust/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import { topOf } from './own-work.ts'

export interface OwnStatementInit {
  readonly crypto: Crypto
  readonly signer: Signer
  readonly network: Uint8Array
  /** This device's chain of certificates. */
  readonly credential: () => Uint8Array
}

/** Work, and the epoch in which it was settled. */
export interface EpochWork extends SettledWork {
  readonly settled: number
}

/** What there is to tell of an epoch. */
export interface OwnTale {
  readonly epoch: number
  readonly owners: Owners
  readonly ledger: OpenLedger | undefined
  readonly settled: readonly EpochWork[]
}

type Rows = Pick<Statement, 'provided' | 'consumed'>

export class OwnStatements {
  readonly #init: OwnStatementInit
  readonly #domains = new Map<PeerId, Uint8Array>()
  #onion: { readonly number: number; readonly secret: Uint8Array } | undefined

  constructor(init: OwnStatementInit) {
    this.#init = init
  }

  /** The statement about an epoch, as it is gossiped: with what the devices of its domain have told. */
  async make(tale: OwnTale, reports: readonly DeviceReport[]): Promise<Uint8Array> {
    const { crypto, signer, network, credential } = this.#init
    const { epoch, ledger, owners } = tale
    const top = ledger === undefined ? undefined : await topOf(ledger)
    const own = top === undefined ? [] : [{ device: signer.peer, ...top }]
    const statement = {
      network,
      epoch,
      domain: this.#domainOf(signer.peer),
      heads: [...own, ...headsOf(reports, { epoch, owners, speaker: signer.peer })].toSorted(
        (a, b) => (a.device < b.device ? -1 : 1),
      ),
      ...summedRows([this.#rowsOf(signer.peer, tale), ...reports]),
      onion: onionLayer(crypto.sha256, this.#secret(onionOf(epoch)), epoch),
    }
    const stated = { owner: signer.peer, signed: signStatement(signer, statement) }
    return encodeToldStatement({ stated, credential: credential() })
  }

  /** What this device tells `speaker`, in whose domain it is. */
  async report(tale: OwnTale, speaker: PeerId): Promise<Uint8Array> {
    const { signer, network } = this.#init
    const { epoch, ledger } = tale
    const head = ledger === undefined ? undefined : await topOf(ledger)
    const domain = this.#domainOf(speaker)
    const rows = this.#rowsOf(speaker, tale)
    return signReport(signer, { network, epoch, device: signer.peer, domain, head, ...rows })
  }

  /** The work of this device in the rows of `speaker`'s domain. */
  #rowsOf(speaker: PeerId, { epoch, owners, settled }: OwnTale): Rows {
    return statementRows(this.#domainOf(speaker), settled, (device, work) =>
      this.#domainOf(owners.tellerOf(device, { settled: work.settled, told: epoch })),
    )
  }

  /** Nobody but the holder of the key comes to it, and it need not be kept: Ed25519 signs alike each time. */
  #secret(number: number): Uint8Array {
    if (this.#onion?.number === number) return this.#onion.secret
    const { crypto, signer, network } = this.#init
    const words = concatBytes([utf8('brume/onion/v1\0'), network, utf8(String(number))])
    const secret = crypto.sha256(signer.sign(words))
    this.#onion = { number, secret }
    return secret
  }

  #domainOf(owner: PeerId): Uint8Array {
    const { crypto, network } = this.#init
    const domain = this.#domains.get(owner) ?? domainIdOf(crypto.sha256, { network, owner })
    this.#domains.set(owner, domain)
    return domain
  }
}

/** Heads of devices that were there: a report of the epoch before will do, where the last one is late. */
function headsOf(
  reports: readonly DeviceReport[],
  { epoch, owners, speaker }: { epoch: number; owners: Owners; speaker: PeerId },
): Statement['heads'] {
  return reports.flatMap(({ device, head, epoch: told }) => {
    const isThere = told >= epoch - 1 && owners.speakerOf(device, epoch) === speaker
    return head === undefined || !isThere ? [] : [{ device, ...head }]
  })
}
