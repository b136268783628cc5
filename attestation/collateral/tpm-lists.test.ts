/** Revocation lists of the makers of TPMs, by an authority of the test's own. */

import { describe, expect, it } from 'vitest'
import { errorCode } from '../../core/errors.ts'
import {
  CA_USAGE,
  certificate,
  type CrlWish,
  ecKey,
  revocationList,
  SIGN_USAGE,
} from '../../test/fixtures/test-authority.ts'
import { shippedAnchors, withRoots } from '../anchors/anchor-set.ts'
import type { TpmEvidence } from '../tpm/tpm.ts'
import { checkCertifiedKey } from '../tpm/endorsement.ts'
import type { TpmPublic } from '../tpm/public-area.ts'
import { readCertificate } from '../x509/certificate.ts'
import { encodeCollateral } from './item.ts'
import { CollateralShelf } from './shelf.ts'

const nowMs = Date.parse('2025-06-01')
const [rootKey, issuerKey, akKey, strangerKey] = [ecKey(), ecKey(), ecKey(), ecKey()]
const authority = { ca: true, usage: CA_USAGE }
const root = certificate({
  subject: 'maker',
  issuer: 'maker',
  key: rootKey,
  by: rootKey,
  ...authority,
})
const issuer = certificate({
  subject: 'line',
  issuer: 'maker',
  key: issuerKey,
  by: rootKey,
  serial: 2,
  ...authority,
})
const attestationKey = certificate({
  subject: 'tpm',
  issuer: 'line',
  key: akKey,
  by: issuerKey,
  ca: false,
  usage: SIGN_USAGE,
  serial: 0x90,
})
const anchors = withRoots(shippedAnchors(), 'tpm', [
  { name: 'maker', certificate: readCertificate(root) },
])
const ak = { key: akKey.publicKey } as TpmPublic
const evidence = {
  kind: 'tpm',
  endorsement: { type: 'ak-certificate', certificates: [attestationKey, issuer] },
} as unknown as TpmEvidence

function pem(certificateDer: Uint8Array): string {
  const base64 = Buffer.from(certificateDer).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
}

function item(wish: CrlWish, issuerChain = ''): Uint8Array {
  const body = revocationList(wish)
  return encodeCollateral({
    type: 'crl',
    body,
    issuerChain,
    signature: undefined,
    fetchedAtMs: undefined,
  })
}

/** What becomes of the key with these lists, which came in this order. */
function judged(items: readonly Uint8Array[], laterMs = 0): unknown {
  const shelf = new CollateralShelf()
  try {
    for (const encoded of items) shelf.put(encoded, { nowMs, anchors, graceMs: 0 })
    const { tpmCrls: crls } = shelf.for(evidence, anchors)
    const { certificates } = evidence.endorsement
    return checkCertifiedKey(ak, certificates, { nowMs: nowMs + laterMs, anchors, crls }).anchor
  } catch (error) {
    return errorCode(error)
  }
}

const lineList: CrlWish = { issuer: 'line', by: issuerKey }
const makerList: CrlWish = { issuer: 'maker', by: rootKey }
const YEARS_MS = 5 * 365 * 86_400_000

describe('a list of a maker of TPMs', () => {
  it('is not asked for', () => {
    expect(judged([])).toBe('maker')
  })

  it('says that a key is revoked, by the authority that issued it', () => {
    expect(judged([item({ ...lineList, revoked: [7] }, pem(issuer))])).toBe('maker')
    expect(judged([item({ ...lineList, revoked: [0x90] }, pem(issuer))])).toBe('X509_REVOKED')
  })

  it('says that an authority is revoked, by the root', () => {
    expect(judged([item({ ...makerList, revoked: [2] })])).toBe('X509_REVOKED')
  })

  it('still revokes when it is old, and is missed by nobody then', () => {
    expect(judged([item({ ...lineList, revoked: [0x90] }, pem(issuer))], YEARS_MS)).toBe(
      'X509_REVOKED',
    )
    expect(judged([item({ ...lineList, revoked: [7] }, pem(issuer))], YEARS_MS)).toBe('maker')
  })

  it('is refused when no pinned root vouches for it', () => {
    const stranger = certificate({
      subject: 'line',
      issuer: 'maker',
      key: strangerKey,
      by: strangerKey,
      serial: 2,
      ...authority,
    })
    expect(judged([item(lineList)])).toBe('COLLATERAL_ISSUER')
    expect(judged([item({ ...lineList, by: strangerKey }, pem(issuer))])).toBe('CRL_SIGNATURE')
    expect(judged([item({ ...lineList, by: strangerKey }, pem(stranger))])).toBe('X509_SIGNATURE')
    expect(judged([item({ ...makerList, by: strangerKey })])).toBe('CRL_SIGNATURE')
    expect(judged([item({ ...lineList, nextUpdate: '20250301000000Z' }, pem(issuer))])).toBe(
      'CRL_STALE',
    )
  })

  it('is refused when its own authority was revoked', () => {
    const items = [item({ ...makerList, revoked: [2] }), item(lineList, pem(issuer))]
    expect(judged(items)).toBe('X509_REVOKED')
  })
})
