/**
 * Membership certificates, and the chains that lead from a member back to the founder.
 *
 * A chain lists the member's own certificate first; the last one is issued by
 * the founder. Nobody can grant more than they hold: a role no wider than their
 * own, no longer than their own, and only with the right to invite.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  flag,
  list,
  optional,
  record,
  type ShapeOf,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import { hexId, peerId } from '../../core/id-shapes.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import {
  isSignedBy,
  type SignedRecord,
  signedRecord,
  signRecord,
} from '../../core/signed-record.ts'
import type { JoinCode } from './errors.ts'
import type { VerifiedGenesis } from './genesis.ts'
import {
  CERTIFICATE_BODY_BYTES_MAX,
  CERTIFICATE_MS_MAX,
  CHAIN_LENGTH_MAX,
  CLOCK_SKEW_MS_MAX,
  INVITE_ID_BYTES,
  JOIN_VERSION,
  RESERVED_BYTES_MAX,
} from './limits.ts'
import { roleCovers } from './role.ts'

const CERTIFICATE_KIND = 'membership'

const certificateShape = record({
  version: uint(255),
  mesh: hexId<MeshId>(32),
  subject: peerId(),
  role: word('observer', 'submitter', 'worker'),
  /** Whether the subject may issue certificates in its turn. */
  mayInvite: flag(),
  issuer: peerId(),
  /** The invite that it was given for; none for the founder. */
  invite: optional(bytes(INVITE_ID_BYTES)),
  /** Wall time at the issuer, in ms since the epoch. */
  issuedMs: uint(),
  expiresMs: uint(),
  reserved: optional(bytes(0, RESERVED_BYTES_MAX)),
})

/** That a device is a member of a mesh, as one other member says. */
export type Certificate = ShapeOf<typeof certificateShape>

/** A member's certificate, then its issuer's, up to one that the founder issued. */
export type CertificateChain = readonly SignedRecord[]

/** How a chain looks inside a message. */
export const chainShape = list(signedRecord(CERTIFICATE_BODY_BYTES_MAX), CHAIN_LENGTH_MAX)

/** What a chain is checked against. */
export interface ChainExpectation {
  readonly genesis: VerifiedGenesis
  /** The peer that the channel has authenticated. */
  readonly subject: PeerId
  /** Wall time, in ms since the epoch. */
  readonly wallMs: number
}

export type ChainVerdict =
  | { readonly type: 'valid'; readonly certificate: Certificate; readonly expiresMs: number }
  | { readonly type: 'refused'; readonly code: JoinCode }

/** What an issuer decides; the rest of a certificate follows. */
export type CertificateInit = Pick<
  Certificate,
  'subject' | 'role' | 'mayInvite' | 'invite' | 'issuedMs' | 'expiresMs'
>

/** Issues a certificate: `signer` vouches for `init.subject`. */
export function issueCertificate(
  init: CertificateInit,
  mesh: MeshId,
  signer: Signer,
): SignedRecord {
  const certificate: Certificate = {
    version: JOIN_VERSION,
    mesh,
    issuer: signer.peer,
    reserved: undefined,
    ...init,
  }
  return signRecord(signer, CERTIFICATE_KIND, encodeShape(certificateShape, certificate))
}

/** A chain as bytes: for the disk, and for records that carry it. */
export function encodeChain(chain: CertificateChain): Uint8Array {
  return encodeShape(chainShape, chain)
}

/** The chain in `encoded`, or undefined when there is none. Nothing is verified yet. */
export function decodeChain(encoded: Uint8Array): CertificateChain | undefined {
  const decoded = decodeShape(chainShape, encoded)
  return decoded.type === 'value' ? decoded.value : undefined
}

/**
 * Checks every link of `chain`. Valid means that `subject` is a member of the mesh now;
 * `expiresMs` is the first end of a certificate in the chain.
 */
export function verifyChain(
  chain: CertificateChain,
  expected: ChainExpectation,
  crypto: Crypto,
): ChainVerdict {
  if (chain.length === 0 || chain.length > CHAIN_LENGTH_MAX) return refuse('JOIN_CHAIN_INVALID')
  const certificates: Certificate[] = []
  for (const signed of chain) {
    const decoded = decodeShape(certificateShape, signed.body)
    if (decoded.type === 'refused') return refuse('JOIN_CERTIFICATE_MALFORMED')
    certificates.push(decoded.value)
  }
  const code =
    chainFault(certificates, expected) ??
    certificates.map((certificate) => certificateFault(certificate, expected)).find(Boolean) ??
    signatureFault(chain, certificates, crypto)
  const [own] = certificates
  if (code !== undefined || own === undefined) return refuse(code ?? 'JOIN_CHAIN_INVALID')
  const expiresMs = Math.min(...certificates.map((certificate) => certificate.expiresMs))
  return { type: 'valid', certificate: own, expiresMs }
}

function refuse(code: JoinCode): ChainVerdict {
  return { type: 'refused', code }
}

/** Whether each certificate is issued by the next one's subject, with the right to do so. */
function chainFault(
  certificates: readonly Certificate[],
  { genesis, subject }: ChainExpectation,
): JoinCode | undefined {
  if (certificates[0]?.subject !== subject) return 'JOIN_CERTIFICATE_FOREIGN'
  const founder = genesis.genesis.founder
  for (const [index, { issuer, role }] of certificates.entries()) {
    const above = certificates[index + 1]
    // The founder stands above every chain, so that one member has one chain from one invite.
    if (above === undefined) return issuer === founder ? undefined : 'JOIN_CHAIN_INVALID'
    const vouched =
      issuer === above.subject &&
      issuer !== founder &&
      above.mayInvite &&
      roleCovers(above.role, role)
    if (!vouched) return 'JOIN_CHAIN_INVALID'
  }
  return 'JOIN_CHAIN_INVALID'
}

function certificateFault(
  { version, mesh, issuedMs, expiresMs }: Certificate,
  { genesis, wallMs }: ChainExpectation,
): JoinCode | undefined {
  if (version !== JOIN_VERSION) return 'JOIN_VERSION_UNSUPPORTED'
  if (mesh !== genesis.id) return 'JOIN_MESH_MISMATCH'
  const sound = expiresMs > issuedMs && expiresMs - issuedMs <= CERTIFICATE_MS_MAX
  if (!sound) return 'JOIN_CERTIFICATE_MALFORMED'
  const inForce = issuedMs <= wallMs + CLOCK_SKEW_MS_MAX && wallMs < expiresMs
  return inForce ? undefined : 'JOIN_CERTIFICATE_EXPIRED'
}

function signatureFault(
  chain: CertificateChain,
  certificates: readonly Certificate[],
  crypto: Crypto,
): JoinCode | undefined {
  const signed = certificates.every(({ issuer }, index) => {
    const shown = chain[index]
    return shown !== undefined && isSignedBy(crypto.verify, issuer, CERTIFICATE_KIND, shown)
  })
  return signed ? undefined : 'JOIN_CERTIFICATE_FORGED'
}
