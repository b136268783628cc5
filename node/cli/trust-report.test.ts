import { describe, expect, it } from 'vitest'
import { trustState, trustView } from '../../test/fixtures/trust-view.ts'
import { trustLines, trustStatusLines } from './trust-report.ts'

const problem = {
  code: 'EPOCH_TIME_INVALID',
  message: 'the clock of this device is 12 s behind that of the mesh: set it',
  facts: { clockAheadMs: -12_000 },
}

describe('the line of brume status about trust', () => {
  it('is one when all is well, and followed by one for each thing that is not', () => {
    expect(trustStatusLines(trustState)).toEqual(['  trust    solo, epoch 41, fresh'])
    expect(trustStatusLines({ ...trustState, problems: [problem] })).toEqual([
      '  trust    solo, epoch 41, fresh',
      '           ! the clock of this device is 12 s behind that of the mesh: set it',
    ])
  })
})

describe('brume trust show', () => {
  it('says what is wrong here, and what others sent that no honest device sends', () => {
    const refused = [{ code: 'EPOCH_SIGNATURE_INVALID', count: 64 }]
    const lines = trustLines({ ...trustView, problems: [problem], refused }, 1_700_000_060_000)
    expect(lines).toContain(
      'problem   the clock of this device is 12 s behind that of the mesh: set it',
    )
    expect(lines).toContain('refused   64 messages of others: EPOCH_SIGNATURE_INVALID')
  })
})
