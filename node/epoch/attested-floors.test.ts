import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import type { EpochAppraisal } from '../attestation/epoch-appraisal.ts'
import { AttestedFloors } from './attested-floors.ts'

const [a, b] = ['a', 'b'] as unknown as [PeerId, PeerId]

/** Floors over what `find` finds, and how often it was asked. */
function floorsOver(find: () => readonly (readonly [PeerId, string, number])[]) {
  const asked: number[] = []
  const floors = new AttestedFloors({
    logger: SILENT_LOGGER,
    attest: async (epoch) => {
      asked.push(epoch[0] ?? -1)
      return find().map(
        ([peer, tier, scoreMicros]) =>
          ({ peer, appraisal: { tier, scoreMicros }, vendor: 'amd' }) as unknown as EpochAppraisal,
      )
    },
  })
  const note = (epoch: number): Promise<void> => floors.note({ epoch, value: Uint8Array.of(epoch) })
  return { floors, note, asked }
}

describe('attested floors', () => {
  it('are what the hardware of a device was found to be worth; its word is none', async () => {
    const { floors, note } = floorsOver(() => [
      [a, 'tpm', 730_000],
      [b, 'self', 300_000],
    ])
    await note(0)
    expect([floors.floorOf(a), floors.floorOf(b)]).toEqual([
      { micros: 730_000, vendor: 'amd' },
      undefined,
    ])
  })

  it('are looked for once an hour, over one beacon, and once more when others were slower', async () => {
    const { note, asked } = floorsOver(() => [])
    for (let epoch = 12; epoch < 26; epoch++) await note(epoch)
    expect(asked).toEqual([12, 12, 24, 24])
  })

  it('count no longer than three hours', async () => {
    let there = true
    const { floors, note } = floorsOver(() => (there ? [[a, 'tee', 900_000]] : []))
    await note(0)
    there = false
    await note(36)
    expect(floors.floorOf(a)).toEqual({ micros: 900_000, vendor: 'amd' })
    await note(37)
    expect(floors.floorOf(a)).toBeUndefined()
  })

  it('stay as they are when evidence cannot be appraised', async () => {
    const { floors, note } = floorsOver(() => {
      throw new Error('no TPM')
    })
    await note(0)
    expect(floors.floorOf(a)).toBeUndefined()
  })
})
