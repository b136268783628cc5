/**
 * AWS Nitro Enclaves: an attestation document, signed by the hypervisor's security module.
 *
 * The document is COSE_Sign1 with ES384; its certificate lives for three hours, so
 * freshness comes almost for free (AWS, "Nitro Enclaves attestation process").
 * An enclave in debug mode has zeros for its measurements.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { toHex } from '../../core/bytes.ts'
import { checkSign1, readSign1, signStructure } from '../cose/sign1.ts'
import {
  asArray,
  asBytes,
  asMap,
  asText,
  asUnsigned,
  type CborItem,
  type CborMap,
  readCbor,
} from '../encoding/cbor.ts'
import { demand } from '../errors.ts'
import { checkBinding, type CommonClaims, type VerifyContext } from '../verified.ts'
import { type Certificate, DIGITAL_SIGNATURE, readCertificate } from '../x509/certificate.ts'
import { checkPath } from '../x509/path.ts'

export interface NitroEvidence {
  readonly kind: 'nitro'
  readonly document: Uint8Array
}

export interface NitroClaims extends CommonClaims {
  readonly kind: 'nitro'
  readonly moduleId: string
  /** When the document was made, in milliseconds since 1970. */
  readonly madeAtMs: number
  /** Platform configuration registers that are in use, by index, in hex. */
  readonly pcrs: Readonly<Record<number, string>>
  /** True for an enclave in debug mode, whose memory its host may read. */
  readonly debug: boolean
  /** The key that the enclave vouches for, in hex; undefined when it names none. */
  readonly publicKey: string | undefined
}

const DOCUMENT_BYTES_MAX = 32 * 1024
const CA_COUNT_MAX = 8
const PCR_COUNT_MAX = 32
const PCR_BYTES = 48
const USER_BYTES_MAX = 1024

/** @throws {AttestationError} when anything does not hold. */
export function verifyNitro({ document }: NitroEvidence, context: VerifyContext): NitroClaims {
  demand(document.length <= DOCUMENT_BYTES_MAX, 'ATTESTATION_LIMIT', 'document too large')
  const message = readSign1(document)
  demand(message.unprotected.size === 0, 'NITRO_MALFORMED', 'unprotected headers')
  const fields = asMap(readCbor(message.payload), 'payload')
  demand(fields.get('digest') === 'SHA384', 'NITRO_MALFORMED', 'digest is not SHA384')

  const [leaf, path] = certificatesOf(fields)
  const { roots } = context.anchors
  const anchor = checkPath(path, { nowMs: context.nowMs, anchors: roots.nitro })
  const signs = leaf.keyUsage === undefined || (leaf.keyUsage & DIGITAL_SIGNATURE) !== 0
  demand(signs && !leaf.ca, 'X509_KEY_USAGE', 'the leaf may not sign documents')
  checkSign1(message, 'ES384', leaf.publicKey)

  const registers = registersOf(fields)
  const bound = checkBinding(
    context.binding,
    userBytes(fields, 'nonce'),
    userBytes(fields, 'user_data'),
  )
  const publicKey = userBytes(fields, 'public_key')
  const used = registers.filter(({ value }) => value.some((byte) => byte !== 0))
  return {
    kind: 'nitro',
    bound,
    anchor: anchor.name,
    evidenceId: createHash('sha256').update(signStructure(message, new Uint8Array())).digest('hex'),
    hardwareId: undefined,
    validUntilMs: Math.min(...path.map(({ notAfterMs }) => notAfterMs)),
    moduleId: asText(fields.get('module_id'), 'module_id'),
    madeAtMs: asUnsigned(fields.get('timestamp'), 'timestamp'),
    pcrs: Object.fromEntries(used.map(({ index, value }) => [index, toHex(value)])),
    debug: !used.some(({ index }) => index <= 2),
    publicKey: publicKey && toHex(publicKey),
  }
}

/** The leaf, and the path from it to the root that the document brings along. */
function certificatesOf(fields: CborMap): readonly [Certificate, readonly Certificate[]] {
  const bundle = asArray(fields.get('cabundle'), 'cabundle')
  demand(bundle.length <= CA_COUNT_MAX, 'ATTESTATION_LIMIT', `${bundle.length} certificates`)
  const leaf = readCertificate(asBytes(fields.get('certificate'), 'certificate'))
  // The bundle begins with the root.
  const issuers = bundle.map((item) => readCertificate(asBytes(item, 'certificate'))).toReversed()
  return [leaf, [leaf, ...issuers]]
}

function registersOf(fields: CborMap): readonly { index: number; value: Uint8Array }[] {
  const pcrs = asMap(fields.get('pcrs'), 'pcrs')
  const fits = pcrs.size >= 1 && pcrs.size <= PCR_COUNT_MAX
  demand(fits, 'NITRO_MALFORMED', `${pcrs.size} registers`)
  return [...pcrs].map(([index, item]) => {
    const value = asBytes(item, 'register')
    const known = typeof index === 'number' && index >= 0 && index < PCR_COUNT_MAX
    demand(known && value.length === PCR_BYTES, 'NITRO_MALFORMED', 'register out of range')
    return { index, value }
  })
}

/** What the enclave put in: absent, null and empty all mean nothing. */
function userBytes(fields: CborMap, name: string): Uint8Array | undefined {
  const item: CborItem | undefined = fields.get(name)
  if (item === undefined || item === null) return undefined
  const bytes = asBytes(item, name)
  demand(bytes.length <= USER_BYTES_MAX, 'NITRO_MALFORMED', `${name} too large`)
  return bytes.length === 0 ? undefined : bytes
}
