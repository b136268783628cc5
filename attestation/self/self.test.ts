import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { acceptedFlips } from '../../test/fixtures/attestation-vectors.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { encodeCbor } from '../../core/canonical-cbor.ts'
import { errorCode } from '../../core/errors.ts'
import { fromHex } from '../../core/bytes.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { signStructure } from '../cose/sign1.ts'
import { signManifest } from './manifest.ts'
import { type SelfClaims, type SelfContext, selfStatement, verifySelf } from './self.ts'

const alice = device(1)
const release = generateKeyPairSync('ed25519')
const binding = new Uint8Array(32).fill(9)
const context: SelfContext = {
  nowMs: 0,
  anchors: shippedAnchors(),
  binding: { type: 'bytes', bytes: binding },
  attester: alice.peer,
  verify: nodeCrypto.verify,
  releaseKeys: [generateKeyPairSync('ed25519').publicKey, release.publicKey],
}

/** A manifest of one file, signed as releases are. */
function manifestBy(key = release.privateKey): Uint8Array {
  const protectedBytes = fromHex('a10127') ?? new Uint8Array()
  const payload = encodeCbor(['1.2.3', [['node/main.ts', new Uint8Array(32)]]])
  const signature = sign(null, signStructure({ protectedBytes, payload }, new Uint8Array()), key)
  // The empty map of unprotected headers is the one part that our own encoder does not write.
  const parts = [protectedBytes, payload, signature].map((part) => encodeCbor(new Uint8Array(part)))
  const [head = [], body = [], tail = []] = parts
  return Uint8Array.from([0x84, ...head, 0xa0, ...body, ...tail])
}

function verdict(statement: Uint8Array, asked: Partial<SelfContext> = {}): SelfClaims | string {
  try {
    return verifySelf({ kind: 'self', statement }, { ...context, ...asked })
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

describe('the word of a device', () => {
  const plain = selfStatement(alice, { binding, version: '0.1.0', manifest: undefined })

  it('is taken down when the device signed it', () => {
    expect(verdict(plain)).toMatchObject({ bound: true, version: '0.1.0', release: undefined })
  })

  it('names the release whose manifest it shows', () => {
    const statement = selfStatement(alice, { binding, version: '1.2.3', manifest: manifestBy() })
    expect(verdict(statement)).toMatchObject({ release: { version: '1.2.3' } })
  })

  it('names no release to whom no release key is known', () => {
    const statement = selfStatement(alice, { binding, version: '1.2.3', manifest: manifestBy() })
    expect(verdict(statement, { releaseKeys: [] })).toMatchObject({ release: undefined })
  })

  it('shows a manifest as it is signed for a release', () => {
    const files = [{ path: 'node/main.ts', sha256: new Uint8Array(32) }]
    const manifest = signManifest(
      { version: '1.2.3', files },
      (message) => new Uint8Array(sign(null, message, release.privateKey)),
    )
    const statement = selfStatement(alice, { binding, version: '1.2.3', manifest })
    expect(verdict(statement)).toMatchObject({ release: { version: '1.2.3' } })
  })

  it.each<[string, string, Uint8Array, Partial<SelfContext>]>([
    ['SELF_SIGNATURE', 'is of another device', plain, { attester: device(2).peer }],
    [
      'ATTESTATION_BINDING',
      'answers another question',
      plain,
      { binding: { type: 'bytes', bytes: new Uint8Array(32) } },
    ],
    ['SELF_MALFORMED', 'is cut short', plain.subarray(1), {}],
    [
      'SELF_RELEASE',
      'shows a manifest of somebody else',
      selfStatement(alice, {
        binding,
        version: '1',
        manifest: manifestBy(generateKeyPairSync('ed25519').privateKey),
      }),
      {},
    ],
    [
      'SELF_RELEASE',
      'shows the manifest of another version',
      selfStatement(alice, { binding, version: '1.2.4', manifest: manifestBy() }),
      {},
    ],
    [
      'CBOR_MALFORMED',
      'shows no manifest but bytes',
      selfStatement(alice, { binding, version: '1', manifest: Uint8Array.of(1, 2) }),
      {},
    ],
  ])('is refused with %s when it %s', (code, _, statement, asked) => {
    expect(verdict(statement, asked)).toBe(code)
  })

  it('is refused whatever bit is flipped', () => {
    expect(acceptedFlips(plain, (changed) => typeof verdict(changed) !== 'string')).toEqual([])
  })
})
