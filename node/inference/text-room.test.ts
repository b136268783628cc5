import { describe, expect, it } from 'vitest'
import type { TensorSpec } from '../../core/tensor.ts'
import { textRoom } from './text-room.ts'

const stream: TensorSpec = { name: 'stream.1', type: 'float32', dims: [1, 4, 8] }
const total: TensorSpec = { name: 'total_sequence_length', type: 'int32', dims: [1] }
const crossing = { name: 'stream.2', type: 'float32', dims: [1, 4, 8] } as const

describe('what a text takes at a stage', () => {
  it('tells a stage of texts by its own tensors, not by the names of those that arrive', () => {
    const executor = { inputs: [stream, total], outputs: [crossing] }
    const arriving = { inputs: [], outputs: [], caches: [] }
    expect(textRoom(executor, { sends: [crossing], local: arriving }).textsOnly).toBe(false)
    const filled = { inputs: [total], outputs: [], caches: [] }
    expect(textRoom(executor, { sends: [crossing], local: filled }).textsOnly).toBe(true)
  })

  it('keeps the floats that are sent for each row', () => {
    const none = { inputs: [], outputs: [], caches: [] }
    const { sentRowBytes, keptRowBytes } = textRoom(
      { inputs: [stream], outputs: [crossing] },
      { sends: [crossing], local: none },
    )
    expect([sentRowBytes, keptRowBytes]).toEqual([32, 0])
  })
})
