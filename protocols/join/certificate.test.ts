import { describe, expect, it } from 'vitest'
import type { MeshId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { certify, FOUNDER, HOME, NOW_MS } from '../../test/fixtures/mesh.ts'
import { type CertificateChain, decodeChain, encodeChain, verifyChain } from './certificate.ts'
import { foundMesh, isMeshName, verifyGenesis } from './genesis.ts'

const alice = device(2)
const bob = device(3)
const carol = device(4)
const dave = device(5)
const eve = device(6)

function verify(chain: CertificateChain, subject = alice, wallMs = NOW_MS) {
  const verdict = verifyChain(chain, { genesis: HOME, subject: subject.peer, wallMs }, nodeCrypto)
  return verdict.type === 'valid' ? 'valid' : verdict.code
}

describe('membership certificate', () => {
  it('holds for whom the founder has let in', () => {
    expect(verify([certify(FOUNDER, alice)])).toBe('valid')
  })

  it('holds below a member who may invite, for at most four links', () => {
    const delegate = { mayInvite: true }
    const chain = [
      certify(carol, dave),
      certify(bob, carol, delegate),
      certify(alice, bob, delegate),
      certify(FOUNDER, alice, delegate),
    ]
    expect(verify(chain, dave)).toBe('valid')
    expect(verify([certify(dave, eve), ...chain], eve)).toBe('JOIN_CHAIN_INVALID')
  })

  it.each([
    ['of another device', [certify(FOUNDER, bob)], 'JOIN_CERTIFICATE_FOREIGN'],
    ['that nobody has issued', [], 'JOIN_CHAIN_INVALID'],
    ['that its own subject has issued', [certify(alice, alice)], 'JOIN_CHAIN_INVALID'],
    [
      'of a member without the right',
      [certify(bob, alice), certify(FOUNDER, bob)],
      'JOIN_CHAIN_INVALID',
    ],
    [
      'of another mesh',
      [certify(FOUNDER, alice, { mesh: 'ab'.repeat(32) as MeshId })],
      'JOIN_MESH_MISMATCH',
    ],
    [
      'from tomorrow',
      [certify(FOUNDER, alice, { issuedMs: NOW_MS + 600_000 })],
      'JOIN_CERTIFICATE_EXPIRED',
    ],
    [
      'that lasts too long',
      [certify(FOUNDER, alice, { issuedMs: 1 })],
      'JOIN_CERTIFICATE_MALFORMED',
    ],
    [
      'of yesterday',
      [certify(FOUNDER, alice, { issuedMs: NOW_MS - 9, expiresMs: NOW_MS })],
      'JOIN_CERTIFICATE_EXPIRED',
    ],
    [
      'with a wider role than its issuer has',
      [certify(bob, alice), certify(FOUNDER, bob, { mayInvite: true, role: 'submitter' })],
      'JOIN_CHAIN_INVALID',
    ],
    [
      'below one that has expired',
      [
        certify(bob, alice),
        certify(FOUNDER, bob, { mayInvite: true, issuedMs: NOW_MS - 9, expiresMs: NOW_MS }),
      ],
      'JOIN_CERTIFICATE_EXPIRED',
    ],
    [
      'that a stranger has signed in the name of the founder',
      [{ ...certify(FOUNDER, alice), signature: certify(bob, alice).signature }],
      'JOIN_CERTIFICATE_FORGED',
    ],
  ] as [string, SignedRecord[], string][])('does not hold %s', (_, chain, expected) => {
    expect(verify(chain)).toBe(expected)
  })

  it('does not hold under any other bytes', () => {
    const chain = [certify(bob, alice), certify(FOUNDER, bob, { mayInvite: true })]
    const encoded = encodeChain(chain)
    const verdictOf = (bytes: Uint8Array): string => {
      const decoded = decodeChain(bytes)
      return decoded === undefined ? 'undecoded' : verify(decoded)
    }
    expect(verdictOf(encoded)).toBe('valid')
    for (let length = 0; length < encoded.length; length++) {
      expect(verdictOf(encoded.subarray(0, length))).not.toBe('valid')
    }
    for (let bit = 0; bit < 8 * encoded.length; bit++) {
      const flipped = encoded.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(verdictOf(flipped)).not.toBe('valid')
    }
  })
})

describe('genesis', () => {
  it('names its mesh by its hash, and is signed by its founder', () => {
    expect(verifyGenesis(HOME.signed, nodeCrypto)).toEqual({ type: 'valid', verified: HOME })
    const stranger = foundMesh(
      { name: 'home', createdMs: NOW_MS, nonce: new Uint8Array(16) },
      alice,
      nodeCrypto.sha256,
    )
    expect(stranger.id).not.toBe(HOME.id)
    const forged = { ...HOME.signed, signature: stranger.signed.signature }
    expect(verifyGenesis(forged, nodeCrypto)).toEqual({
      type: 'refused',
      code: 'JOIN_CERTIFICATE_FORGED',
    })
  })

  it('is called something that can be printed', () => {
    const names = ['home', 'a b', '', ' home', 'x'.repeat(65), 'a\nb', '\u202eevil', 'Zürich 2']
    expect(names.filter(isMeshName)).toEqual(['home', 'a b', 'Zürich 2'])
  })
})
