/**
 * Makes the statement of this device about an epoch, from what its ledger holds.
 *
 * @module
 */

import { concatBytes, utf8 } from '../../core/bytes.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { encodeToldStatement } from '../../protocols/epoch/index.ts'
import {
  domainIdOf,
  onionLayer,
  onionOf,
  type SettledWork,
  signStatement,
  statementRows,
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

export class OwnStatements {
  readonly #init: OwnStatementInit
  readonly #domain: Uint8Array
  #onion: { readonly number: number; readonly secret: Uint8Array } | undefined

  constructor(init: OwnStatementInit) {
    this.#init = init
    this.#domain = this.#domainOf(init.signer.peer)
  }

  /** The statement about `epoch`, as it is gossiped. */
  async make(
    epoch: number,
    ledger: OpenLedger | undefined,
    settled: readonly SettledWork[],
  ): Promise<Uint8Array> {
    const { signer, network, credential } = this.#init
    const top = ledger === undefined ? undefined : await topOf(ledger)
    const statement = {
      network,
      epoch,
      domain: this.#domain,
      heads: top === undefined ? [] : [{ device: signer.peer, ...top }],
      ...statementRows(this.#domain, settled, (device) => this.#domainOf(device)),
      onion: onionLayer(this.#init.crypto.sha256, this.#secret(onionOf(epoch)), epoch),
    }
    const stated = { owner: signer.peer, signed: signStatement(signer, statement) }
    return encodeToldStatement({ stated, credential: credential() })
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
    return domainIdOf(crypto.sha256, { network, owner })
  }
}
