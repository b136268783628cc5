/**
 * Recorded evidence and its published mutations, each with the verdict or the code that it must have.
 *
 * @module
 */

import {
  appraise,
  AttestationError,
  type Evidence,
  type EvidenceContext,
  shippedAnchors,
  verifyEvidence,
} from '../../attestation/index.ts'
import { flipped, vector, vectorsAtHand } from '../../test/fixtures/attestation-vectors.ts'
import {
  type CollateralFile,
  collateralFile,
  collateralOf,
} from '../../test/fixtures/dcap-vectors.ts'
import { bytesOf, pcrsOf, recordedTpm } from '../../test/fixtures/tpm-vectors.ts'
import { certificatesOfPem } from '../../attestation/index.ts'
import type { Claim } from '../claim.ts'
import { plainContext, type RecordedEvidence, recordedEvidence } from './recorded-evidence.ts'

/** `ok`, or the code that it is refused with; `policy CODE` for what only the policy minds. */
type Case = readonly [name: string, expected: string, outcome: () => string]

export const claim: Claim = {
  sentence:
    'Recorded evidence gets the verdict of its source, and every published forgery its code.',
  goal: 'every case as expected',
  quick: true,
  run: async ({ say }) => {
    if (!vectorsAtHand) throw new Error('needs ../shared/vectors/attestation')
    const cases = [
      ...good(),
      ...snpCases(),
      ...dcapCases(),
      ...tpmCases(),
      ...tpmForgeries(),
      ...mobileCases(),
      ...otherCases(),
    ]
    const wrong = cases.filter(([name, expected, outcome]) => {
      const got = outcome()
      say(`${got === expected ? 'as expected' : `EXPECTED ${expected}`}: ${name}: ${got}`)
      return got !== expected
    })
    return {
      met: wrong.length === 0,
      figure: `${cases.length - wrong.length} of ${cases.length} as expected`,
      facts: { wrong: wrong.map(([name]) => name) },
    }
  },
}

function outcomeOf(evidence: () => Evidence, context: () => EvidenceContext): string {
  try {
    const asked = context()
    const claims = verifyEvidence(evidence(), asked)
    const [found] = appraise([claims], asked.policy, asked.nowMs).submods.flatMap(({ findings }) =>
      findings.filter(({ code, status }) => status === 'contraindicated' && !LOOKED_AT.has(code)),
    )
    return found === undefined ? 'ok' : `policy ${found.code}`
  } catch (error) {
    if (error instanceof AttestationError) return error.code
    throw error
  }
}

/** What every recorded piece has against it: it was made for somebody else, or nobody was there to activate. */
const LOOKED_AT = new Set<string>(['POLICY_UNBOUND', 'POLICY_KEY_HOME'])

function one(name: string): RecordedEvidence {
  const found = recordedEvidence().find((recorded) => recorded.name === name)
  if (found === undefined) throw new Error(`no recorded evidence of ${name}`)
  return found
}

const given = (
  name: string,
  expected: string,
  evidence: () => Evidence,
  context: () => EvidenceContext,
): Case => [name, expected, () => outcomeOf(evidence, context)]

function good(): readonly Case[] {
  const expected: Readonly<Record<string, string>> = {
    'sev-snp': 'policy POLICY_DEBUG',
    sgx: 'policy POLICY_TCB',
  }
  return recordedEvidence().map(({ name, evidence, context }) =>
    given(
      name,
      expected[name] ?? 'ok',
      () => evidence,
      () => context,
    ),
  )
}

function changedPart(
  name: string,
  part: string,
  change: (bytes: Uint8Array) => Uint8Array,
): [() => Evidence, () => EvidenceContext] {
  const recorded = one(name)
  const found = recorded.parts[part]
  if (found === undefined) throw new Error(`${name} has no ${part}`)
  return [() => found.with(change(found.bytes)), () => recorded.context]
}

function snpCases(): readonly Case[] {
  const flip = (what: string, offset: number, code: string): Case =>
    given(
      `sev-snp ${what}`,
      code,
      ...changedPart('sev-snp', 'report', (bytes) => flipped(bytes, offset)),
    )
  const swapped = (file: string, code: string): Case =>
    given(
      `sev-snp with ${file}`,
      code,
      ...changedPart('sev-snp', 'certificate', () => vector(file)),
    )
  return [
    flip('REPORT_DATA', 0x50, 'SNP_SIGNATURE'),
    flip('MEASUREMENT', 0x90, 'SNP_SIGNATURE'),
    flip('REPORTED_TCB', 0x180, 'SNP_TCB'),
    flip('R', 0x2a0, 'SNP_SIGNATURE'),
    flip('signature padding', 0x370, 'SNP_MALFORMED'),
    swapped('sev-snp/virtee-vcek_milan.der', 'SNP_CHIP_ID'),
    given(
      'sev-snp without the root of Milan',
      'X509_ANCHOR_UNKNOWN',
      () => one('sev-snp').evidence,
      () => {
        const anchors = shippedAnchors()
        const amd = anchors.roots.amd.filter(({ name }) => name === 'amd-ark-genoa')
        return {
          ...one('sev-snp').context,
          anchors: { ...anchors, roots: { ...anchors.roots, amd } },
        }
      },
    ),
  ]
}

