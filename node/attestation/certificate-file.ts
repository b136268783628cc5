/**
 * Certificates from files: PEM with any number of them, or one in DER.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import {
  type AnchorSet,
  AttestationError,
  certificatesOfPem,
  readCertificate,
  shippedAnchors,
  withRoots,
} from '../../attestation/index.ts'
import { textOf } from '../../core/bytes.ts'

const PEM_COUNT_MAX = 64

/** @throws {AttestationError} `PEM_MALFORMED`, also for a file that cannot be read. */
export async function readCertificateFile(path: string): Promise<readonly Uint8Array[]> {
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(await readFile(path))
  } catch (cause) {
    throw new AttestationError({ code: 'PEM_MALFORMED', reason: `cannot read ${path}` }, { cause })
  }
  return certificatesIn(bytes)
}

/** The certificates in `bytes`. @throws {AttestationError} `PEM_MALFORMED`. */
export function certificatesIn(bytes: Uint8Array): readonly Uint8Array[] {
  // A certificate in DER begins with the tag of a SEQUENCE.
  return bytes[0] === 0x30 ? [bytes] : certificatesOfPem(textOf(bytes) ?? '', PEM_COUNT_MAX)
}

/** The shipped roots, and those of TPM makers in `paths`. @throws {AttestationError} */
export async function anchorsWith(paths: readonly string[]): Promise<AnchorSet> {
  const files = await Promise.all(paths.map((path) => readCertificateFile(path)))
  const roots = files.flat().map((der) => {
    const certificate = readCertificate(der)
    return { name: certificate.commonName ?? certificate.spkiSha256.slice(0, 16), certificate }
  })
  return withRoots(shippedAnchors(), 'tpm', roots)
}
