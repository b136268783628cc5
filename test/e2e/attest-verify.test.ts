import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { vectorPath, vectorsAtHand, vectorsNote } from '../fixtures/attestation-vectors.ts'
import { useCommandLine } from '../fixtures/command-line.ts'

const { brume } = useCommandLine()
const folder = mkdtempSync(join(tmpdir(), 'brume-evidence-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0

/** A file of JSON in a folder of its own. */
function file(content: unknown): string {
  const path = join(folder, `${files++}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe.skipIf(!vectorsAtHand)(`brume attest verify${vectorsNote}`, () => {
  const at = (path: string): string => `@${vectorPath(path)}`
  const nitro = { kind: 'nitro', document: at('nitro/blocky-nitro_attestation.bin') }
  const inTime = ['--at', '2024-09-07T15:00:00Z']
  const bound = ['--binding', '01'.repeat(1024)]

  it('says what holds, and what it is worth', async () => {
    const { code, stdout } = await brume(['attest', 'verify', file(nitro), ...inTime, ...bound])
    expect([code, stdout]).toEqual([0, expect.stringContaining('tier tpm, score 0.70')])
    const json = await brume(['attest', 'verify', file(nitro), ...inTime, ...bound, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      v: 1,
      claims: { kind: 'nitro', bound: true, anchor: 'aws-nitro-g1' },
      appraisal: { tier: 'tpm', status: 'warning', policyId: 'production-1' },
    })
  })

  it('gives no credit without a binding, and still shows what it saw', async () => {
    const { code, stdout, stderr } = await brume(['attest', 'verify', file(nitro), ...inTime])
    expect([code, stdout]).toEqual([7, expect.stringContaining('tier none')])
    expect(stderr).toContain('error POLICY_UNBOUND')
  })

  it('ends with the code of what does not hold', async () => {
    const { code, stderr } = await brume(['attest', 'verify', file(nitro)])
    expect([code, stderr]).toEqual([7, expect.stringContaining('error X509_EXPIRED')])
    const explained = await brume(['explain', 'x509_expired'])
    expect(explained.stdout).toContain('a certificate is past its end')
  })

  it.each([
    [
      'sev-snp',
      { report: at('sev-snp/milan-report-v2.bin'), certificates: [at('sev-snp/milan-vcek.der')] },
      '2025-06-01',
      'POLICY_DEBUG',
    ],
    [
      'tdx',
      { quote: at('tdx/phala-tdx_quote'), collateral: at('tdx/phala-tdx_quote_collateral.json') },
      '2025-06-20',
      'POLICY_UNBOUND',
    ],
    [
      'sgx',
      { quote: at('sgx/phala-sgx_quote'), collateral: at('sgx/phala-sgx_quote_collateral.json') },
      '2025-06-20',
      'POLICY_TCB',
    ],
    [
      'android',
      {
        certificates: [at('android/sony-xperia10-iii-sdk33-TEE_EC.pem')],
        statusList: at('android/status-sample.json'),
      },
      '2026-11-20',
      'POLICY_APP',
    ],
  ])('reads %s from its parts', async (kind, parts, day, finding) => {
    const { code, stdout } = await brume([
      'attest',
      'verify',
      file({ kind, ...parts }),
      '--at',
      day,
    ])
    expect([code, stdout]).toEqual([7, expect.stringContaining(finding)])
    expect(stdout).toContain(`${kind}: every signature holds`)
  })

  it('takes a policy from a file, which changes one of those that are shipped', async () => {
    const policy = file({ extends: 'production', id: 'mine', nitro: { measurements: [PCR0] } })
    const words = ['attest', 'verify', file(nitro), ...inTime, ...bound, '--policy', policy]
    const { code, stdout } = await brume(words)
    expect([code, stdout]).toEqual([0, expect.stringContaining('tier tee, score 0.94 under mine')])
  })

  it.each([
    ['CLI_INPUT_UNREADABLE', () => [join(folder, 'none.json')]],
    ['CLI_INPUT_INVALID', () => [file('no JSON')]],
    ['CLI_INPUT_INVALID', () => [file({ kind: 'x' })]],
    ['CLI_INPUT_INVALID', () => [file({ kind: 'nitro' })]],
    ['CLI_INPUT_INVALID', () => [file({ ...nitro, bindung: 'AA==' })]],
    ['CLI_INPUT_INVALID', () => [file({ kind: 'nitro', document: 'not base64!' })]],
    ['CLI_INPUT_UNREADABLE', () => [file({ kind: 'nitro', document: '@none' })]],
    ['CLI_USAGE_INVALID', () => [file(nitro), '--binding', 'xyz']],
    ['CLI_USAGE_INVALID', () => [file(nitro), '--at', 'yesterday']],
    ['POLICY_INVALID', () => [file(nitro), '--policy', file({ id: 'x' })]],
    ['POLICY_INVALID', () => [file(nitro), '--policy', file({ extends: 'test', tmp: 1 })]],
    ['PEM_MALFORMED', () => [file(nitro), '--root', file('no PEM')]],
  ])('says %s of input that is wrong', async (expected, words) => {
    const { code, stderr } = await brume(['attest', 'verify', ...words()])
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining(`error ${expected}`)])
  })
})

describe('brume attest policy', () => {
  it('shows a policy with its reasons', async () => {
    const { code, stdout } = await brume(['attest', 'policy'])
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('id:00001014 is what software TPMs'),
    ])
    const json = await brume(['attest', 'policy', 'test', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ v: 1, policy: { id: 'test-1' } })
  })
})

const PCR0 =
  'e72a46ca80a260fb044a125442f0c7e331813bcbaf9724d9f3857758992766f2d65710a27aa94ae3949dd54e7c9fe86a'
