import { describe, expect, it } from 'vitest'
import { errorCode } from '../../core/errors.ts'
import { BASE_MICROS } from './appraisal.ts'
import { changedPolicy, type Policy, policyDigest } from './policy.ts'
import { PRODUCTION_POLICY } from './production.ts'
import { TEST_POLICY } from './test-profile.ts'

const codeOf = (act: () => unknown): unknown => {
  try {
    act()
    return 'accepted'
  } catch (error) {
    return errorCode(error)
  }
}

/** Paths of the values that need a reason. */
function paths(value: object, prefix = ''): readonly string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const path = `${prefix}${name}`
    if (path === 'id' || path === 'reasons') return []
    const opaque = Array.isArray(inner) || typeof inner !== 'object' || inner === null
    const whole = opaque || name === 'tcbMin' || path === 'tpm.registers'
    return whole ? [path] : paths(inner, `${path}.`)
  })
}

describe.each([PRODUCTION_POLICY, TEST_POLICY])('the shipped policy $id', (policy: Policy) => {
  it('gives a reason for each of its values, and for nothing else', () => {
    expect(Object.keys(policy.reasons).toSorted()).toEqual(paths(policy).toSorted())
    for (const reason of Object.values(policy.reasons)) expect(reason.length).toBeGreaterThan(12)
  })

  it('gives no more than the tiers do', () => {
    const caps = [policy.tpm, policy.sgx, policy.tdx, policy.nitro, policy.android, policy.apple]
    for (const { baseMicrosMax } of [...caps, policy.sevSnp.milan, policy.sevSnp.genoa]) {
      expect(baseMicrosMax).toBeLessThanOrEqual(BASE_MICROS.tee)
    }
  })
})

describe('a policy file', () => {
  it('changes what it names and leaves the rest', () => {
    const changed = changedPolicy(PRODUCTION_POLICY, {
      id: 'home-1',
      tpm: { pcrs: [7], registers: { '7': ['00'] } },
      sevSnp: { milan: { tcbMin: { snp: 30 } } },
      reasons: { 'tpm.pcrs': 'Secure Boot is all that we look at' },
    })
    expect(changed.tpm).toEqual({ ...PRODUCTION_POLICY.tpm, pcrs: [7], registers: { '7': ['00'] } })
    expect(changed.sevSnp.milan.tcbMin).toEqual({ bootLoader: 4, tee: 0, snp: 30, microcode: 219 })
    expect(changed.reasons['tpm.pcrs']).toBe('Secure Boot is all that we look at')
    expect(changed.reasons['tpm.enabled']).toBe(PRODUCTION_POLICY.reasons['tpm.enabled'])
  })

  it.each([
    ['no object', []],
    ['an unknown field', { tmp: {} }],
    ['an unknown field further in', { tpm: { pcr: [7] } }],
    ['another type', { tpm: { enabled: 'yes' } }],
    ['a negative number', { graceDays: -1 }],
    ['a fraction', { graceDays: 0.5 }],
    ['a text where a list belongs', { tpm: { pcrs: '7' } }],
    ['texts where numbers belong', { tpm: { pcrs: ['7'] } }],
    ['numbers where texts belong', { sevSnp: { measurements: [7] } }],
    ['a register that is none', { tpm: { registers: { x: [] } } }],
    ['reasons that are no texts', { reasons: { graceDays: 7 } }],
    ['a name of every object', { constructor: {} }],
    ['a list without end', { sevSnp: { measurements: Array.from({ length: 1_001 }, () => '') } }],
  ])('is refused with %s', (_, changes) => {
    expect(codeOf(() => changedPolicy(PRODUCTION_POLICY, changes))).toBe('POLICY_INVALID')
  })

  it('has a digest of its rules, not of its reasons or their order', () => {
    const { id, ...rest } = PRODUCTION_POLICY
    expect(policyDigest({ ...rest, id, reasons: {} })).toBe(policyDigest(PRODUCTION_POLICY))
    expect(policyDigest({ ...PRODUCTION_POLICY, graceDays: 8 })).not.toBe(
      policyDigest(PRODUCTION_POLICY),
    )
  })
})