function dcapCases(): readonly Case[] {
  const file = collateralFile('tdx/phala-tdx_quote_collateral.json')
  const flip = (what: string, offset: number, code: string): Case =>
    given(`tdx ${what}`, code, ...changedPart('tdx', 'quote', (bytes) => flipped(bytes, offset)))
  const collateral = (what: string, code: string, changes: Partial<CollateralFile>): Case =>
    given(
      `tdx collateral: ${what}`,
      code,
      () => one('tdx').evidence,
      () => ({
        ...one('tdx').context,
        collateral: { dcap: collateralOf({ ...file, ...changes }) },
      }),
    )
  const crl = file.pck_crl
  return [
    flip('att_key_type', 3, 'DCAP_MALFORMED'),
    flip('MRTD', 184, 'DCAP_SIGNATURE'),
    flip('REPORTDATA', 568, 'DCAP_SIGNATURE'),
    flip('ECDSA r', 641, 'DCAP_SIGNATURE'),
    flip('attestation public key', 706, 'DCAP_QE_BINDING'),
    flip('QE report', 780, 'DCAP_QE_SIGNATURE'),
    flip('QE report signature', 1157, 'DCAP_QE_SIGNATURE'),
    flip('QE auth data', 1223, 'DCAP_QE_BINDING'),
    collateral('list 00', 'DER_MALFORMED', { pck_crl: '00' }),
    collateral('list with a flipped byte', 'CRL_SIGNATURE', {
      pck_crl: `${crl.slice(0, -6)}${crl.slice(-6, -4) === 'ff' ? '00' : 'ff'}${crl.slice(-4)}`,
    }),
    collateral('no lists', 'DER_MALFORMED', { pck_crl: '', root_ca_crl: '' }),
    collateral('list of another authority', 'CRL_MISSING', { pck_crl: file.root_ca_crl }),
    collateral('OutOfDate made UpToDate', 'DCAP_COLLATERAL_SIGNATURE', {
      tcb_info: file.tcb_info.replace('OutOfDate', 'UpToDate'),
    }),
    given(
      'tdx with stale collateral',
      'CRL_STALE',
      () => one('tdx').evidence,
      () => ({
        ...one('tdx').context,
        nowMs: Date.parse('2026-11-20'),
      }),
    ),
    given(
      'tdx v5 without collateral',
      'DCAP_COLLATERAL_MISSING',
      () => ({ kind: 'tdx', quote: vector('tdx/go-tdx-quote_v5_sample.dat') }),
      () => plainContext(Date.parse('2025-06-20')),
    ),
  ]
}

function tpmCases(): readonly Case[] {
  const part = (
    what: string,
    name: string,
    change: (bytes: Uint8Array) => Uint8Array,
    code: string,
  ): Case => given(`tpm ${what}`, code, ...changedPart('tpm', name, change))
  const { evidence, recorded } = recordedTpm('secureboot-on')
  const asked = (what: string, code: string, changes: Partial<EvidenceContext>): Case =>
    given(
      `tpm ${what}`,
      code,
      () => evidence,
      () => ({ ...one('tpm').context, ...changes }),
    )
  const policy = one('tpm').context.policy
  const bad = (name: string): Uint8Array => vector(`tpm-swtpm/bad/${name}`)
  return [
    ...['secureboot-off', 'no-eventlog'].map((name) =>
      given(
        `tpm ${name}`,
        'ok',
        () => recordedTpm(name).evidence,
        () => {
          const { context } = recordedTpm(name)
          const tpm = { ...policy.tpm, pcrs: context.selection }
          return { ...one('tpm').context, ...context, policy: { ...policy, tpm } }
        },
      ),
    ),
    part('magic', 'attest', (bytes) => flipped(bytes, 0), 'TPM_MAGIC'),
    part('clock', 'attest', (bytes) => flipped(bytes, 85), 'TPM_SIGNATURE'),
    part('clock, ready-made', 'attest', () => bad('attest-bitflip-clock.bin'), 'TPM_SIGNATURE'),
    part('signature', 'signature', (bytes) => flipped(bytes, 20), 'TPM_SIGNATURE'),
    part('signature, ready-made', 'signature', () => bad('sig-bitflip.bin'), 'TPM_SIGNATURE'),
    part('trailing byte', 'attest', (bytes) => Uint8Array.of(...bytes, 0), 'TPM_MALFORMED'),
    part('key attributes', 'akPublic', (bytes) => flipped(bytes, 7), 'TPM_AK_ATTRIBUTES'),
    part(
      'log with Secure Boot flipped',
      'eventLog',
      () => bad('eventlog-secureboot-value-flipped.bin'),
      'EVENT_LOG_DIGEST',
    ),
    part(
      'log with SHA-1 only',
      'eventLog',
      () => vector('eventlog/gtt-debian-10.bin'),
      'EVENT_LOG_MALFORMED',
    ),
    asked('nonce', 'ATTESTATION_BINDING', {
      binding: { type: 'bytes', bytes: flipped(bytesOf(recorded.extraData), 0) },
    }),
    asked('selection', 'TPM_PCR_SELECTION', {
      policy: { ...policy, tpm: { ...policy.tpm, pcrs: [0, 7] } },
    }),
    asked('roots of real makers only', 'X509_ANCHOR_UNKNOWN', { anchors: shippedAnchors() }),
    given(
      'tpm register 7',
      'TPM_PCR_DIGEST',
      () => ({ ...evidence, pcrs: pcrsOf({ ...recorded.pcrs, 7: '00'.repeat(32) }) }),
      () => one('tpm').context,
    ),
  ]
}

