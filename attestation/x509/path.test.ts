import { describe, expect, it } from 'vitest'
import {
  CA_USAGE,
  certificate,
  type CertificateWish,
  type CrlWish,
  der,
  ecKey,
  extension,
  revocationList,
  SIGN_USAGE,
} from '../../test/fixtures/test-authority.ts'
import { errorCode } from '../../core/errors.ts'
import { readCertificate } from './certificate.ts'
import { readCrl } from './crl.ts'
import { checkPath, orderedPath, type PathRules } from './path.ts'

const nowMs = Date.parse('2025-06-01')
const [rootKey, issuerKey, leafKey, strangerKey] = [ecKey(), ecKey(), ecKey(), ecKey()]
const rootWish: CertificateWish = {
  subject: 'root',
  issuer: 'root',
  key: rootKey,
  by: rootKey,
  ca: true,
  usage: CA_USAGE,
}
const issuerWish: CertificateWish = { ...rootWish, subject: 'issuer', key: issuerKey, serial: 2 }
const leafWish: CertificateWish = {
  subject: 'leaf',
  issuer: 'issuer',
  key: leafKey,
  by: issuerKey,
  usage: SIGN_USAGE,
  serial: 0x90,
}
const listWish: CrlWish = { issuer: 'issuer', by: issuerKey, revoked: [7, 8] }
const root = readCertificate(certificate(rootWish))
const anchors = [{ name: 'test-root', certificate: root }]

interface Case {
  readonly leaf?: Partial<CertificateWish>
  readonly issuer?: Partial<CertificateWish>
  readonly list?: Partial<CrlWish>
  readonly rules?: Partial<PathRules>
}

function verdict({ leaf = {}, issuer = {}, list, rules = {} }: Case): string {
  try {
    const chain = [
      { ...leafWish, ...leaf },
      { ...issuerWish, ...issuer },
    ].map((wish) => readCertificate(certificate(wish)))
    const crls = list === undefined ? [] : [readCrl(revocationList({ ...listWish, ...list }))]
    return checkPath(chain, { nowMs, anchors, crls, ...rules }).name
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

describe('a path', () => {
  it.each<[string, string, Case]>([
    ['test-root', 'that holds', {}],
    [
      'test-root',
      'with a list that does not name the leaf',
      { list: {}, rules: { revocable: [0] } },
    ],
    ['X509_ISSUER_NOT_CA', 'through a certificate that is no CA', { issuer: { ca: false } }],
    [
      'X509_ISSUER_NOT_CA',
      'through a certificate that says nothing of CAs',
      { issuer: { ca: undefined } as never },
    ],
    [
      'X509_KEY_USAGE',
      'through a CA that may not sign certificates',
      { issuer: { usage: SIGN_USAGE } },
    ],
    ['X509_SIGNATURE', 'with a leaf by another key of that name', { leaf: { by: strangerKey } }],
    ['X509_ISSUER_NAME', 'in the wrong order', { leaf: { issuer: 'root' } }],
    ['X509_ANCHOR_UNKNOWN', 'to a root that is not pinned', { issuer: { issuer: 'other' } }],
    [
      'X509_SIGNATURE',
      'to a root that only has the name of the pinned one',
      { issuer: { by: strangerKey } },
    ],
    ['X509_EXPIRED', 'with a leaf past its end', { leaf: { notAfter: '20250101000000Z' } }],
    [
      'X509_NOT_YET_VALID',
      'with an issuer of the future',
      { issuer: { notBefore: '20260101000000Z' } },
    ],
    [
      'X509_CRITICAL_EXTENSION',
      'with a critical extension nobody knows',
      { leaf: { extensions: [extension('1.2.3', der(0x30), true)] } },
    ],
    [
      'test-root',
      'with a critical extension that the caller knows',
      {
        leaf: { extensions: [extension('1.2.3', der(0x30), true)] },
        rules: { understood: ['1.2.3'] },
      },
    ],
    [
      'DER_MALFORMED',
      'with an extension twice',
      { leaf: { extensions: [extension('1.2.3', der(0x30)), extension('1.2.3', der(0x30))] } },
    ],
    [
      'X509_PATH_LENGTH',
      'below an issuer that allows no CA below it, at one more',
      {
        issuer: { pathLength: 0 },
        rules: {
          anchors: [
            {
              name: 'short',
              certificate: readCertificate(certificate({ ...rootWish, pathLength: 0 })),
            },
          ],
        },
      },
    ],
    ['CRL_MISSING', 'whose list is missing', { rules: { revocable: [0] } }],
    [
      'X509_REVOKED',
      'with a revoked leaf',
      { list: { revoked: [7, 0x90] }, rules: { revocable: [0] } },
    ],
    [
      'X509_REVOKED',
      'with a revoked leaf, though nobody asked for lists',
      { list: { revoked: [0x90] } },
    ],
    ['CRL_SIGNATURE', 'with a list by another key', { list: { by: strangerKey } }],
    ['CRL_STALE', 'with a list past its next update', { list: { nextUpdate: '20250301000000Z' } }],
    ['CRL_STALE', 'with a list of the future', { list: { thisUpdate: '20250801000000Z' } }],
    [
      'X509_CRITICAL_EXTENSION',
      'with a list of a part of all',
      { list: { extensions: [extension('2.5.29.28', der(0x30), true)] } },
    ],
  ])('is %s %s', (outcome, _, given) => {
    expect(verdict(given)).toBe(outcome)
  })

  it('does not take a root from the evidence, whatever it is called', () => {
    const fake = ecKey()
    const forged: CertificateWish = { ...rootWish, key: fake, by: fake }
    const chain = [{ ...leafWish, issuer: 'root', by: fake }, forged].map((wish) =>
      readCertificate(certificate(wish)),
    )
    expect(() => checkPath(chain, { nowMs, anchors })).toThrow(
      expect.objectContaining({ code: 'X509_SIGNATURE' }),
    )
  })

  it('may bring the pinned root along', () => {
    const chain = [leafWish, issuerWish, rootWish].map((wish) => readCertificate(certificate(wish)))
    expect(checkPath(chain, { nowMs, anchors }).name).toBe('test-root')
  })

  it('has an end', () => {
    const [leaf] = [readCertificate(certificate(leafWish))]
    const chain = Array.from({ length: 11 }, () => leaf)
    expect(() => checkPath(chain, { nowMs, anchors })).toThrow(
      expect.objectContaining({ code: 'X509_PATH_LENGTH' }),
    )
  })

  it('is found among hints in any order, and in circles', () => {
    const [leaf, issuer] = [leafWish, issuerWish].map((wish) => readCertificate(certificate(wish)))
    const loop = readCertificate(certificate({ ...issuerWish, subject: 'x', issuer: 'x' }))
    if (leaf === undefined || issuer === undefined) throw new Error('two wishes give two')
    expect(orderedPath(leaf, [loop, root, issuer], anchors)).toEqual([leaf, issuer])
    expect(orderedPath(loop, [loop, issuer], anchors)).toEqual([loop])
  })
})

describe('a certificate', () => {
  const encoded = certificate(leafWish)

  it('is refused at every truncation', () => {
    const read = (bytes: Uint8Array): string | undefined => {
      try {
        readCertificate(bytes)
        return 'accepted'
      } catch (error) {
        return errorCode(error)
      }
    }
    const codes = new Set(encoded.keys().map((length) => read(encoded.subarray(0, length))))
    expect(codes).toEqual(new Set(['DER_MALFORMED']))
  })
})
