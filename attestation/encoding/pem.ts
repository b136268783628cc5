/**
 * Certificates in PEM form (RFC 7468, section 5), as vendors ship them.
 *
 * @module
 */

import { refuse } from '../errors.ts'

/** The DER of each CERTIFICATE block in `text`, in order; text between the blocks is ignored. */
export function certificatesOfPem(text: string, countMax: number): readonly Uint8Array[] {
  const blocks = [
    ...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g),
  ]
  if (blocks.length === 0) refuse('PEM_MALFORMED', 'no certificate in PEM form')
  if (blocks.length > countMax) {
    refuse('ATTESTATION_LIMIT', `expected at most ${countMax} certificates, got ${blocks.length}`)
  }
  return blocks.map(([, body = '']) => base64Bytes(body.replaceAll(/\s/g, '')))
}

function base64Bytes(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  // Buffer skips what is not base64: only a text that comes back is one.
  if (bytes.toString('base64') !== text) refuse('PEM_MALFORMED', 'a block of PEM is not base64')
  return new Uint8Array(bytes)
}
