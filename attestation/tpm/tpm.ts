/**
 * TPM 2.0: a quote of the boot registers by a key that lives in a genuine TPM.
 *
 * Three things must come together: the TPM is one of a vendor whose root is pinned
 * (endorsement key), the key that signs lives in that very TPM (activation, or a
 * certificate of its own), and the quote answers this question (binding).
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { toHex } from '../../core/bytes.ts'
import { checkReplay, readEventLog } from '../event-log/event-log.ts'
import { type SecureBoot, secureBootOf } from '../event-log/secure-boot.ts'
import { demand } from '../errors.ts'
import { checkBinding, type CommonClaims, type VerifyContext } from '../verified.ts'
import type { Crl } from '../x509/crl.ts'
import type { TpmHash } from './algorithms.ts'
import {
  checkCertifiedKey,
  checkEndorsementKey,
  type Endorsed,
  type TpmMaker,
} from './endorsement.ts'
import { type BindingKeyEvidence, checkBindingKey } from './binding-key.ts'
import { checkAttestationKey, readPublic, type TpmPublic } from './public-area.ts'
import { checkPcrs, checkTpmSignature, readQuote, type TpmQuote } from './quote.ts'

export interface TpmEvidence {
  readonly kind: 'tpm'
  /** TPMS_ATTEST. */
  readonly attest: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
  /** TPM2B_PUBLIC of the attestation key. */
  readonly akPublic: Uint8Array
  readonly endorsement: TpmEndorsement
  /** Values of the quoted registers. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** binary_bios_measurements; undefined where the device shows none. */
  readonly eventLog: Uint8Array | undefined
  /** A key of this TPM that signed this question; undefined where the device shows none. */
  readonly bindingKey?: BindingKeyEvidence | undefined
}

export type TpmEndorsement =
  | {
      readonly type: 'endorsement-key'
      /** TPM2B_PUBLIC. */
      readonly ekPublic: Uint8Array
      /** The certificate of the endorsement key, then issuers in any order. */
      readonly certificates: readonly Uint8Array[]
    }
  /** The certificate of the attestation key itself, then issuers in any order. */
  | { readonly type: 'ak-certificate'; readonly certificates: readonly Uint8Array[] }

/**
 * What is known of the attestation key's home.
 *
 * `proven`: the binding holds a secret that was encrypted for this endorsement key and this name
 * (credential.ts), so that only the TPM that has both could have put it there.
 */
export type Activation =
  | { readonly type: 'proven'; readonly ekId: string; readonly akName: string }
  | { readonly type: 'unchecked' }

export interface TpmContext extends VerifyContext {
  readonly bank: TpmHash
  /** Registers that were asked for, ascending. */
  readonly selection: readonly number[]
  readonly activation: Activation
  /** Lists of the makers of TPMs, as far as they are at hand. */
  readonly crls?: readonly Crl[] | undefined
}

export interface TpmClaims extends CommonClaims {
  readonly kind: 'tpm'
  /** How the attestation key is known to live in the TPM; `unproven` is worth nothing. */
  readonly home: 'activation' | 'certificate' | 'unproven'
  readonly maker: TpmMaker | undefined
  /** Name of the attestation key, in hex. */
  readonly akName: string
  /** Boots of this TPM, ever. */
  readonly resetCount: number
  readonly clockMs: number
  readonly bank: TpmHash
  /** Values of the quoted registers, in hex. */
  readonly pcrs: Readonly<Record<number, string>>
  /** Undefined without a log that covers register 7. */
  readonly secureBoot: SecureBoot | undefined
  /** Name of the key that signed this question, tied to these registers, in hex; undefined without one. */
  readonly bindingKey: string | undefined
}

const STRUCTURE_BYTES_MAX = 4096
const SECURE_BOOT_REGISTER = 7

/** @throws {AttestationError} when anything does not hold. */
export function verifyTpm(evidence: TpmEvidence, context: TpmContext): TpmClaims {
  const { attest, signature, akPublic, pcrs } = evidence
  const largest = Math.max(attest.length, signature.length, akPublic.length)
  demand(largest <= STRUCTURE_BYTES_MAX, 'ATTESTATION_LIMIT', 'TPM structure too large')
  const quote = readQuote(attest)
  checkSelection(quote, context)
  const ak = readPublic(akPublic)
  checkAttestationKey(ak)
  const hash = checkTpmSignature(ak, attest, signature)
  const bound = checkBinding(context.binding, quote.extraData)
  checkPcrs(quote, hash, pcrs)
  const { endorsed, home } = checkEndorsement(evidence.endorsement, ak, context)
  return {
    kind: 'tpm',
    bound,
    home,
    anchor: endorsed.anchor,
    evidenceId: createHash('sha256').update(attest).digest('hex'),
    hardwareId: endorsed.keyId,
    validUntilMs: endorsed.validUntilMs,
    maker: endorsed.maker,
    akName: ak.name,
    resetCount: quote.resetCount,
    clockMs: Number(quote.clockMs),
    bank: quote.bank,
    pcrs: Object.fromEntries([...pcrs].map(([index, value]) => [index, toHex(value)])),
    secureBoot: secureBootIn(evidence, quote),
    bindingKey: evidence.bindingKey && checkBindingKey(evidence.bindingKey, { ...quote, ak, pcrs }),
  }
}

function checkSelection({ bank, selection }: TpmQuote, context: TpmContext): void {
  demand(bank === context.bank, 'TPM_PCR_SELECTION', `expected bank ${context.bank}, got ${bank}`)
  const wanted = context.selection.join(',')
  const got = selection.join(',')
  demand(got === wanted, 'TPM_PCR_SELECTION', `expected registers ${wanted}, got ${got}`)
}

function checkEndorsement(
  endorsement: TpmEndorsement,
  ak: TpmPublic,
  context: TpmContext,
): { endorsed: Endorsed; home: TpmClaims['home'] } {
  const { activation } = context
  if (endorsement.type === 'ak-certificate') {
    const endorsed = checkCertifiedKey(ak, endorsement.certificates, context)
    return { endorsed, home: 'certificate' }
  }
  const ek = readPublic(endorsement.ekPublic)
  const endorsed = checkEndorsementKey(ek, endorsement.certificates, context)
  if (activation.type === 'unchecked') return { endorsed, home: 'unproven' }
  const same = activation.ekId === endorsed.keyId && activation.akName === ak.name
  demand(same, 'TPM_ACTIVATION', 'activated for another endorsement key or attestation key')
  return { endorsed, home: 'activation' }
}

/** Only registers inside the quote count: the log of any other is the word of its sender. */
function secureBootIn({ eventLog, pcrs }: TpmEvidence, quote: TpmQuote): SecureBoot | undefined {
  if (eventLog === undefined) return undefined
  const covered = checkReplay(readEventLog(eventLog), quote.bank, pcrs)
  return quote.selection.includes(SECURE_BOOT_REGISTER)
    ? secureBootOf(covered, quote.bank)
    : undefined
}
