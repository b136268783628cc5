import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterAudit,
  type AuditEnd,
  type AuditHistory,
  auditRate,
  NO_AUDITS,
} from './audit-history.ts'

function after(ends: readonly AuditEnd[], from: AuditHistory = NO_AUDITS): AuditHistory {
  return ends.reduce((history, end) => afterAudit(history, end).history, from)
}

const passes = (count: number): readonly AuditEnd[] => Array.from({ length: count }, () => 'passed')

describe('the rate of audits', () => {
  it('is everything for a newcomer, then one in as many as passed, and never below a twentieth', () => {
    expect([0, 9, 10, 16, 20, 1_000].map((run) => auditRate(after(passes(run))))).toEqual([
      10_000, 10_000, 1_000, 625, 500, 500,
    ])
  })

  it('is everything again after a failure', () => {
    expect(auditRate(after(['failed'], after(passes(500))))).toBe(10_000)
  })

  it('rises a little after an audit that blames nobody', () => {
    expect(after(['inconclusive'], after(passes(15)))).toEqual({ run: 10, withheld: 0 })
    expect(afterAudit(NO_AUDITS, 'inconclusive').counts).toBe(undefined)
  })

  it('never falls because of anything but a pass', () => {
    const end = fc.constantFrom<AuditEnd>('passed', 'failed', 'inconclusive', 'withheld')
    fc.assert(
      fc.property(fc.array(end, { maxLength: 80 }), end, (before, last) => {
        const history = after(before)
        const rate = auditRate(after([last], history))
        expect(last === 'passed' || rate >= auditRate(history)).toBe(true)
        expect(rate).toBeGreaterThanOrEqual(500)
      }),
    )
  })
})

describe('evidence that is withheld', () => {
  it('counts as failed from the third time in a row on', () => {
    const counts: unknown[] = []
    let history = after(passes(40))
    for (const end of ['withheld', 'withheld', 'withheld', 'withheld'] as const) {
      const next = afterAudit(history, end)
      counts.push(next.counts)
      history = next.history
    }
    expect(counts).toEqual([undefined, undefined, 'failed', 'failed'])
  })

  it('is forgiven once evidence is shown again', () => {
    const history = after(['withheld', 'withheld', 'passed', 'withheld'])
    expect(afterAudit(history, 'withheld').counts).toBe(undefined)
  })
})
