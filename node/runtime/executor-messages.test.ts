import { describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import { ERROR_MESSAGE, LOAD_MESSAGE, READY_MESSAGE } from './executor-messages.ts'

const ready = {
  ortVersion: '1',
  inputs: [{ name: 'x', type: 'float32', dims: [1, 'n', null] }],
  outputs: [],
} as const

describe('executor messages', () => {
  it('say what a loaded graph takes, with sizes, names and unknown dimensions', () => {
    const bytes = encodeShape(READY_MESSAGE, ready)

    expect(toHex(bytes)).toBe('8361318183617867666c6f61743332838201f682f6616e82f6f680')
    expect(decodeShape(READY_MESSAGE, bytes)).toEqual({ type: 'value', value: ready })
  })

  it('turn every truncation and every flipped bit into a value or a refusal', () => {
    const load = encodeShape(LOAD_MESSAGE, {
      file: '/m.onnx',
      provider: 'cpu',
      optimise: 'basic',
      optimisedFile: undefined,
    })
    for (let length = 0; length < load.length; length++) {
      expect(decodeShape(LOAD_MESSAGE, load.subarray(0, length)).type).toBe('refused')
    }
    for (let bit = 0; bit < load.length * 8; bit++) {
      const flipped = load.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => decodeShape(LOAD_MESSAGE, flipped)).not.toThrow()
    }
  })

  it('bound the text of an error', () => {
    const error = { reason: 'run', message: 'x'.repeat(1025) } as const

    expect(decodeShape(ERROR_MESSAGE, encodeShape(ERROR_MESSAGE, error)).type).toBe('refused')
  })
})
