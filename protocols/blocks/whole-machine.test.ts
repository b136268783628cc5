import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { BlobId } from '../../core/ids.ts'
import { chunkCount, CHUNK_BYTES, type BlocksMessage } from './index.ts'
import { WholeMachine, type WholeInput, type WholeOutput } from './whole-machine.ts'

const sha256 = (data: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(data).digest())

function content(bytes: number, seed: number): Uint8Array {
  return new Uint8Array(bytes).fill(seed + 1)
}

function chunksOf(blob: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: chunkCount(blob.length) }, (_, index) =>
    blob.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  )
}

function describedBy(blob: Uint8Array): BlocksMessage {
  const chunkHashes = chunksOf(blob).map(sha256)
  return { type: 'described', request: 0, bytes: blob.length, chunkHashes }
}

function chunk(blob: Uint8Array, index: number): BlocksMessage {
  const data = chunksOf(blob)[index] ?? new Uint8Array(1)
  return { type: 'chunk', request: index + 1, index, data }
}

const BLOB = content(CHUNK_BYTES + 3, 0)
const ID = toHex(sha256(BLOB)) as BlobId

function machine(blob = ID, bytesMax = 4 * CHUNK_BYTES): WholeMachine {
  return new WholeMachine({ sha256 }, { blob, bytesMax, describeMs: 100, stallMs: 300 })
}

/** What comes out after all `messages`, in one instant. */
function run(whole: WholeMachine, messages: readonly BlocksMessage[]): readonly WholeOutput[] {
  const inputs: readonly WholeInput[] = [
    { type: 'opened' },
    ...messages.map((message) => ({ type: 'message', message }) as const),
  ]
  return inputs.flatMap((input) => whole.handle(input, 0))
}

function over(outputs: readonly WholeOutput[]): readonly WholeOutput[] {
  return outputs.filter(({ type }) => type !== 'send')
}

describe('whole machine', () => {
  it('asks for a description, then for every chunk, and gives the blob', () => {
    const whole = machine()
    const outputs = run(whole, [describedBy(BLOB), chunk(BLOB, 1), chunk(BLOB, 0)])
    expect(outputs).toEqual([
      { type: 'send', message: { type: 'describe', request: 0, blob: ID } },
      { type: 'send', message: { type: 'want', request: 1, blob: ID, index: 0 } },
      { type: 'send', message: { type: 'want', request: 2, blob: ID, index: 1 } },
      { type: 'whole', bytes: BLOB },
    ])
    expect(whole.deadlineMs()).toBeUndefined()
    expect(whole.handle({ type: 'garbage' }, 1)).toEqual([])
  })

  it('gives the empty blob at once', () => {
    const empty = new Uint8Array()
    const outputs = run(machine(toHex(sha256(empty)) as BlobId), [describedBy(empty)])
    expect(over(outputs)).toEqual([{ type: 'whole', bytes: empty }])
  })

  it('takes nothing that is not the blob, however well it is described', () => {
    const other = content(CHUNK_BYTES + 3, 1)
    const failed = (fault: string): object[] => [{ type: 'failed', fault }]
    const lies: readonly (readonly BlocksMessage[])[] = [
      [describedBy(other), chunk(other, 0), chunk(other, 1)],
      [describedBy(BLOB), chunk(other, 0)],
      [describedBy(BLOB), { type: 'chunk', request: 1, index: 1, data: new Uint8Array(3) }],
      [describedBy(new Uint8Array())],
    ]
    for (const lie of lies) {
      expect(over(run(machine(), lie))).toEqual(failed('BLOCKS_CHUNK_INVALID'))
    }
    const early = run(machine(), [chunk(BLOB, 0)])
    const twice = run(machine(), [describedBy(BLOB), describedBy(BLOB)])
    for (const outputs of [early, twice]) {
      expect(over(outputs)).toEqual(failed('BLOCKS_MESSAGE_UNEXPECTED'))
    }
  })

  it('ends without a fault when the holder has it not, goes, or has more than is wanted', () => {
    const refuse = { type: 'refuse', request: 0, code: 'not-held' } as const
    const failed = [{ type: 'failed' }]
    expect(over(run(machine(), [refuse]))).toEqual(failed)
    expect(over(run(machine(), [describedBy(BLOB), { ...refuse, request: 2 }]))).toEqual(failed)
    expect(over(run(machine(ID, CHUNK_BYTES), [describedBy(BLOB)]))).toEqual(failed)
    expect(machine().handle({ type: 'ended' }, 0)).toEqual(failed)
  })

  it('waits for a description and for each chunk only so long', () => {
    const stalled = [{ type: 'failed', fault: 'BLOCKS_HOLDER_STALLED' }]
    const silent = machine()
    silent.handle({ type: 'opened' }, 5)
    expect(silent.deadlineMs()).toBe(105)
    expect(silent.handle({ type: 'time-passed' }, 104)).toEqual([])
    expect(silent.handle({ type: 'time-passed' }, 105)).toEqual(stalled)

    const slow = machine()
    slow.handle({ type: 'opened' }, 0)
    slow.handle({ type: 'message', message: describedBy(BLOB) }, 90)
    slow.handle({ type: 'message', message: chunk(BLOB, 0) }, 380)
    expect(slow.deadlineMs()).toBe(680)
    expect(slow.handle({ type: 'time-passed' }, 680)).toEqual(stalled)
  })

  it('ends once at most, and never with other bytes, whatever a holder says', () => {
    const blobs = [0, 1].map((seed) => content(CHUNK_BYTES + 3, seed))
    const said = fc.oneof(
      fc.constantFrom(...blobs).map(describedBy),
      fc.tuple(fc.constantFrom(...blobs), fc.nat(2)).map(([blob, index]) => chunk(blob, index)),
      fc.constantFrom<BlocksMessage>(
        { type: 'refuse', request: 1, code: 'busy' },
        { type: 'cancel', request: 0 },
        { type: 'have', request: 0, holdings: [] },
      ),
    )
    fc.assert(
      fc.property(fc.array(said, { maxLength: 6 }), (messages) => {
        const ends = over(run(machine(), messages))
        expect(ends.length).toBeLessThanOrEqual(1)
        for (const end of ends) if (end.type === 'whole') expect(end.bytes).toEqual(BLOB)
      }),
      { numRuns: 60 },
    )
  })
})
