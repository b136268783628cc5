/**
 * Which certificates were found to be signed by which keys, so that a chain is not verified twice.
 *
 * Devices of one maker share all but the last links of their chains. Only successes are
 * kept, under the hash of all bytes of the certificate and of the key: the same
 * input gives the same answer, sooner.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { RecentCache } from '../../core/recent-cache.ts'
import type { Certificate } from './certificate.ts'

/** About 200 bytes each. */
const LINKS_CACHED_MAX = 1_024

const known = new RecentCache<string, true>(LINKS_CACHED_MAX)

/** True when `issuer` signed `certificate`. @throws {AttestationError} `X509_ALGORITHM`. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const digest = createHash('sha256').update(certificate.der).digest('base64')
  const link = `${digest} ${issuer.spkiSha256}`
  if (known.get(link) === true) return true
  const holds = certificate.signedBy(issuer.publicKey)
  if (holds) known.set(link, true)
  return holds
}
