import { describe, expect, it } from 'vitest'
import type { TpmClaims } from '../tpm/tpm.ts'
import { discontinuity } from './continuity.ts'

const before: TpmClaims = {
  kind: 'tpm',
  bound: true,
  anchor: 'root',
  evidenceId: '0',
  validUntilMs: 0,
  hardwareId: 'a',
  home: 'activation',
  maker: undefined,
  akName: '',
  resetCount: 4,
  clockMs: 100,
  bank: 'sha256',
  pcrs: { 0: '00', 7: '11' },
  secureBoot: undefined,
  bindingKey: undefined,
}

describe('two quotes of one TPM', () => {
  it.each([
    ['nothing', {}, undefined],
    ['time that passed', { clockMs: 200 }, undefined],
    ['other registers that were asked for', { pcrs: { 4: '22', 7: '11' } }, undefined],
    ['a start', { resetCount: 5, clockMs: 0, pcrs: { 0: '01' } }, 'restarted'],
    ['a register that changed', { pcrs: { 7: '12' } }, 'registers-changed'],
    ['a clock that went back', { clockMs: 99 }, 'clock-back'],
    ['a count that went back', { resetCount: 3, clockMs: 900 }, 'clock-back'],
    ['another TPM', { hardwareId: 'b', resetCount: 0 }, undefined],
  ])('show %s', (_, change, expected) => {
    expect(discontinuity([before], [{ ...before, ...change }])).toBe(expected)
  })

  it('show nothing when there is only one', () => {
    expect([discontinuity([], [before]), discontinuity([before], [])]).toEqual([
      undefined,
      undefined,
    ])
  })
})
