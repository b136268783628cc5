/**
 * What this device shows of itself: its word, and what its TPM says where there is one.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import {
  type BindingInit,
  bindingBytes,
  decodeEvidence,
  encodeEvidence,
  readPublic,
  selfStatement,
} from '../../attestation/index.ts'
import { toHex } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { NONCE_BYTES, type Question, type TpmKeys } from '../../protocols/attest/index.ts'
import {
  nitroDocument,
  type NsmDevice,
  openTpm,
  TpmAttester,
  type TpmAttesterInit,
  TpmClient,
  type TsmFolder,
  tsmReport,
} from '../attesters/index.ts'
import type { TpmState } from './tpm-watch.ts'

export interface DeviceEvidenceComponents {
  readonly signer: Signer
  readonly random: Random
  readonly logger: Logger
  /** Reports of this machine, if it is a confidential guest. */
  readonly reports: TsmFolder
  /** The security module, if it is an enclave. */
  readonly nsm: NsmDevice
}

/** What kind of evidence a device can show at best. */
export type OfferedTier = 'self' | 'tpm' | 'tee'

export interface DeviceEvidenceInit extends TpmAttesterInit {
  /** Where the TPM is; undefined for none. */
  readonly tpmPath: string | undefined
  readonly version: string
  /** The signed manifest of the release that runs here. */
  readonly manifest: Uint8Array | undefined
}

export class DeviceEvidence {
  readonly #components: DeviceEvidenceComponents
  readonly #init: DeviceEvidenceInit
  #last: Promise<unknown> = Promise.resolve()

  constructor(components: DeviceEvidenceComponents, init: DeviceEvidenceInit) {
    this.#components = components
    this.#init = init
  }

  /** Keys of the TPM; undefined where there is none that can be used. */
  keys(): Promise<TpmKeys | undefined> {
    return this.#withTpm((attester) => attester.identity())
  }

  /** What names the TPM in claims; undefined where there is none that can be used. */
  async hardwareId(): Promise<string | undefined> {
    const keys = await this.keys()
    return keys && readPublic(keys.ekPublic).keyId
  }

  /** What others may find if they ask: nobody believes it before they do. */
  async offered(): Promise<{ readonly tier: OfferedTier; readonly kinds: readonly string[] }> {
    const { peer } = this.#components.signer
    const nonce = this.#components.random.bytes(NONCE_BYTES)
    const init = { attester: peer, verifier: peer, nonce }
    const guests = await Promise.all([this.#guest(init), this.#enclave(init)])
    const confidential = guests.flat().map((piece) => decodeEvidence(piece).kind)
    const tpm = (await this.keys()) === undefined ? [] : ['tpm']
    const tier = confidential.length > 0 ? 'tee' : tpm.length > 0 ? 'tpm' : 'self'
    return { tier, kinds: ['self', ...tpm, ...confidential] }
  }

  /** What of the TPM changes only when what runs does; undefined without one. */
  state(registers: readonly number[]): Promise<TpmState | undefined> {
    return this.#withTpm((attester) => attester.state(registers))
  }

  /** Evidence that answers `question` of `verifier`, encoded. */
  async pieces(question: Question, verifier: PeerId): Promise<readonly Uint8Array[]> {
    const { credential, nonce, registers } = question
    const init = { attester: this.#components.signer.peer, verifier, nonce }
    const own = await this.#withoutTpm(init)
    if (credential === undefined) return own
    const quoted = await this.#withTpm(async (attester) => {
      const secret = await attester.activate(credential)
      const secretHash = createHash('sha256').update(secret).digest()
      const bound = bindingBytes({ ...init, kind: 'tpm', secretHash })
      return encodeEvidence(await attester.evidence(bound, registers))
    })
    return quoted === undefined ? own : [...own, quoted]
  }

  /** Evidence that answers everybody in an epoch, encoded. */
  async epochPieces(
    epoch: Uint8Array,
    registers: readonly number[],
  ): Promise<readonly Uint8Array[]> {
    const init = { attester: this.#components.signer.peer, verifier: null, nonce: epoch }
    const own = await this.#withoutTpm(init)
    const bound = bindingBytes({ ...init, kind: 'tpm', secretHash: null })
    const quoted = await this.#withTpm(async (attester) =>
      encodeEvidence(await attester.evidence(bound, registers)),
    )
    return quoted === undefined ? own : [...own, quoted]
  }

  /** What this device says, and the report of its guest where it is a confidential one. */
  async #withoutTpm(
    init: Omit<BindingInit, 'kind' | 'secretHash'>,
  ): Promise<readonly Uint8Array[]> {
    const binding = bindingBytes({ ...init, kind: 'self', secretHash: null })
    const { version, manifest } = this.#init
    const statement = selfStatement(this.#components.signer, {
      binding,
      version,
      manifest,
    })
    const confidential = await Promise.all([this.#guest(init), this.#enclave(init)])
    return [encodeEvidence({ kind: 'self', statement }), ...confidential.flat()]
  }

  /** The document of this enclave, where it is one. */
  async #enclave(init: Omit<BindingInit, 'kind' | 'secretHash'>): Promise<readonly Uint8Array[]> {
    const binding = bindingBytes({ ...init, kind: 'nitro', secretHash: null })
    try {
      const document = await nitroDocument(this.#components.nsm, binding)
      return document === undefined ? [] : [encodeEvidence({ kind: 'nitro', document })]
    } catch (error) {
      this.#components.logger.debug('document-not-made', { error })
      return []
    }
  }

  /** The report of this guest, where it is a confidential one. */
  async #guest(init: Omit<BindingInit, 'kind' | 'secretHash'>): Promise<readonly Uint8Array[]> {
    const { random, logger, reports } = this.#components
    try {
      const name = `brume-${toHex(random.bytes(8))}`
      const found = await tsmReport(reports, name, (kind) =>
        bindingBytes({ ...init, kind, secretHash: null }),
      )
      if (found === undefined) return []
      const { kind, report, certificates } = found
      return kind === 'sev-snp'
        ? [encodeEvidence({ kind, report, certificates })]
        : [encodeEvidence({ kind, quote: report })]
    } catch (error) {
      logger.debug('report-not-made', { error })
      return []
    }
  }

  /** Opens the TPM for one use; a TPM that fails is as good as none, and our operator hears of it. */
  #withTpm<T>(use: (attester: TpmAttester) => Promise<T>): Promise<T | undefined> {
    const { tpmPath } = this.#init
    if (tpmPath === undefined) return Promise.resolve(undefined)
    const turn = this.#last.then(async () => {
      try {
        const client = new TpmClient(await openTpm(tpmPath))
        try {
          return await use(new TpmAttester(client, this.#components.random, this.#init))
        } finally {
          await client.close()
        }
      } catch (error) {
        // Most machines have no TPM that the daemon may use: that is no fault of anybody.
        this.#components.logger.debug('tpm-not-used', { tpm: tpmPath, error })
        return undefined
      }
    })
    this.#last = turn
    return turn
  }
}
