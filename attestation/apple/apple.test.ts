import { describe, expect, it } from 'vitest'
import {
  acceptedFlips,
  flipped,
  vector,
  vectorsAtHand,
  vectorsNote,
} from '../../test/fixtures/attestation-vectors.ts'
import { certificateOfPem } from '../x509/certificate.ts'
import { utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { createPublicKey } from 'node:crypto'
import {
  type AppleClaims,
  type AppleContext,
  type AppleEvidence,
  verifyApple,
  verifyAppleAssertion,
} from './apple.ts'

const APP = 'V8H6LQ9448.io.uebelacker.AppAttestExample'

describe.skipIf(!vectorsAtHand)(`an attestation of Apple${vectorsNote}`, () => {
  const json = (name: string): Record<string, string> =>
    vectorsAtHand
      ? (JSON.parse(Buffer.from(vector(`apple/${name}.json`)).toString()) as Record<string, string>)
      : {}
  const file = json('node-app-attest-attestation-production')
  const decoded = (name: string): Uint8Array =>
    new Uint8Array(Buffer.from(file[name] ?? '', 'base64'))
  const evidence: AppleEvidence = {
    kind: 'apple',
    attestation: decoded('attestation'),
    keyId: decoded('keyId'),
  }
  const context: AppleContext = {
    nowMs: Date.parse('2024-02-07'),
    anchors: shippedAnchors(),
    binding: { type: 'bytes', bytes: decoded('challenge') },
    appIds: ['other.app', APP],
  }

  function verdict(
    changed: Partial<AppleEvidence> = {},
    asked: Partial<AppleContext> = {},
  ): AppleClaims | string {
    try {
      return verifyApple({ ...evidence, ...changed }, { ...context, ...asked })
    } catch (error) {
      return errorCode(error) ?? String(error)
    }
  }

  it('gives its claims once everything holds', () => {
    expect(verdict()).toMatchObject({
      bound: true,
      anchor: 'apple-app-attestation',
      appId: APP,
      environment: 'production',
      category: undefined,
    })
    expect(verdict({}, { binding: { type: 'unchecked' } })).toMatchObject({ bound: false })
  })

  it.each<[string, string, Partial<AppleEvidence>, Partial<AppleContext>]>([
    [
      'ATTESTATION_BINDING',
      'another challenge',
      {},
      { binding: { type: 'bytes', bytes: utf8('x') } },
    ],
    ['APPLE_APP', 'another app', {}, { appIds: ['AAAAAAAAAA.bad'] }],
    ['APPLE_KEY_ID', 'another key', { keyId: new Uint8Array(32) }, {}],
    ['X509_EXPIRED', 'a clock years ahead', {}, { nowMs: Date.parse('2026-01-01') }],
    [
      'CBOR_MALFORMED',
      'a byte more',
      { attestation: Uint8Array.of(...evidence.attestation, 0) },
      {},
    ],
    ['APPLE_MALFORMED', 'another format', { attestation: flipped(evidence.attestation, 6) }, {}],
  ])('is refused with %s for %s', (code, _, changed, asked) => {
    expect(verdict(changed, asked)).toBe(code)
  })

  it('has a receipt for Apple alone, and nothing else that may change', () => {
    const accepts = (attestation: Uint8Array) => typeof verdict({ attestation }) !== 'string'
    const text = Buffer.from(evidence.attestation)
    const receipt = text.indexOf('receipt')
    const authData = text.indexOf('authData')
    const outside = acceptedFlips(evidence.attestation, accepts, 7).filter(
      (at) => at < receipt || at >= authData,
    )
    expect(outside).toEqual([])
  })

  it('is followed by assertions whose counter rises', () => {
    const recorded = json('node-app-attest-assertion')
    const given = {
      assertion: new Uint8Array(Buffer.from(recorded['assertion'] ?? '', 'base64')),
      clientData: utf8(recorded['payload'] ?? ''),
      publicKey: createPublicKey(recorded['publicKey'] ?? ''),
      appId: APP,
      counterSeen: 0,
    }
    const outcome = (changed: Partial<typeof given>): unknown => {
      try {
        return verifyAppleAssertion({ ...given, ...changed })
      } catch (error) {
        return errorCode(error)
      }
    }
    expect(outcome({})).toBe(1)
    expect(outcome({ counterSeen: 1 })).toBe('APPLE_COUNTER')
    expect(outcome({ appId: 'x.y' })).toBe('APPLE_APP')
    expect(outcome({ clientData: utf8('else') })).toBe('APPLE_SIGNATURE')
    const accepts = (changed: Uint8Array) =>
      typeof outcome({ assertion: Uint8Array.from(changed) }) === 'number'
    expect(acceptedFlips(given.assertion, accepts)).toEqual([])
  })

  it('leads to Apple alone', () => {
    const pem = Buffer.from(vector('roots/apple-app-attestation-root-ca.pem')).toString()
    expect(shippedAnchors().roots.apple.map(({ certificate }) => certificate.spkiSha256)).toEqual([
      certificateOfPem(pem).spkiSha256,
    ])
  })
})
