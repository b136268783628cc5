import { describe, expect, it } from 'vitest'
import {
  acceptedFlips,
  vector,
  vectorsAtHand,
  vectorsNote,
} from '../../test/fixtures/attestation-vectors.ts'
import {
  CA_USAGE,
  certificate,
  der,
  ecKey,
  extension,
  integer,
  SIGN_USAGE,
} from '../../test/fixtures/test-authority.ts'
import { utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { shippedAnchors, withRoots } from '../anchors/anchor-set.ts'
import { certificatesOfPem } from '../encoding/pem.ts'
import { readCertificate } from '../x509/certificate.ts'
import { type AndroidClaims, type AndroidContext, verifyAndroid } from './android.ts'
import { plainSerial, readStatusList } from './status-list.ts'

const context: AndroidContext = {
  nowMs: Date.parse('2026-03-01'),
  anchors: shippedAnchors(),
  binding: { type: 'unchecked' },
}

function verdict(
  chain: readonly Uint8Array[],
  asked: Partial<AndroidContext> = {},
): AndroidClaims | string {
  try {
    return verifyAndroid({ kind: 'android', chain }, { ...context, ...asked })
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

const chainOf = (name: string): readonly Uint8Array[] =>
  certificatesOfPem(Buffer.from(vector(`android/${name}.pem`)).toString(), 8)

describe.skipIf(!vectorsAtHand)(`a key of a real device${vectorsNote}`, () => {
  it.each([
    [
      'sony-xperia10-iii-sdk33-TEE_EC',
      '2026-11-20',
      {
        securityLevel: 'tee',
        locked: true,
        bootState: 'verified',
        provisioned: false,
        anchor: 'google-key-attestation-rsa',
        osPatchLevel: 202_307,
      },
    ],
    ['blueline-sdk28-TEE_EC_NONE', '2026-11-20', { securityLevel: 'tee', provisioned: false }],
    [
      'tegu-sdk36-SB_EC_2026_ROOT',
      '2026-03-01',
      {
        securityLevel: 'strongbox',
        locked: true,
        bootState: 'verified',
        provisioned: true,
        anchor: 'google-key-attestation-ca1',
      },
    ],
    [
      'akita-sdk34-SB_RSA_NONE',
      '2024-10-01',
      { securityLevel: 'strongbox', locked: false, bootState: 'unverified' },
    ],
    [
      'akita-sdk34-TEE_EC_NONE',
      '2024-10-01',
      { securityLevel: 'tee', locked: false, bootState: 'unverified' },
    ],
    ['akita-sdk34-TEE_RSA_BASE+IMEI', '2024-10-01', { securityLevel: 'tee', locked: false }],
    [
      'tegu-sdk37-TEE_TRUSTED_CONF',
      '2026-07-10',
      {
        securityLevel: 'tee',
        locked: false,
        application: {
          packages: ['com.google.android.attestation'],
          signers: ['10393b914e37e593ba3b9ec9765dec1c9a7bc46cebc6d0bbc441feeb46ec57b1'],
        },
      },
    ],
    ['tokay-sdk37-TEE_MLDSA_RKP', '2026-05-01', { securityLevel: 'tee' }],
  ])('%s gives its claims on %s', (name, day, claims) => {
    const got = verdict(chainOf(name), { nowMs: Date.parse(day) })
    const { application, ...rest } = claims as { application?: { packages: string[] } }
    expect(got).toMatchObject({ kind: 'android', ...rest })
    if (application !== undefined) {
      expect(typeof got === 'string' ? got : got.application?.packages).toEqual(
        application.packages,
      )
    }
  })

  it.each([
    ['X509_ANCHOR_UNKNOWN', 'marlin-sdk29-TEE_EC_NONE'],
    ['X509_ANCHOR_UNKNOWN', 'bad-p256_sha384_intermediate'],
    ['X509_PATH_LENGTH', 'bad-allow_while_on_body'],
  ])('is refused with %s for %s', (code, name) => {
    expect(verdict(chainOf(name))).toBe(code)
  })

  it('is refused past the end of a certificate that Google renews', () => {
    expect(
      verdict(chainOf('tegu-sdk36-SB_EC_2026_ROOT'), { nowMs: Date.parse('2026-04-01') }),
    ).toBe('X509_EXPIRED')
  })

  it('is bound to its challenge', () => {
    const chain = chainOf('sony-xperia10-iii-sdk33-TEE_EC')
    const bytes = Buffer.from('Pq/k1d0AkN5aQrQytCSBr1zimWNlayWExZpJLeFtAMk=', 'base64')
    const bind = (given: Uint8Array) => ({ binding: { type: 'bytes', bytes: given } as const })
    expect(verdict(chain, bind(bytes))).toMatchObject({ bound: true })
    expect(verdict(chain, bind(bytes.subarray(1)))).toBe('ATTESTATION_BINDING')
  })

  it('is refused once any of its certificates is listed', () => {
    const chain = chainOf('sony-xperia10-iii-sdk33-TEE_EC')
    const listing = (serial: string) =>
      readStatusList(JSON.stringify({ entries: { [serial]: { status: 'REVOKED' } } }), 5)
    const serial = plainSerial(readCertificate(chain[2] ?? new Uint8Array()).serial)
    const decimal = BigInt(`0x${serial}`).toString()
    expect(verdict(chain, { statusList: listing(serial) })).toBe('X509_REVOKED')
    expect(verdict(chain, { statusList: listing(decimal) })).toBe('X509_REVOKED')
    expect(verdict(chain, { statusList: listing('77') })).toMatchObject({
      statusAgeMs: context.nowMs - 5,
    })
  })

  it('is refused whatever bit of its leaf is flipped', () => {
    const [leaf = new Uint8Array(), ...rest] = chainOf('sony-xperia10-iii-sdk33-TEE_EC')
    const accepts = (changed: Uint8Array) => typeof verdict([changed, ...rest]) !== 'string'
    expect(acceptedFlips(leaf, accepts, 13)).toEqual([])
  })
})

describe('a key that claims to be attested', () => {
  const [root, batch, factory, device, stranger] = [ecKey(), ecKey(), ecKey(), ecKey(), ecKey()]
  const rootDer = certificate({
    subject: 'root',
    issuer: 'root',
    key: root,
    by: root,
    ca: true,
    usage: CA_USAGE,
  })
  const anchors = withRoots(shippedAnchors(), 'android', [
    { name: 'test', certificate: readCertificate(rootDer) },
  ])
  const issuer = certificate({
    subject: 'factory',
    issuer: 'root',
    key: factory,
    by: root,
    ca: true,
    usage: CA_USAGE,
  })
  const attestation = certificate({
    subject: 'batch',
    issuer: 'factory',
    key: batch,
    by: factory,
    ca: false,
    usage: SIGN_USAGE,
  })
  const tag = (number: number, value: Uint8Array): Uint8Array => {
    const identifier = number < 31 ? [0xa0 | number] : [0xbf, 0x80 | (number >> 7), number & 0x7f]
    return der(identifier, value)
  }
  const flag = (value: number) => der(1, Uint8Array.of(value))
  const enumerated = (value: number) => der(10, Uint8Array.of(value))
  const rootOfTrust = (locked = 0xff, state = 0) =>
    tag(704, der(0x30, der(4, utf8('key')), flag(locked), enumerated(state)))
  const description = (
    hardware: readonly Uint8Array[],
    levels: readonly [number, number] = [1, 1],
  ) =>
    extension(
      '1.3.6.1.4.1.11129.2.1.17',
      der(
        0x30,
        integer(3),
        enumerated(levels[0]),
        integer(4),
        enumerated(levels[1]),
        der(4, utf8('challenge')),
        der(4),
        der(0x30),
        der(0x30, ...hardware),
      ),
    )
  const origin = (value: number) => tag(702, integer(value))
  const good = [tag(1, der(0x31, integer(2))), origin(0), rootOfTrust()]
  const leafOf = (extensions: readonly Uint8Array[], by = batch, from = 'batch') =>
    certificate({ subject: 'leaf', issuer: from, key: device, by, usage: SIGN_USAGE, extensions })
  const check = (chain: readonly Uint8Array[]) => verdict(chain, { anchors })

  it('is believed where everything is as the factory makes it', () => {
    expect(check([leafOf([description(good)]), attestation, issuer, rootDer])).toMatchObject({
      locked: true,
      bootState: 'verified',
      signsOnly: true,
      anchor: 'test',
    })
  })

  it.each<[string, string, Uint8Array]>([
    ['ANDROID_SECURITY_LEVEL', 'lives in software', description(good, [0, 0])],
    ['ANDROID_SECURITY_LEVEL', 'lives elsewhere than what attests it', description(good, [2, 1])],
    ['ANDROID_KEY_ORIGIN', 'was imported', description([origin(2), rootOfTrust()])],
    ['ANDROID_KEY_ORIGIN', 'does not say where it was made', description([rootOfTrust()])],
    ['ANDROID_MALFORMED', 'says nothing of the boot', description([origin(0)])],
    ['ANDROID_MALFORMED', 'has tags out of order', description([rootOfTrust(), origin(0)])],
    ['ANDROID_MALFORMED', 'has a tag twice', description([origin(0), origin(0), rootOfTrust()])],
    ['DER_MALFORMED', 'has a truth that is neither', description([origin(0), rootOfTrust(1)])],
    [
      'ANDROID_MALFORMED',
      'booted in an unknown way',
      description([origin(0), rootOfTrust(0xff, 9)]),
    ],
    ['ANDROID_POSITION', 'is not described', extension('1.2.3', der(0x30))],
  ])('is refused with %s when it %s', (code, _, described) => {
    expect(check([leafOf([described]), attestation, issuer])).toBe(code)
  })

  it('is refused when a genuine key signed it: chains do not grow', () => {
    const genuine = leafOf([description(good)])
    const forged = certificate({
      subject: 'fake',
      issuer: 'leaf',
      key: stranger,
      by: device,
      extensions: [description(good)],
    })
    expect(check([forged, genuine, attestation, issuer])).toBe('X509_ISSUER_NOT_CA')
    const renewed = certificate({
      subject: 'batch',
      issuer: 'factory',
      key: batch,
      by: factory,
      ca: true,
      usage: CA_USAGE,
    })
    expect(check([forged, genuine, renewed, issuer])).toBe('X509_PATH_LENGTH')
    // With the marks of a renewed key, the genuine leaf would have to be an authority.
    const marked = leafOf([description(good), extension('1.3.6.1.4.1.11129.2.1.30', der(0x30))])
    expect(check([forged, marked, renewed, issuer])).toBe('X509_ISSUER_NOT_CA')
  })

  it('is refused at every truncation of its description', () => {
    const whole = description(good)
    const value = whole.subarray(whole.length - 60)
    for (let length = 0; length < value.length; length += 3) {
      const cut = extension('1.3.6.1.4.1.11129.2.1.17', value.subarray(0, length))
      expect(check([leafOf([cut]), attestation, issuer])).toBe('DER_MALFORMED')
    }
  })

  it('knows status lists by what they should look like', () => {
    for (const bad of ['', '[]', '{"entries":[]}', '{"entries":{"XY":{}}}']) {
      expect(() => readStatusList(bad, 0)).toThrow(
        expect.objectContaining({ code: 'ANDROID_MALFORMED' }),
      )
    }
  })
})
