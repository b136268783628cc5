import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  appraise,
  bindingBytes,
  type Claims,
  certificateOfPem,
  CREDENTIAL_RANDOM_BYTES,
  type EvidenceContext,
  makeCredential,
  PRODUCTION_POLICY,
  readPublic,
  shippedAnchors,
  TEST_POLICY,
  type TpmEvidence,
  verifyEvidence,
  withRoots,
} from '../../attestation/index.ts'
import { errorCode } from '../../core/errors.ts'
import { checkTpm, nsmDevice, TpmAttester, type TpmClient } from '../../node/attesters/index.ts'
import { systemRandom } from '../../node/system/system-random.ts'
import { vectorPath, vector, vectorsAtHand } from '../fixtures/attestation-vectors.ts'
import { useCommandLine } from '../fixtures/command-line.ts'
import { device } from '../fixtures/devices.ts'
import {
  makeSoftwareTpm,
  SoftwareTpm,
  softwareTpmAtHand,
  softwareTpmAuthority,
  softwareTpmNote,
} from '../fixtures/software-tpm.ts'

const { brume } = useCommandLine()
const [alice, bob, carol] = [device(1).peer, device(2).peer, device(3).peer]
const nonce = new Uint8Array(32).fill(5)

describe.skipIf(!softwareTpmAtHand)(`a real TPM in software${softwareTpmNote}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'brume-tpm-'))
  let tpm: SoftwareTpm
  let client: TpmClient
  let starts = 0

  beforeAll(() => makeSoftwareTpm(folder))
  afterAll(() => rmSync(folder, { recursive: true }))
  beforeEach(async () => {
    tpm = await SoftwareTpm.start(folder, `run${starts++}`)
    client = await tpm.client()
  })
  afterEach(async () => {
    await client.close()
    await tpm.stop()
  })

  const anchors = () =>
    withRoots(shippedAnchors(), 'tpm', [
      { name: 'test', certificate: certificateOfPem(softwareTpmAuthority(folder).root) },
    ])
  const attester = (eventLogPath?: string): TpmAttester =>
    new TpmAttester(client, systemRandom, {
      issuers: [certificateOfPem(softwareTpmAuthority(folder).issuer).der],
      eventLogPath,
    })

  /** Evidence of alice's TPM for bob, and the context in which he verifies it. */
  async function attested(eventLogPath?: string): Promise<[TpmEvidence, EvidenceContext]> {
    const own = attester(eventLogPath)
    const { ekPublic, akPublic } = await own.identity()
    const [ek, ak] = [readPublic(ekPublic), readPublic(akPublic)]
    const secret = new Uint8Array(randomBytes(32))
    const random = new Uint8Array(randomBytes(CREDENTIAL_RANDOM_BYTES))
    const credential = makeCredential({ ek, akName: ak.name, secret, random })
    expect(await own.activate(credential)).toEqual(secret)
    const binding = bindingFor(alice, secret)
    const context: EvidenceContext = {
      nowMs: Date.now(),
      anchors: anchors(),
      binding: { type: 'bytes', bytes: binding },
      collateral: {},
      policy: TEST_POLICY,
      bank: 'sha256',
      activation: { type: 'proven', ekId: ek.keyId, akName: ak.name },
    }
    return [await own.evidence(binding, TEST_POLICY.tpm.pcrs), context]
  }

  function bindingFor(peer: typeof alice, secret: Uint8Array, verifier = bob): Uint8Array {
    const secretHash = createHash('sha256').update(secret).digest()
    return bindingBytes({ kind: 'tpm', attester: peer, verifier, nonce, secretHash })
  }

  function outcome(evidence: TpmEvidence, context: EvidenceContext): Claims | string {
    try {
      return verifyEvidence(evidence, context)
    } catch (error) {
      return errorCode(error) ?? String(error)
    }
  }

  it('reaches the TPM tier under the test policy', async () => {
    const [evidence, context] = await attested()
    const claims = verifyEvidence(evidence, context)
    expect(claims).toMatchObject({ bound: true, home: 'activation', anchor: 'test' })
    expect(appraise([claims], TEST_POLICY, context.nowMs)).toMatchObject({
      status: 'affirming',
      tier: 'tpm',
      scoreMicros: 700_000,
    })
  })

  it('is refused under the production policy: no maker vouches for it, and it is one in software', async () => {
    const [evidence, context] = await attested()
    const production = { ...context, policy: PRODUCTION_POLICY }
    expect(outcome(evidence, { ...production, anchors: shippedAnchors() })).toBe(
      'X509_ANCHOR_UNKNOWN',
    )
    const claims = verifyEvidence(evidence, production)
    expect(appraise([claims], PRODUCTION_POLICY, context.nowMs)).toMatchObject({
      tier: 'none',
      submods: [{ findings: [{ code: 'POLICY_MANUFACTURER' }] }],
    })
  })

  it.skipIf(!vectorsAtHand).each([
    ['on', 'eventlog/gtt-rhel8-uefi.bin', true],
    ['off', 'eventlog/gtt-ubuntu-2104-no-secure-boot.bin', false],
  ])(
    'tells by a real log that Secure Boot is %s, and that a log was changed',
    async (_, log, enabled) => {
      await client.close()
      await tpm.measure(vector(log))
      client = await tpm.client()
      const [evidence, context] = await attested(vectorPath(log))
      expect(outcome(evidence, context)).toMatchObject({ secureBoot: { enabled } })
      const name = Buffer.from('SecureBoot', 'utf16le')
      const eventLog = vector(log)
      const value = Buffer.from(eventLog).indexOf(name) + name.length
      eventLog[value] = (eventLog[value] ?? 0) ^ 1
      expect(outcome({ ...evidence, eventLog }, context)).toBe('EVENT_LOG_DIGEST')
    },
  )

  it('answers one question of one verifier about one device', async () => {
    const [evidence, context] = await attested()
    const wanted = (bytes: Uint8Array) => ({
      ...context,
      binding: { type: 'bytes', bytes } as const,
    })
    const secret = new Uint8Array(32)
    for (const other of [
      bindingFor(carol, secret),
      bindingFor(alice, secret, carol),
      new Uint8Array(32),
    ]) {
      expect(outcome(evidence, wanted(other))).toBe('ATTESTATION_BINDING')
    }
    const elsewhere = {
      ...context,
      activation: { type: 'proven', ekId: '00', akName: '00' } as const,
    }
    expect(outcome(evidence, elsewhere)).toBe('TPM_ACTIVATION')
  })

  it('is refused with registers that were not asked for', async () => {
    const [, context] = await attested()
    const binding = context.binding.type === 'bytes' ? context.binding.bytes : nonce
    const evidence = await attester().evidence(binding, [16])
    expect(outcome(evidence, context)).toBe('TPM_PCR_SELECTION')
  })

  it('signs each question by a key that its registers are tied to, and by no other', async () => {
    const [, context] = await attested()
    const binding = context.binding.type === 'bytes' ? context.binding.bytes : nonce
    const keyed = new TpmAttester(client, systemRandom, {
      issuers: [certificateOfPem(softwareTpmAuthority(folder).issuer).der],
      eventLogPath: undefined,
      bindingKey: true,
    })
    const evidence = await keyed.evidence(binding, TEST_POLICY.tpm.pcrs)
    expect(outcome(evidence, context)).toMatchObject({ bindingKey: expect.stringMatching(/^000b/) })
    const key = evidence.bindingKey
    const other = (await keyed.evidence(nonce, TEST_POLICY.tpm.pcrs)).bindingKey
    if (key === undefined || other === undefined) throw new Error('no key')
    const withKey = (bindingKey: typeof key) => outcome({ ...evidence, bindingKey }, context)
    expect([
      withKey(other),
      withKey({ ...key, proof: other.proof }),
      withKey({ ...key, certified: evidence.attest, signature: evidence.signature }),
      withKey({ ...key, keyPublic: evidence.akPublic }),
    ]).toEqual(['TPM_BINDING_KEY', 'TPM_SIGNATURE', 'TPM_MAGIC', 'TPM_BINDING_KEY'])
  })

  it('gives nothing back for a credential of another key', async () => {
    const { ekPublic } = await attester().identity()
    const random = new Uint8Array(randomBytes(CREDENTIAL_RANDOM_BYTES))
    const akName = `000b${'00'.repeat(32)}`
    const credential = makeCredential({ ek: readPublic(ekPublic), akName, secret: nonce, random })
    await expect(attester().activate(credential)).rejects.toMatchObject({
      code: 'ATTESTER_TPM_FAILED',
    })
  })

  it('gives the same keys whenever it is asked', async () => {
    expect(await attester().identity()).toEqual(await attester().identity())
  })

  it('is shown by brume attest local', async () => {
    await client.close()
    const { root, issuer } = softwareTpmAuthority(folder)
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const words = ['attest', 'local', '--tpm', tpm.socket, '--root', file('root.pem', root)]
    const issued = [...words, '--issuer', file('issuer.pem', issuer)]
    const good = await brume([...issued, '--policy', 'test'])
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining('tier tpm, score 0.70')])
    const keyed = await brume([...issued, '--policy', 'test', '--binding-key'])
    expect([keyed.code, keyed.stdout]).toEqual([0, expect.stringMatching(/bindingKey +000b/)])
    const refused = await brume(issued)
    expect([refused.code, refused.stderr]).toEqual([
      7,
      expect.stringContaining('POLICY_MANUFACTURER'),
    ])
    const unknown = await brume(words)
    expect([unknown.code, unknown.stderr]).toEqual([
      7,
      expect.stringContaining('X509_ANCHOR_UNKNOWN'),
    ])
    client = await tpm.client()
  })

  it('is checked by itself as by others', async () => {
    const init = {
      nowMs: Date.now(),
      anchors: anchors(),
      policy: TEST_POLICY,
      random: systemRandom,
    }
    expect((await checkTpm(attester(), init)).appraisal).toMatchObject({ tier: 'tpm' })
  })
})

describe('a device file that is no security module', () => {
  it('refuses the request of the driver, and that is told by its code', async () => {
    await expect(nsmDevice('/dev/null').request(new Uint8Array(8))).rejects.toMatchObject({
      code: 'ATTESTER_NSM_FAILED',
      failure: { reason: 'exit 3' },
    })
  })
})

describe('a machine without a TPM', () => {
  it('says so', async () => {
    const { code, stderr } = await brume(['attest', 'local', '--tpm', '/dev/no-such-tpm'])
    expect([code, stderr]).toEqual([7, expect.stringContaining('ATTESTER_TPM_UNAVAILABLE')])
  })
})
