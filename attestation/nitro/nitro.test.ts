import { describe, expect, it } from 'vitest'
import {
  acceptedFlips,
  flipped,
  vector,
  vectorsAtHand,
  vectorsNote,
} from '../../test/fixtures/attestation-vectors.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { errorCode } from '../../core/errors.ts'
import type { VerifyContext } from '../verified.ts'
import { type NitroClaims, verifyNitro } from './nitro.ts'

const inTime: VerifyContext = {
  nowMs: Date.parse('2024-09-07T15:00:00Z'),
  anchors: shippedAnchors(),
  binding: { type: 'bytes', bytes: new Uint8Array(1024).fill(1) },
}

function verdict(document: Uint8Array, context: Partial<VerifyContext> = {}): NitroClaims | string {
  try {
    return verifyNitro({ kind: 'nitro', document }, { ...inTime, ...context })
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

describe.skipIf(!vectorsAtHand)(`a Nitro document${vectorsNote}`, () => {
  const document = vectorsAtHand ? vector('nitro/blocky-nitro_attestation.bin') : new Uint8Array()

  it('gives its claims once everything holds', () => {
    const claims = verdict(document)
    expect(claims).toMatchObject({
      kind: 'nitro',
      bound: true,
      anchor: 'aws-nitro-g1',
      debug: false,
      pcrs: { 0: expect.stringMatching(/^e72a46ca/) },
      publicKey: '01'.repeat(1024),
    })
  })

  it('says so when nothing was asked about its binding', () => {
    expect(verdict(document, { binding: { type: 'unchecked' } })).toMatchObject({ bound: false })
  })

  it.each([
    ['COSE_SIGNATURE', 'another payload', flipped(document, 120), {}],
    ['COSE_ALGORITHM', 'another algorithm', flipped(document, 5), {}],
    ['X509_EXPIRED', 'a clock years ahead', document, { nowMs: Date.parse('2026-01-01') }],
    ['X509_NOT_YET_VALID', 'a clock years behind', document, { nowMs: 0 }],
    [
      'ATTESTATION_BINDING',
      'another nonce',
      document,
      { binding: { type: 'bytes', bytes: new Uint8Array(32) } },
    ],
    ['CBOR_MALFORMED', 'a byte more', Uint8Array.of(...document, 0), {}],
    ['ATTESTATION_LIMIT', 'a huge document', new Uint8Array(1 << 20), {}],
    [
      'X509_ANCHOR_UNKNOWN',
      'no root',
      document,
      { anchors: { intermediates: [], roots: { ...shippedAnchors().roots, nitro: [] } } },
    ],
  ] as const)('is refused with %s for %s', (code, _, bytes, context) => {
    expect(verdict(bytes, context)).toBe(code)
  })

  it('is refused whatever bit is flipped, in a sample; the claim bit-flips does all', () => {
    const accepts = (bytes: Uint8Array) => typeof verdict(bytes) !== 'string'
    expect(acceptedFlips(document, accepts, 83)).toEqual([])
  })
})
