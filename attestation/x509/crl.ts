/**
 * Certificate revocation lists (RFC 5280, section 5): complete ones only, verified before they count.
 *
 * A list that cannot be verified, is out of date or says something critical that is
 * not understood is refused, never skipped: a verifier that goes on without it can
 * be made to do so by whoever supplies the list.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import {
  contextTag,
  DerReader,
  INTEGER,
  integerBytes,
  SEQUENCE,
  timeOf,
  unsignedOf,
} from '../encoding/der.ts'
import { demand, refuse } from '../errors.ts'
import {
  type Certificate,
  CRL_SIGN,
  explicitExtensions,
  extensionsOf,
  readSigned,
} from './certificate.ts'
import { signatureAlgorithm, signatureHolds } from './signature.ts'

export interface Crl {
  /** The issuer's Name, encoded. */
  readonly issuer: Uint8Array
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  /** Octets of the CRL number, in hex; undefined where there is none. */
  readonly number: string | undefined
  /** Serial numbers of revoked certificates, as {@link Certificate.serial}. */
  readonly revoked: ReadonlySet<string>
  /** Refuses unless `issuer` signed this list and `nowMs` lies in its time, or at most `graceMs` after it. */
  check(issuer: Certificate, nowMs: number, graceMs: number): void
}

const CRL_BYTES_MAX = 1024 * 1024
const REVOKED_COUNT_MAX = 40_000
const CRL_NUMBER = '2.5.29.20'
/** Authority key identifier and CRL number: they restrict nothing. */
const HARMLESS = new Set(['2.5.29.35', CRL_NUMBER])

/** @throws {AttestationError} `DER_MALFORMED`, `X509_CRITICAL_EXTENSION`, `ATTESTATION_LIMIT`. */
export function readCrl(der: Uint8Array): Crl {
  if (der.length > CRL_BYTES_MAX) refuse('ATTESTATION_LIMIT', 'revocation list too large')
  const { tbs, algorithm, signature } = readSigned(der)
  const body = new DerReader(tbs.content)
  if (unsignedOf(body.read(INTEGER)) !== 1) refuse('DER_MALFORMED', 'list is not of version 2')
  if (!bytesEqual(body.read(SEQUENCE).encoded, algorithm)) {
    refuse('DER_MALFORMED', 'two signature algorithms')
  }
  const issuer = body.read(SEQUENCE).encoded
  const [thisUpdateMs, nextUpdateMs] = [timeOf(body.next()), timeOf(body.next())]
  const revoked = revokedSerials(body.optional(SEQUENCE)?.content)
  const extensions = explicitExtensions(body.optional(contextTag(0)))
  body.end()
  refuseCritical(extensions.entries())
  const number = extensions.get(CRL_NUMBER)?.value
  return {
    issuer,
    thisUpdateMs,
    nextUpdateMs,
    number: number && toHex(integerBytes(new DerReader(number).read(INTEGER))),
    revoked,
    check: (by, nowMs, graceMs) => {
      demand(bytesEqual(issuer, by.subject), 'CRL_SIGNATURE', 'list of another issuer')
      demand(by.ca, 'X509_ISSUER_NOT_CA', 'list by a certificate that is no CA')
      const allowed = by.keyUsage === undefined || (by.keyUsage & CRL_SIGN) !== 0
      demand(allowed, 'X509_KEY_USAGE', 'issuer may not sign revocation lists')
      const holds = signatureHolds(
        signatureAlgorithm(algorithm),
        by.publicKey,
        tbs.encoded,
        signature,
      )
      demand(holds, 'CRL_SIGNATURE', 'signature of the revocation list does not hold')
      demand(nowMs >= thisUpdateMs, 'CRL_STALE', 'revocation list is from the future')
      demand(
        nowMs <= nextUpdateMs + graceMs,
        'CRL_STALE',
        'revocation list is past its next update',
      )
    },
  }
}

/** Entry extensions that are critical, such as an indirect issuer, would change what an entry means. */
function revokedSerials(content: Uint8Array | undefined): ReadonlySet<string> {
  const serials = new Set<string>()
  if (content === undefined) return serials
  for (const entry of new DerReader(content).all(REVOKED_COUNT_MAX)) {
    const reader = new DerReader(entry.content)
    serials.add(toHex(integerBytes(reader.read(INTEGER))))
    timeOf(reader.next())
    if (!reader.atEnd) refuseCritical(extensionsOf(reader.read(SEQUENCE)))
    reader.end()
  }
  return serials
}

function refuseCritical(
  extensions: Iterable<readonly [string, { readonly critical: boolean }]>,
): void {
  for (const [oid, { critical }] of extensions) {
    if (critical && !HARMLESS.has(oid)) {
      refuse('X509_CRITICAL_EXTENSION', `revocation list with critical extension ${oid}`)
    }
  }
}
