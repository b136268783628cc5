/**
 * Daemons of which some have a TPM in software, whose maker some of them trust.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DaemonFleet } from '../../test/fixtures/daemons.ts'
import {
  makeSoftwareTpm,
  SoftwareTpm,
  softwareTpmAtHand,
  softwareTpmAuthority,
} from '../../test/fixtures/software-tpm.ts'

/** Settings by their environment variable. */
type Settings = Readonly<Record<string, string>>

export class TpmFleet implements AsyncDisposable {
  readonly fleet = new DaemonFleet()
  /** Of a daemon without a TPM. */
  readonly none: Settings = { BRUME_ATTESTATION_TPM: 'none' }
  /** Of a daemon that trusts the maker, under the test policy. */
  readonly trusting: Settings
  readonly #folder: string
  readonly #issuers: string
  readonly #tpms: SoftwareTpm[] = []

  constructor() {
    if (!softwareTpmAtHand) throw new Error('needs the Debian packages swtpm and swtpm-tools')
    this.#folder = mkdtempSync(join(tmpdir(), 'brume-claim-tpm-'))
    makeSoftwareTpm(this.#folder)
    const { issuer, root } = softwareTpmAuthority(this.#folder)
    this.#issuers = join(this.#folder, 'issuer.pem')
    const roots = join(this.#folder, 'root.pem')
    writeFileSync(this.#issuers, issuer)
    writeFileSync(roots, root)
    this.trusting = { BRUME_ATTESTATION_POLICY: 'test', BRUME_ATTESTATION_ROOTS: roots }
  }

  /** Starts a TPM, each with the same keys and fresh registers. */
  async startTpm(name: string): Promise<SoftwareTpm> {
    const tpm = await SoftwareTpm.start(this.#folder, name)
    this.#tpms.push(tpm)
    return tpm
  }

  /** Of a daemon that shows `tpm`, with the issuer of its certificate. */
  showing({ socket }: SoftwareTpm): Settings {
    return { BRUME_ATTESTATION_TPM: socket, BRUME_ATTESTATION_ISSUERS: this.#issuers }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]()
    await Promise.all(this.#tpms.map((tpm) => tpm.stop()))
    rmSync(this.#folder, { recursive: true })
  }
}
