import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlobId } from '../../core/ids.ts'
import {
  BlocksSimulation,
  SIMULATED_FETCH,
  type Behaviour,
  type HolderInit,
  type World,
} from '../../test/fixtures/blocks-simulation.ts'
import { type BlobRef, CHUNK_BYTES, ChunkSet } from './index.ts'

const ALL = [0, 1, 2, 3, 4, 5, 6, 7]
const behaviours: readonly Behaviour[] = [
  'honest',
  'slow',
  'liar',
  'silent',
  'stuck',
  'leaving',
  'flaky',
  'busy',
  'babbling',
]
const sizes = fc.array(fc.integer({ min: 0, max: 3 * CHUNK_BYTES + 9 }), { maxLength: 6 })
const holder = fc.record({
  behaviour: fc.constantFrom(...behaviours),
  holds: fc.subarray(ALL),
})
const seed = fc.nat()

function chunkTotal(refs: readonly BlobRef[]): number {
  return refs.reduce((sum, { chunkHashes }) => sum + chunkHashes.length, 0)
}

describe('fetch over a simulated network', () => {
  it('finishes whenever one honest holder remains for every chunk', () => {
    const world = fc.tuple(sizes, fc.array(holder, { maxLength: 5 }), seed, fc.subarray(ALL))
    fc.assert(
      fc.property(world, ([blobSizes, others, someSeed, holds]) => {
        const rest = ALL.filter((remainder) => !holds.includes(remainder))
        const honest: HolderInit[] = [
          { behaviour: 'honest', holds },
          { behaviour: 'slow', holds: rest },
        ]
        const holders = [...others, ...honest]
        const run = new BlocksSimulation({ sizes: blobSizes, holders, seed: someSeed }).run()
        expect(run.outcome).toEqual({ type: 'done' })
        expect(run.finished.size).toBe(run.refs.length)
        expect(run.stored.size).toBe(chunkTotal(run.refs))
      }),
      { numRuns: 60 },
    )
  })

  it('ends in any case, and blames only those who break the protocol', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.array(holder, { maxLength: 5 }),
        seed,
        (blobSizes, holders, someSeed) => {
          const run = new BlocksSimulation({ sizes: blobSizes, holders, seed: someSeed }).run()
          expect(run.outcome?.type).toMatch(/^(?:done|failed)$/)
          const blamed = run.faults.map((fault) => fault.split(' '))
          for (const [name, code] of blamed) {
            const { behaviour } = holders[Number(name?.slice('holder-'.length))] as HolderInit
            const guilt: Partial<Record<Behaviour, string>> = {
              liar: 'BLOCKS_CHUNK_INVALID',
              silent: 'BLOCKS_HOLDER_STALLED',
              stuck: 'BLOCKS_HOLDER_STALLED',
              busy: 'BLOCKS_HOLDER_STALLED',
              babbling: 'BLOCKS_MESSAGE_UNEXPECTED',
            }
            expect(code).toBe(guilt[behaviour])
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('does the same again from the same seed', () => {
    const world: World = {
      sizes: [5 * CHUNK_BYTES, 7, 2 * CHUNK_BYTES],
      holders: behaviours.map((behaviour) => ({ behaviour, holds: ALL })),
      seed: 42,
    }
    const first = new BlocksSimulation(world).run()
    expect(first.outcome).toEqual({ type: 'done' })
    expect(new BlocksSimulation(world).run().trace).toEqual(first.trace)
  })

  it('asks a liar no more than it had asked already', () => {
    const holders: HolderInit[] = [
      { behaviour: 'liar', holds: ALL },
      { behaviour: 'honest', holds: ALL },
    ]
    const run = new BlocksSimulation({ sizes: [16 * CHUNK_BYTES], holders, seed: 1 }).run()
    expect(run.outcome).toEqual({ type: 'done' })
    expect(run.faults).toEqual(['holder-0 BLOCKS_CHUNK_INVALID'])
    expect(run.badChunks).toBeLessThanOrEqual(3)
  })

  it('asks only for what is missing', () => {
    const world: World = {
      sizes: [4 * CHUNK_BYTES, 3],
      holders: [{ behaviour: 'honest', holds: ALL }],
      seed: 1,
    }
    const run = new BlocksSimulation(world)
    const held = new ChunkSet(4)
    held.add(0)
    held.add(2)
    const [first, second] = run.refs.map(({ id }) => id) as [BlobId, BlobId]
    run.run(new Map([[first, held]]))
    expect(run.outcome).toEqual({ type: 'done' })
    expect([...run.stored].toSorted()).toEqual([`${first}/1`, `${first}/3`, `${second}/0`])
    const { bytesDone } = JSON.parse(run.trace[0]?.replace(/^\d+ /, '') ?? '')
    expect(bytesDone).toBe(2 * CHUNK_BYTES)
  })

  it('asks an idle holder for what a slow one still owes', () => {
    const holders: HolderInit[] = [
      { behaviour: 'stuck', holds: ALL },
      { behaviour: 'slow', holds: ALL },
      { behaviour: 'honest', holds: ALL },
    ]
    const run = new BlocksSimulation({ sizes: [2 * CHUNK_BYTES], holders, seed: 3 }).run()
    expect(run.outcome).toEqual({ type: 'done' })
    expect(run.nowMs).toBeLessThan(SIMULATED_FETCH.stallMs)
  })

  it('says how much is missing when nobody has it', () => {
    const holders: HolderInit[] = [{ behaviour: 'honest', holds: [0] }]
    const run = new BlocksSimulation({ sizes: [3 * CHUNK_BYTES], holders, seed: 1 }).run()
    expect(run.outcome).toEqual({
      type: 'failed',
      failure: { code: 'BLOCKS_NO_HOLDER', chunksMissing: 2 },
    })
    expect(run.nowMs).toBeGreaterThanOrEqual(SIMULATED_FETCH.searchMs)
    expect(run.nowMs).toBeLessThan(SIMULATED_FETCH.searchMs + 3_000)
  })
})
