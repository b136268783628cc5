import { constants, generateKeyPairSync, type KeyObject, privateDecrypt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  acceptedFlips,
  flipped,
  vector,
  vectorsAtHand,
  vectorsNote,
} from '../../test/fixtures/attestation-vectors.ts'
import { bytesOf, pcrsOf, recordedTpm } from '../../test/fixtures/tpm-vectors.ts'
import { errorCode } from '../../core/errors.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { CREDENTIAL_RANDOM_BYTES, makeCredential } from './credential.ts'
import type { TpmPublic } from './public-area.ts'
import { type TpmClaims, type TpmContext, type TpmEvidence, verifyTpm } from './tpm.ts'

type EkEndorsement = Extract<TpmEvidence['endorsement'], { type: 'endorsement-key' }>

function endorsementOf({ endorsement }: TpmEvidence): EkEndorsement {
  if (endorsement.type !== 'endorsement-key') throw new Error('the recorded TPM has an EK')
  return endorsement
}

/** An endorsement key whose modulus is another. */
function otherEk(evidence: TpmEvidence): EkEndorsement {
  const endorsement = endorsementOf(evidence)
  return { ...endorsement, ekPublic: flipped(endorsement.ekPublic, 200) }
}

/** What makeCredential needs of an endorsement key. */
function ekOf(key: KeyObject): TpmPublic {
  return {
    key,
    keyId: '',
    nameHash: 'sha256',
    name: '',
    attributes: 0,
    authPolicy: new Uint8Array(),
    symmetricBits: 128,
    scheme: undefined,
    curve: undefined,
  }
}

