/**
 * An X.509 certificate (RFC 5280, section 4), read strictly and by this code alone.
 *
 * Nothing here is trusted: a certificate says what it says, and only a path to a
 * pinned root (path.ts) makes it worth anything. node:crypto's own X509Certificate
 * is left aside: it reads more than DER and its `checkIssued` is true for issuers that are no CA.
 *
 * @module
 */

import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { bytesEqual, toHex } from '../../core/bytes.ts'
import {
  BIT_STRING,
  bitsOf,
  BOOLEAN,
  booleanOf,
  contextTag,
  derContent,
  type DerElement,
  DerReader,
  implicitTag,
  INTEGER,
  integerBytes,
  namedBitsOf,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  oidOf,
  SEQUENCE,
  SET,
  stringOf,
  timeOf,
  unsignedOf,
} from '../encoding/der.ts'
import { certificatesOfPem } from '../encoding/pem.ts'
import { refuse } from '../errors.ts'
import { signatureAlgorithm, signatureHolds } from './signature.ts'

/** Bits of the key usage extension (RFC 5280, section 4.2.1.3), by position. */
export const DIGITAL_SIGNATURE = 1 << 0
export const KEY_ENCIPHERMENT = 1 << 2
export const KEY_AGREEMENT = 1 << 4
export const KEY_CERT_SIGN = 1 << 5
export const CRL_SIGN = 1 << 6

export interface Extension {
  readonly critical: boolean
  /** What is inside the OCTET STRING. */
  readonly value: Uint8Array
}

export interface Certificate {
  /** All of it, as it was signed. */
  readonly der: Uint8Array
  /** Octets of the serial number, in hex, as they stand there. */
  readonly serial: string
  /** The issuer's Name, encoded: names are compared byte by byte. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** Common name of the subject, where there is one. */
  readonly commonName: string | undefined
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** SHA-256 of the SubjectPublicKeyInfo, in hex. */
  readonly spkiSha256: string
  readonly publicKey: KeyObject
  /** basicConstraints.cA; false where the extension is missing. */
  readonly ca: boolean
  /** How many certificates of a CA may stand between this one and the leaf. */
  readonly pathLength: number | undefined
  /** Bits such as {@link KEY_CERT_SIGN}; undefined where the extension is missing. */
  readonly keyUsage: number | undefined
  readonly extendedKeyUsages: readonly string[]
  /** By object identifier. */
  readonly extensions: ReadonlyMap<string, Extension>
  /** True when `key` made the signature. @throws {AttestationError} `X509_ALGORITHM`. */
  signedBy(key: KeyObject): boolean
}

const EXTENSION_COUNT_MAX = 40
const CERTIFICATE_BYTES_MAX = 16 * 1024
const COMMON_NAME = '2.5.4.3'
const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const EXTENDED_KEY_USAGE = '2.5.29.37'

/** @throws {AttestationError} `DER_MALFORMED`, `X509_ALGORITHM`. */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > CERTIFICATE_BYTES_MAX) refuse('ATTESTATION_LIMIT', 'certificate too large')
  const { tbs, algorithm, signature } = readSigned(der)
  const body = new DerReader(tbs.content)
  const version = body.optional(contextTag(0))
  if (version === undefined || unsignedOf(new DerReader(version.content).read(INTEGER)) !== 2) {
    refuse('DER_MALFORMED', 'certificate is not of version 3')
  }
  const serial = toHex(integerBytes(body.read(INTEGER)))
  const inner = body.read(SEQUENCE).encoded
  if (!bytesEqual(inner, algorithm)) refuse('DER_MALFORMED', 'two signature algorithms')
  const issuer = body.read(SEQUENCE)
  const validity = body.enter(SEQUENCE)
  const [notBeforeMs, notAfterMs] = [timeOf(validity.next()), timeOf(validity.next())]
  validity.end()
  const subject = body.read(SEQUENCE)
  const spki = body.read(SEQUENCE).encoded
  body.optional(implicitTag(1))
  body.optional(implicitTag(2))
  const extensions = explicitExtensions(body.optional(contextTag(3)))
  body.end()
  return {
    der,
    serial,
    issuer: issuer.encoded,
    subject: subject.encoded,
    commonName: nameAttribute(subject.content, COMMON_NAME),
    notBeforeMs,
    notAfterMs,
    ...keyOf(spki),
    ...constraintsOf(extensions),
    extensions,
    signedBy: (key) => signatureHolds(signatureAlgorithm(algorithm), key, tbs.encoded, signature),
  }
}

