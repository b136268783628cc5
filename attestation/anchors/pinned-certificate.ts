/**
 * A certificate that is shipped with Brume, with where it came from.
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import { certificateOfPem } from '../x509/certificate.ts'
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
  const certificate = certificateOfPem(pem)
  invariant(certificate.spkiSha256 === spkiSha256, 'a pinned certificate has the key of its pin')
  return { name, certificate }
}