function verdict(evidence: TpmEvidence, context: TpmContext): TpmClaims | string {
  try {
    return verifyTpm(evidence, context)
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

describe.skipIf(!vectorsAtHand)(`evidence of a TPM${vectorsNote}`, () => {
  const { evidence, context, recorded } = vectorsAtHand
    ? recordedTpm('secureboot-on')
    : ({} as ReturnType<typeof recordedTpm>)

  it('gives its claims once everything holds', () => {
    expect(verdict(evidence, context)).toMatchObject({
      bound: true,
      home: 'unproven',
      anchor: 'swtpm-test-root',
      akName: recorded.akName,
      maker: { manufacturer: 'id:00001014' },
      resetCount: 3,
      clockMs: 31_012,
      secureBoot: { enabled: true },
    })
  })

  it('tells Secure Boot off from on, and a device without a log from both', () => {
    const off = recordedTpm('secureboot-off')
    expect(verdict(off.evidence, off.context)).toMatchObject({ secureBoot: { enabled: false } })
    const none = recordedTpm('no-eventlog')
    expect(verdict(none.evidence, none.context)).toMatchObject({ secureBoot: undefined })
  })

  it('names the same hardware for all evidence of one TPM, and each evidence by itself', () => {
    const claims = ['secureboot-on', 'secureboot-off', 'no-eventlog'].map((name) => {
      const one = recordedTpm(name)
      return verifyTpm(one.evidence, one.context)
    })
    expect(new Set(claims.map(({ hardwareId }) => hardwareId)).size).toBe(1)
    expect(new Set(claims.map(({ evidenceId }) => evidenceId)).size).toBe(3)
  })

  it('knows the home of a key once its credential came back', () => {
    const ekId = verifyTpm(evidence, context).hardwareId ?? ''
    const proven = { type: 'proven', ekId, akName: recorded.akName } as const
    expect(verdict(evidence, { ...context, activation: proven })).toMatchObject({
      home: 'activation',
    })
    for (const other of [{ ekId: '00' }, { akName: '000b' }]) {
      const activation = { ...proven, ...other }
      expect(verdict(evidence, { ...context, activation })).toBe('TPM_ACTIVATION')
    }
  })

  const changes: [string, string, () => [Partial<TpmEvidence>, Partial<TpmContext>]][] = [
    ['TPM_MAGIC', 'another magic', () => [{ attest: flipped(evidence.attest, 0) }, {}]],
    [
      'TPM_MAGIC',
      'something that is no quote',
      () => [{ attest: flipped(evidence.attest, 5) }, {}],
    ],
    ['TPM_SIGNATURE', 'another clock', () => [{ attest: flipped(evidence.attest, 85) }, {}]],
    [
      'TPM_SIGNATURE',
      'another signature',
      () => [{ signature: flipped(evidence.signature, 20) }, {}],
    ],
    [
      'TPM_SIGNATURE_SCHEME',
      'another hash',
      () => [{ signature: flipped(evidence.signature, 3, 7) }, {}],
    ],
    [
      'ATTESTATION_BINDING',
      'another nonce',
      () => [{}, { binding: { type: 'bytes', bytes: flipped(bytesOf(recorded.extraData), 3) } }],
    ],
    [
      'TPM_PCR_DIGEST',
      'another register 7',
      () => [{ pcrs: pcrsOf({ ...recorded.pcrs, 7: '00'.repeat(32) }) }, {}],
    ],
    [
      'TPM_PCR_SELECTION',
      'a register more than was asked for',
      () => [{}, { selection: recorded.pcrSelection.slice(0, -1) }],
    ],
    ['TPM_PCR_SELECTION', 'another bank', () => [{}, { bank: 'sha384' }]],
    [
      'TPM_PCR_SELECTION',
      'values of registers that are not quoted',
      () => [{ pcrs: pcrsOf({ ...recorded.pcrs, 16: '00'.repeat(32) }) }, {}],
    ],
    [
      'TPM_MALFORMED',
      'a byte behind the quote',
      () => [{ attest: Uint8Array.of(...evidence.attest, 0) }, {}],
    ],
    [
      'TPM_MALFORMED',
      'a byte behind the signature',
      () => [{ signature: Uint8Array.of(...evidence.signature, 0) }, {}],
    ],
    [
      'EVENT_LOG_DIGEST',
      'a log in which Secure Boot is flipped',
      () => [{ eventLog: vector('tpm-swtpm/bad/eventlog-secureboot-value-flipped.bin') }, {}],
    ],
    [
      'EVENT_LOG_REPLAY',
      'the log of another boot',
      () => [{ eventLog: vector('eventlog/gtt-ubuntu-2104-no-secure-boot.bin') }, {}],
    ],
    [
      'EVENT_LOG_MALFORMED',
      'a log with SHA-1 only',
      () => [{ eventLog: vector('eventlog/gtt-debian-10.bin') }, {}],
    ],
    [
      'TPM_AK_ATTRIBUTES',
      'reserved attributes',
      () => [{ akPublic: flipped(evidence.akPublic, 8) }, {}],
    ],
    [
      'X509_ANCHOR_UNKNOWN',
      'roots of real vendors only',
      () => [{}, { anchors: shippedAnchors() }],
    ],
    ['ATTESTATION_LIMIT', 'a huge structure', () => [{ attest: new Uint8Array(10_000) }, {}]],
    [
      'TPM_EK_KEY',
      'the certificate of another key',
      () => [{ endorsement: otherEk(evidence) }, {}],
    ],
    [
      'TPM_EK_CERTIFICATE',
      'no certificate',
      () => [{ endorsement: { ...endorsementOf(evidence), certificates: [] } }, {}],
    ],
    [
      'TPM_EK_CERTIFICATE',
      'the certificate of an authority',
      () => [
        {
          endorsement: {
            ...endorsementOf(evidence),
            certificates: endorsementOf(evidence).certificates.slice(1),
          },
        },
        {},
      ],
    ],
  ]
  it.each(changes)('is refused with %s for %s', (code, _, change) => {
    const [changed, asked] = change()
    expect(verdict({ ...evidence, ...changed }, { ...context, ...asked })).toBe(code)
  })

  it('is refused when a genuine key signed what no TPM made', () => {
    const forged = JSON.parse(
      Buffer.from(vector('tpm-swtpm/bad/forged-magic.json')).toString(),
    ) as { extraData: string }
    const changed: TpmEvidence = {
      ...evidence,
      attest: vector('tpm-swtpm/bad/forged-magic.attest.bin'),
      signature: vector('tpm-swtpm/bad/forged-magic.sig.bin'),
      akPublic: vector('tpm-swtpm/bad/forged-magic.ak_pub.tpm2b'),
    }
    const binding = { type: 'bytes', bytes: bytesOf(forged.extraData) } as const
    expect(verdict(changed, { ...context, binding })).toBe('TPM_MAGIC')
  })

  it('is refused when one register is shown as another', () => {
    const bad = JSON.parse(
      Buffer.from(vector('tpm-swtpm/bad/selection-confusion.json')).toString(),
    ) as { extraData: string; claimedPcr7: string }
    const changed: TpmEvidence = {
      ...evidence,
      attest: vector('tpm-swtpm/bad/selection-confusion.attest.bin'),
      signature: vector('tpm-swtpm/bad/selection-confusion.sig.bin'),
      akPublic: vector('tpm-swtpm/bad/forged-magic.ak_pub.tpm2b'),
      pcrs: pcrsOf({ 7: bad.claimedPcr7 }),
      eventLog: undefined,
    }
    const binding = { type: 'bytes', bytes: bytesOf(bad.extraData) } as const
    expect(verdict(changed, { ...context, binding, selection: [7] })).toBe('TPM_PCR_SELECTION')
  })

  it('is refused whatever bit is flipped', () => {
    const sweep = (name: 'attest' | 'signature' | 'akPublic', stride = 1) =>
      acceptedFlips(
        evidence[name],
        (bytes) =>
          typeof verdict({ ...evidence, [name]: bytes, eventLog: undefined }, context) !== 'string',
        stride,
      )
    expect(sweep('attest')).toEqual([])
    expect(sweep('signature')).toEqual([])
    expect(sweep('akPublic')).toEqual([])
  })
})

describe('a credential', () => {
  const random = new Uint8Array(CREDENTIAL_RANDOM_BYTES).fill(0x11)
  const akName = `000b${'ab'.repeat(32)}`
  const secret = new Uint8Array(32).fill(7)

  it('is the same for the same input', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const ek = {
      ...ekOf(publicKey),
      curve: { jwk: 'P-256', openssl: 'prime256v1', bytes: 32 },
    } as const
    const make = () => makeCredential({ ek, akName, secret, random })
    expect(make()).toEqual(make())
    expect(make().idObject.length).toBe(2 + 2 + 32 + 2 + 32)
  })

  it('opens with the private key of an RSA endorsement key', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { encryptedSecret } = makeCredential({ ek: ekOf(publicKey), akName, secret, random })
    const opened = privateDecrypt(
      {
        key: privateKey,
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: 'sha256',
        oaepLabel: Buffer.from('IDENTITY\0'),
      },
      encryptedSecret.subarray(2),
    )
    expect(new Uint8Array(opened)).toEqual(random.subarray(0, 32))
  })
})
