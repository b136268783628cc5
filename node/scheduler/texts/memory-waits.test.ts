import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { MemoryWaits } from './memory-waits.ts'

const [a, b] = ['a', 'b'] as [PeerId, PeerId]

describe('waits for memory', () => {
  it('are told once for each device at which a stage waits', () => {
    const waits = new MemoryWaits((peer) => `device ${peer}`)
    const hear = (peer: PeerId, waiting: number | undefined, bytesTotal = 0) =>
      waits.hear({ type: 'loading', stage: 1, peer, bytesDone: 0, bytesTotal, waiting })
    const told = [hear(a, undefined, 9), hear(a, undefined), hear(a, 2), hear(a, 1), hear(b, 0)]
    expect(told).toEqual([
      { state: 'fetching' },
      { state: 'loading' },
      {
        state: 'waiting',
        note: 'stage 1 waits for memory of other texts on device a; 2 come first',
      },
      { state: 'waiting' },
      { state: 'waiting', note: 'stage 1 waits for memory of other texts on device b' },
    ])
  })
})
