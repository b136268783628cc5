/**
 * Who vouches for a TPM: the certificate of its endorsement key, or one of its attestation key.
 *
 * Layout of the former: TCG EK Credential Profile, sections 3.1 and 3.2.
 *
 * @module
 */

import type { AnchorSet } from '../anchors/anchor-set.ts'
import { contextTag, derContent, DerReader, SEQUENCE } from '../encoding/der.ts'
import { demand, refuse } from '../errors.ts'
import {
  type Certificate,
  DIGITAL_SIGNATURE,
  KEY_AGREEMENT,
  KEY_ENCIPHERMENT,
  nameAttribute,
  readCertificate,
} from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { checkPath, orderedPath, PATH_COUNT_MAX } from '../x509/path.ts'
import type { TpmPublic } from './public-area.ts'

export interface TpmMaker {
  /** Vendor id such as `id:494E5443`. */
  readonly manufacturer: string
  readonly model: string
  readonly firmware: string
}

export interface Endorsed {
  /** Name of the pinned root. */
  readonly anchor: string
  /** SHA-256 of the key that was certified, in hex. */
  readonly keyId: string
  readonly validUntilMs: number
  /** Undefined for a certificate of an attestation key, which names no maker. */
  readonly maker: TpmMaker | undefined
}

export interface EndorsementContext {
  readonly nowMs: number
  readonly anchors: AnchorSet
  readonly crls?: readonly Crl[] | undefined
}

const SUBJECT_ALT_NAME = '2.5.29.17'
const EK_USAGE = '2.23.133.8.1'
const DIRECTORY_NAME = 4
const MANUFACTURER = '2.23.133.2.1'
const MODEL = '2.23.133.2.2'
const FIRMWARE = '2.23.133.2.3'

/**
 * The endorsement of `ek` by `certificates`, its own first, then issuers in any order.
 *
 * @throws {AttestationError} `TPM_EK_CERTIFICATE`, `TPM_EK_KEY`, and codes of paths.
 */
export function checkEndorsementKey(
  ek: TpmPublic,
  certificates: readonly Uint8Array[],
  context: EndorsementContext,
): Endorsed {
  const { leaf, path, anchor } = checkVendorPath(certificates, context)
  const usages = leaf.extendedKeyUsages
  demand(usages.includes(EK_USAGE), 'TPM_EK_CERTIFICATE', 'usage of an endorsement key is missing')
  const needed = ek.curve === undefined ? KEY_ENCIPHERMENT : KEY_AGREEMENT
  const may = leaf.keyUsage !== undefined && (leaf.keyUsage & needed) !== 0
  demand(may && !leaf.ca, 'TPM_EK_CERTIFICATE', 'key usage is not that of an endorsement key')
  demand(leaf.publicKey.equals(ek.key), 'TPM_EK_KEY', 'certificate of another endorsement key')
  return {
    anchor,
    keyId: leaf.spkiSha256,
    validUntilMs: endOf(path),
    maker: makerOf(leaf),
  }
}

/**
 * The endorsement of an attestation key by a certificate of its own, as clouds issue them.
 *
 * @throws {AttestationError} `TPM_AK_CERTIFICATE`, and codes of paths.
 */
export function checkCertifiedKey(
  ak: TpmPublic,
  certificates: readonly Uint8Array[],
  context: EndorsementContext,
): Endorsed {
  const { leaf, path, anchor } = checkVendorPath(certificates, context)
  const may = leaf.keyUsage !== undefined && (leaf.keyUsage & DIGITAL_SIGNATURE) !== 0
  demand(may && !leaf.ca, 'TPM_AK_CERTIFICATE', 'key usage is not that of an attestation key')
  demand(leaf.publicKey.equals(ak.key), 'TPM_AK_CERTIFICATE', 'certificate of another key')
  return { anchor, keyId: leaf.spkiSha256, validUntilMs: endOf(path), maker: undefined }
}

function checkVendorPath(
  certificates: readonly Uint8Array[],
  { nowMs, anchors, crls }: EndorsementContext,
): { leaf: Certificate; path: readonly Certificate[]; anchor: string } {
  const count = certificates.length
  demand(count <= PATH_COUNT_MAX, 'ATTESTATION_LIMIT', `${count} certificates`)
  const [leaf, ...hints] = certificates.map((der) => readCertificate(derOnly(der)))
  if (leaf === undefined) refuse('TPM_EK_CERTIFICATE', 'no certificate')
  const roots = anchors.roots.tpm
  const path = orderedPath(leaf, [...hints, ...anchors.intermediates], roots)
  const rules = {
    nowMs,
    anchors: roots,
    // The subject of such a certificate may be empty; its alternative name is critical then.
    understood: [SUBJECT_ALT_NAME],
    ...(crls && { crls }),
    // Few makers publish lists, and none is asked for: an old one says less, but what it says stays true.
    graceMs: Number.MAX_SAFE_INTEGER,
  }
  return { leaf, path, anchor: checkPath(path, rules).name }
}

/**
 * The Names, encoded, of who issued any of `certificates`: whose lists may say something of them.
 *
 * @throws {AttestationError} when one cannot be read.
 */
export function endorsementIssuers(certificates: readonly Uint8Array[]): readonly Uint8Array[] {
  demand(certificates.length <= PATH_COUNT_MAX, 'ATTESTATION_LIMIT', 'too many certificates')
  return certificates.map((der) => readCertificate(derOnly(der)).issuer)
}

/** NV indices may be padded behind the certificate: what counts ends where its DER ends. */
function derOnly(bytes: Uint8Array): Uint8Array {
  return new DerReader(bytes).read(SEQUENCE).encoded
}

function endOf(path: readonly Certificate[]): number {
  return Math.min(...path.map(({ notAfterMs }) => notAfterMs))
}

/** The directory name inside the subject's alternative name. */
function makerOf(leaf: Certificate): TpmMaker {
  const value = leaf.extensions.get(SUBJECT_ALT_NAME)?.value
  if (value === undefined) refuse('TPM_EK_CERTIFICATE', 'no alternative name')
  const names = derContent(value, SEQUENCE).all(8)
  const directory = names.find(({ tag }) => tag === contextTag(DIRECTORY_NAME))
  if (directory === undefined) refuse('TPM_EK_CERTIFICATE', 'no directory name')
  const name = new DerReader(directory.content).read(SEQUENCE).content
  const attribute = (oid: string): string =>
    nameAttribute(name, oid) ?? refuse('TPM_EK_CERTIFICATE', `no attribute ${oid}`)
  return {
    manufacturer: attribute(MANUFACTURER),
    model: attribute(MODEL),
    firmware: attribute(FIRMWARE),
  }
}
