import { describe, expect, it } from 'vitest'
import type { Result } from '../errors.ts'
import { tensorProto } from '../onnx/author.ts'
import type { TensorProto } from '../onnx/proto.ts'
import { attempt } from '../refuse.ts'
import { tensorContent, tensorShape } from './tensor-content.ts'

function content(tensor: TensorProto): Result<readonly number[] | undefined> {
  return attempt(() => {
    const shape = tensorShape(tensor)
    return shape && [...tensorContent(tensor, shape)]
  })
}

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('the content of a tensor', () => {
  it('is its raw bytes as they are', () => {
    const rawData = bytes(1, 2, 3)
    const tensor = { ...tensorProto('t', 2, [3]), rawData }
    const shape = tensorShape(tensor)
    expect(shape && tensorContent(tensor, shape)).toBe(rawData)
  })

  it('is read from the typed fields', () => {
    const floats = { ...tensorProto('t', 1, [1]), floatData: [bytes(0, 0, 128, 63)] }
    expect(content(floats)).toEqual({ type: 'value', value: [0, 0, 128, 63] })
    // 300 and −1 as varints, then as 64-bit little endian.
    const minusOne = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]
    const integers = { ...tensorProto('t', 7, [2]), int64Data: [bytes(0xac, 2, ...minusOne)] }
    expect(content(integers)).toEqual({
      type: 'value',
      value: [44, 1, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255],
    })
    const halves = { ...tensorProto('t', 10, [1]), int32Data: [bytes(0x80, 0x78)] }
    expect(content(halves)).toEqual({ type: 'value', value: [0, 60] })
  })

  it('is refused when its size is not that of its dimensions', () => {
    const short = { ...tensorProto('t', 1, [2]), rawData: bytes(0, 0, 0, 0) }
    expect(content(short)).toMatchObject({ code: 'ONNX_GRAPH_INVALID' })
    const lie = { ...tensorProto('t', 7, [2 ** 32]), int64Data: [bytes(1)] }
    expect(content(lie)).toMatchObject({ code: 'ONNX_GRAPH_INVALID' })
    const huge = { ...tensorProto('t', 1, [2 ** 40]), rawData: bytes() }
    expect(content(huge)).toMatchObject({ code: 'ONNX_LIMIT' })
    const negative = { ...tensorProto('t', 1, [-1]), rawData: bytes() }
    expect(content(negative)).toMatchObject({ code: 'ONNX_GRAPH_INVALID' })
  })

  it('has no known size for texts', () => {
    expect(content({ ...tensorProto('t', 8, [1]), stringData: [bytes(65)] })).toEqual({
      type: 'value',
      value: undefined,
    })
  })
})
