/**
 * Certificates in PEM form (RFC 7468, section 5), as vendors ship them.
 *
 * @module
 */

import { refuse } from '../errors.ts'

const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g

/** The DER of each CERTIFICATE block in `text`, in order; between them stands white space only. */
export function certificatesOfPem(text: string, countMax: number): readonly Uint8Array[] {
  const blocks = [...text.matchAll(BLOCK)]
  // A block that is only almost one would otherwise vanish unseen. Intel ends its text with a zero byte.
  if (/[^\s\0]/.test(text.replaceAll(BLOCK, ''))) {
    refuse('PEM_MALFORMED', 'something else stands between certificates')
  }
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
