/**
 * Whether a leaf is vouched for by a pinned root: RFC 5280, section 6, with positions fixed by the caller.
 *
 * Verifiers were fooled by roots that came with the evidence, by issuers that are
 * no CA and by revocation lists that were skipped. So: roots come only from
 * `anchors`, every issuer must be a CA that may sign certificates, and a list that
 * is asked for must be there, verified and in date.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import { demand, refuse } from '../errors.ts'
import { type Certificate, KEY_CERT_SIGN } from './certificate.ts'
import type { Crl } from './crl.ts'
import { isSignedBy } from './verified-links.ts'

/** A root that is trusted because it is pinned, under the name that people see. */
export interface Anchor {
  readonly name: string
  readonly certificate: Certificate
}

export interface PathRules {
  readonly nowMs: number
  readonly anchors: readonly Anchor[]
  /** Revocation lists at hand, of whatever issuer. */
  readonly crls?: readonly Crl[]
  /** Positions from the leaf (0) whose certificate must be on no list; a missing list is then a refusal. */
  readonly revocable?: readonly number[]
  /** How long past its next update a revocation list still counts, in milliseconds. 0 by default. */
  readonly graceMs?: number
  /** Critical extensions that the caller itself looks at, beside those of RFC 5280 that are understood here. */
  readonly understood?: readonly string[]
  /** Positions whose dates say nothing: those that a device writes itself. None by default. */
  readonly undated?: readonly number[]
  /** Positions whose issuer may lack the CA flag: batch keys of old Android devices. None by default. */
  readonly issuerMayLackCa?: readonly number[]
}

/** Key usage, basic constraints, extended key usage: looked at here or by every caller. */
const UNDERSTOOD = new Set(['2.5.29.15', '2.5.29.19', '2.5.29.37'])
/** Certificates in a path, the anchor included. */
export const PATH_COUNT_MAX = 10

/**
 * Checks `chain`, leaf first, each followed by its issuer, and returns the anchor that it ends in.
 *
 * A last certificate that is an anchor itself is dropped in favour of the pinned one.
 *
 * @throws {AttestationError} with an `X509_` or `CRL_` code.
 */
export function checkPath(chain: readonly Certificate[], rules: PathRules): Anchor {
  const last = chain.at(-1)
  demand(last !== undefined, 'X509_PATH_LENGTH', 'no certificates')
  demand(chain.length < PATH_COUNT_MAX, 'X509_PATH_LENGTH', `${chain.length} certificates`)
  const supplied = rules.anchors.some(({ certificate }) => bytesEqual(certificate.der, last.der))
  const path = supplied && chain.length > 1 ? chain.slice(0, -1) : chain
  const anchor = anchorOf(path.at(-1) ?? last, rules.anchors)
  for (const [position, certificate] of path.entries()) {
    const issuer = path[position + 1] ?? anchor.certificate
    checkLink(certificate, issuer, position, rules)
    checkRevocation(certificate, issuer, position, rules)
  }
  return anchor
}

/**
 * Puts the issuers of `leaf` in order, from hints that may be in any order and hold more.
 *
 * It only finds; {@link checkPath} decides.
 */
export function orderedPath(
  leaf: Certificate,
  hints: readonly Certificate[],
  anchors: readonly Anchor[],
): readonly Certificate[] {
  const path = [leaf]
  const isAnchored = (one: Certificate): boolean =>
    anchors.some(({ certificate }) => bytesEqual(certificate.subject, one.issuer))
  for (let last = leaf; !isAnchored(last) && path.length < PATH_COUNT_MAX;) {
    const issuer = hints.find(
      (hint) => bytesEqual(hint.subject, last.issuer) && !path.includes(hint),
    )
    if (issuer === undefined) break
    path.push(issuer)
    last = issuer
  }
  return path
}

/** The anchor whose name issued `last`; where several share the name, the one whose key signed. */
function anchorOf(last: Certificate, anchors: readonly Anchor[]): Anchor {
  const named = anchors.filter(({ certificate }) => bytesEqual(certificate.subject, last.issuer))
  const [only] = named
  if (only === undefined) refuse('X509_ANCHOR_UNKNOWN', 'no pinned root issued the chain')
  if (named.length === 1) return only
  return named.find(({ certificate }) => isSignedBy(last, certificate)) ?? only
}

function checkLink(
  certificate: Certificate,
  issuer: Certificate,
  position: number,
  rules: PathRules,
): void {
  const at = `certificate ${position} from the leaf`
  demand(bytesEqual(certificate.issuer, issuer.subject), 'X509_ISSUER_NAME', at)
  if (!(rules.issuerMayLackCa ?? []).includes(position)) {
    demand(issuer.ca, 'X509_ISSUER_NOT_CA', `issuer of ${at}`)
    const signs = issuer.keyUsage === undefined || (issuer.keyUsage & KEY_CERT_SIGN) !== 0
    demand(signs, 'X509_KEY_USAGE', `issuer of ${at} may not sign certificates`)
  }
  const { pathLength } = issuer
  // The certificates between the issuer and the leaf are those at positions 1 to `position`.
  demand(pathLength === undefined || position <= pathLength, 'X509_PATH_LENGTH', `issuer of ${at}`)
  for (const [oid, { critical }] of certificate.extensions) {
    const understood = UNDERSTOOD.has(oid) || (rules.understood ?? []).includes(oid)
    demand(!critical || understood, 'X509_CRITICAL_EXTENSION', `${oid} in ${at}`)
  }
  demand(isSignedBy(certificate, issuer), 'X509_SIGNATURE', at)
  if ((rules.undated ?? []).includes(position)) return
  demand(rules.nowMs >= certificate.notBeforeMs, 'X509_NOT_YET_VALID', at)
  demand(rules.nowMs <= certificate.notAfterMs, 'X509_EXPIRED', at)
}

function checkRevocation(
  certificate: Certificate,
  issuer: Certificate,
  position: number,
  rules: PathRules,
): void {
  const must = (rules.revocable ?? []).includes(position)
  const lists = (rules.crls ?? []).filter((crl) => bytesEqual(crl.issuer, issuer.subject))
  if (must && lists.length === 0) {
    refuse('CRL_MISSING', `no list for certificate ${position} from the leaf`)
  }
  for (const crl of lists) {
    crl.check(issuer, rules.nowMs, rules.graceMs ?? 0)
    const revoked = crl.revoked.has(certificate.serial)
    demand(!revoked, 'X509_REVOKED', `certificate ${position} from the leaf`)
  }
}