/** The first certificate of a text in PEM form. @throws {AttestationError} also `PEM_MALFORMED`. */
export function certificateOfPem(text: string): Certificate {
  const [der = new Uint8Array()] = certificatesOfPem(text, 1)
  return readCertificate(der)
}

/** The one value of an attribute in a Name's content, or undefined. */
export function nameAttribute(name: Uint8Array, oid: string): string | undefined {
  for (const set of new DerReader(name).all(16)) {
    for (const attribute of new DerReader(set.content).all(8)) {
      const pair = new DerReader(attribute.content)
      if (oidOf(pair.read(OBJECT_IDENTIFIER)) === oid) return stringOf(pair.next())
    }
    if (set.tag !== SET) refuse('DER_MALFORMED', 'name is no sequence of sets')
  }
  return undefined
}

/** What certificates and revocation lists have in common: a body, and a signature over it. */
export function readSigned(der: Uint8Array): {
  readonly tbs: DerElement
  /** The AlgorithmIdentifier, encoded. */
  readonly algorithm: Uint8Array
  readonly signature: Uint8Array
} {
  const outer = derContent(der, SEQUENCE)
  const tbs = outer.read(SEQUENCE)
  const algorithm = outer.read(SEQUENCE).encoded
  const signature = bitsOf(outer.read(BIT_STRING))
  outer.end()
  return { tbs, algorithm, signature }
}

/** The extensions inside an explicit tag, by object identifier. */
export function explicitExtensions(field: DerElement | undefined): ReadonlyMap<string, Extension> {
  if (field === undefined) return new Map()
  const reader = new DerReader(field.content)
  const list = reader.read(SEQUENCE)
  reader.end()
  return extensionsOf(list)
}

/** The extensions of a list, by object identifier; none twice. */
export function extensionsOf({ content: list }: DerElement): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>()
  for (const { content } of new DerReader(list).all(EXTENSION_COUNT_MAX)) {
    const reader = new DerReader(content)
    const oid = oidOf(reader.read(OBJECT_IDENTIFIER))
    const flag = reader.optional(BOOLEAN)
    const critical = flag !== undefined && booleanOf(flag)
    const value = reader.read(OCTET_STRING).content
    reader.end()
    if (extensions.has(oid)) refuse('DER_MALFORMED', 'an extension stands twice')
    extensions.set(oid, { critical, value })
  }
  return extensions
}

function keyOf(spki: Uint8Array): { publicKey: KeyObject; spkiSha256: string } {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    return { publicKey, spkiSha256: createHash('sha256').update(spki).digest('hex') }
  } catch {
    // OpenSSL says why in words of its own, which say nothing to whoever reads the code.
    return refuse('X509_ALGORITHM', 'public key of an unknown kind, or malformed')
  }
}

function constraintsOf(
  extensions: ReadonlyMap<string, Extension>,
): Pick<Certificate, 'ca' | 'pathLength' | 'keyUsage' | 'extendedKeyUsages'> {
  const basic = extensions.get(BASIC_CONSTRAINTS)
  const usage = extensions.get(KEY_USAGE)
  const extended = extensions.get(EXTENDED_KEY_USAGE)
  return {
    ...basicConstraints(basic),
    keyUsage: usage === undefined ? undefined : keyUsageOf(usage.value),
    extendedKeyUsages:
      extended === undefined
        ? []
        : derContent(extended.value, SEQUENCE)
            .all(16)
            .map((element) => oidOf(element)),
  }
}

function basicConstraints(
  extension: Extension | undefined,
): Pick<Certificate, 'ca' | 'pathLength'> {
  if (extension === undefined) return { ca: false, pathLength: undefined }
  const reader = derContent(extension.value, SEQUENCE)
  const flag = reader.optional(BOOLEAN)
  const length = reader.optional(INTEGER)
  reader.end()
  return {
    ca: flag !== undefined && booleanOf(flag),
    pathLength: length === undefined ? undefined : unsignedOf(length),
  }
}

function keyUsageOf(value: Uint8Array): number {
  const reader = new DerReader(value)
  const bits = namedBitsOf(reader.read(BIT_STRING))
  reader.end()
  return bits
}