/** Signed by a genuine key, and no quotes all the same. */
function tpmForgeries(): readonly Case[] {
  const { evidence } = recordedTpm('secureboot-on')
  const { policy } = one('tpm').context
  const bad = (name: string): Uint8Array => vector(`tpm-swtpm/bad/${name}`)
  const forgedKey = { akPublic: bad('forged-magic.ak_pub.tpm2b') }
  const forged = JSON.parse(Buffer.from(bad('forged-magic.json')).toString()) as {
    readonly extraData: string
  }
  return [
    given(
      'tpm forged magic',
      'TPM_MAGIC',
      () => ({
        ...evidence,
        ...forgedKey,
        attest: bad('forged-magic.attest.bin'),
        signature: bad('forged-magic.sig.bin'),
      }),
      () => ({
        ...one('tpm').context,
        binding: { type: 'bytes', bytes: bytesOf(forged.extraData) },
      }),
    ),
    given(
      'tpm register 16 shown as 7',
      'TPM_PCR_SELECTION',
      () => ({
        ...evidence,
        ...forgedKey,
        attest: bad('selection-confusion.attest.bin'),
        signature: bad('selection-confusion.sig.bin'),
        eventLog: undefined,
      }),
      () => ({
        ...one('tpm').context,
        policy: { ...policy, tpm: { ...policy.tpm, pcrs: [7] } },
      }),
    ),
  ]
}

function otherCases(): readonly Case[] {
  const asked = (
    name: string,
    what: string,
    expected: string,
    changes: Partial<EvidenceContext>,
  ): Case =>
    given(
      `${name} ${what}`,
      expected,
      () => one(name).evidence,
      () => ({ ...one(name).context, ...changes }),
    )
  const policy = one('apple').context.policy
  const later = { nowMs: Date.parse('2026-11-20') }
  return [
    given(
      'nitro payload',
      'COSE_SIGNATURE',
      ...changedPart('nitro', 'document', (bytes) => flipped(bytes, 120)),
    ),
    given(
      'nitro algorithm',
      'COSE_ALGORITHM',
      ...changedPart('nitro', 'document', (bytes) => flipped(bytes, 5)),
    ),
    asked('nitro', 'expired', 'X509_EXPIRED', later),
    asked('apple', 'challenge', 'ATTESTATION_BINDING', {
      binding: { type: 'bytes', bytes: new Uint8Array(1) },
    }),
    asked('apple', 'app', 'APPLE_APP', {
      policy: { ...policy, apple: { ...policy.apple, apps: ['AAAAAAAAAA.bad'] } },
    }),
    asked('apple', 'expired', 'X509_EXPIRED', later),
    given(
      'apple key id',
      'APPLE_KEY_ID',
      () => ({ ...one('apple').evidence, keyId: new Uint8Array(32) }) as Evidence,
      () => one('apple').context,
    ),
  ]
}

function mobileCases(): readonly Case[] {
  const android = (file: string, day: string, expected: string): Case =>
    given(
      `android ${file}`,
      expected,
      () => ({
        kind: 'android',
        chain: certificatesOfPem(Buffer.from(vector(`android/${file}.pem`)).toString(), 8),
      }),
      () => ({
        ...one('android').context,
        binding: { type: 'unchecked' },
        nowMs: Date.parse(day),
      }),
    )
  return [
    android('tegu-sdk36-SB_EC_2026_ROOT', '2026-03-01', 'ok'),
    android('akita-sdk34-SB_RSA_NONE', '2024-10-01', 'policy POLICY_BOOT_STATE'),
    android('akita-sdk34-TEE_EC_NONE', '2024-10-01', 'policy POLICY_BOOT_STATE'),
    android('akita-sdk34-TEE_RSA_BASE+IMEI', '2024-10-01', 'policy POLICY_BOOT_STATE'),
    android('tegu-sdk37-TEE_TRUSTED_CONF', '2026-07-10', 'policy POLICY_BOOT_STATE'),
    android('tokay-sdk37-TEE_MLDSA_RKP', '2026-05-01', 'policy POLICY_BOOT_STATE'),
    android('marlin-sdk29-TEE_EC_NONE', '2026-03-01', 'X509_ANCHOR_UNKNOWN'),
    android('bad-p256_sha384_intermediate', '2026-03-01', 'X509_ANCHOR_UNKNOWN'),
    android('bad-allow_while_on_body', '2025-04-01', 'X509_PATH_LENGTH'),
  ]
}
