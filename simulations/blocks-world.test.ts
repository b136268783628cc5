import { describe, expect, it } from 'vitest'
import type { BlobId } from '../core/ids.ts'
import { BlocksWorld, SIM_FETCH, type HolderInit, type BlocksPlan } from './blocks-world.ts'
import { CHUNK_BYTES, ChunkSet } from '../protocols/blocks/index.ts'

const ALL = [0, 1, 2, 3, 4, 5, 6, 7]
describe('fetch in a simulated network', () => {
  it('asks a liar no more than it had asked already', () => {
    const holders: HolderInit[] = [
      { behaviour: 'liar', holds: ALL },
      { behaviour: 'honest', holds: ALL },
    ]
    const run = new BlocksWorld({ sizes: [16 * CHUNK_BYTES], holders, seed: 1 }).run()
    expect(run.outcome).toEqual({ type: 'done' })
    expect(run.faults).toEqual(['holder-0 BLOCKS_CHUNK_INVALID'])
    expect(run.badChunks).toBeLessThanOrEqual(3)
  })

  it('asks only for what is missing', () => {
    const world: BlocksPlan = {
      sizes: [4 * CHUNK_BYTES, 3],
      holders: [{ behaviour: 'honest', holds: ALL }],
      seed: 1,
    }
    const run = new BlocksWorld(world)
    const held = new ChunkSet(4)
    held.add(0)
    held.add(2)
    const [first, second] = run.refs.map(({ id }) => id) as [BlobId, BlobId]
    run.run(new Map([[first, held]]))
    expect(run.outcome).toEqual({ type: 'done' })
    expect([...run.stored].toSorted()).toEqual([`${first}/1`, `${first}/3`, `${second}/0`])
    const { bytesDone } = JSON.parse(run.clock.story[0]?.replace(/^.* ms {2}/, '') ?? '')
    expect(bytesDone).toBe(2 * CHUNK_BYTES)
  })

  it('asks an idle holder for what a slow one still owes', () => {
    const holders: HolderInit[] = [
      { behaviour: 'stuck', holds: ALL },
      { behaviour: 'slow', holds: ALL },
      { behaviour: 'honest', holds: ALL },
    ]
    const run = new BlocksWorld({ sizes: [2 * CHUNK_BYTES], holders, seed: 3 }).run()
    expect(run.outcome).toEqual({ type: 'done' })
    expect(run.nowMs).toBeLessThan(SIM_FETCH.stallMs)
  })

  it('says how much is missing when nobody has it', () => {
    const holders: HolderInit[] = [{ behaviour: 'honest', holds: [0] }]
    const run = new BlocksWorld({ sizes: [3 * CHUNK_BYTES], holders, seed: 1 }).run()
    expect(run.outcome).toEqual({
      type: 'failed',
      failure: { code: 'BLOCKS_NO_HOLDER', chunksMissing: 2 },
    })
    expect(run.nowMs).toBeGreaterThanOrEqual(SIM_FETCH.searchMs)
    expect(run.nowMs).toBeLessThan(SIM_FETCH.searchMs + 3_000)
  })
})
