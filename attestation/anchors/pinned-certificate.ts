/**
 * A certificate that is shipped with Brume, with where it came from.
 *
 * @module
 */

import { certificatesOfPem } from '../encoding/pem.ts'
import { invariant } from '../../core/invariant.ts'
import { type Certificate, readCertificate } from '../x509/certificate.ts'
import type { Anchor } from '../x509/path.ts'

export interface PinnedCertificate {
  readonly name: string
  /** Where the vendor publishes it. */
  readonly source: string
  /** The day when it was taken from there. */
  readonly retrieved: string
  /** SHA-256 of its SubjectPublicKeyInfo: what is really pinned. */
  readonly spkiSha256: string
  readonly pem: string
}

/** The certificate, and its name. */
export function pinned({ name, pem, spkiSha256 }: PinnedCertificate): Anchor {
  const certificate = certificateOf(pem)
  invariant(certificate.spkiSha256 === spkiSha256, 'a pinned certificate has the key of its pin')
  return { name, certificate }
}

function certificateOf(pem: string): Certificate {
  const [der] = certificatesOfPem(pem, 1)
  invariant(der !== undefined, 'a pinned certificate is one certificate')
  return readCertificate(der)
}
