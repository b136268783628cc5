import { assert, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../core/bytes.ts'
import { drawTensor } from '../../test/fixtures/gguf-blocks.ts'
import { float32, ggufBytes, text, uint32, type GgufInit } from '../../test/fixtures/gguf-writer.ts'
import { accepted } from '../errors.ts'
import { isGguf, readGguf } from './gguf-file.ts'

const small: GgufInit = {
  metadata: {
    'general.architecture': text('llama'),
    epsilon: float32(0.5),
    kind: { type: 0, value: 7 },
    big: { type: 10, value: 2n ** 60n },
    flag: { type: 7, value: true },
    tokens: { type: 9, elementType: 8, value: ['a', 'bc'] },
  },
  tensors: {
    vector: { dims: [3], drawn: drawTensor('F32', 3, 1) },
    matrix: { dims: [32, 2], drawn: drawTensor('Q4_0', 64, 2) },
  },
}
const bytes = ggufBytes(small)
/** Up to the padding before the weights. */
const HEAD_BYTES = 282

const read = (file: Uint8Array) => readGguf(file, file.length)
const refusal = (init: Partial<GgufInit>) => {
  const result = read(ggufBytes({ ...small, ...init }))
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

describe('the head of a GGUF file', () => {
  it('says what the file holds and where', () => {
    const { version, metadata, tensors } = accepted(read(bytes))
    expect(version).toBe(3)
    expect([...metadata]).toEqual([
      ['general.architecture', 'llama'],
      ['epsilon', 0.5],
      ['kind', 7],
      ['big', 2n ** 60n],
      ['flag', true],
      [
        'tokens',
        {
          elementType: 8,
          count: 2,
          content: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 97, 2, 0, 0, 0, 0, 0, 0, 0, 98, 99),
        },
      ],
    ])
    const start = bytes.length - 96
    expect(tensors.get('vector')).toMatchObject({
      columns: 3,
      rows: 1,
      rowBytes: 12,
      offset: start,
    })
    expect(tensors.get('matrix')).toMatchObject({
      dims: [32, 2],
      columns: 32,
      rows: 2,
      rowBytes: 18,
      offset: start + 32,
      format: { name: 'Q4_0' },
    })
    expect([isGguf(bytes), isGguf(bytes.subarray(0, 3)), isGguf(utf8('ONNX'))]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('is the same in version 2', () => {
    expect(accepted(read(ggufBytes({ ...small, version: 2 }))).tensors.size).toBe(2)
  })

  it('is enough: the weights need not be there', () => {
    const head = bytes.subarray(0, bytes.length - 96)
    expect(readGguf(head, bytes.length).type).toBe('value')
    expect(readGguf(head, bytes.length - 60)).toMatchObject({ code: 'GGUF_TRUNCATED' })
  })

  it('is refused at every shorter length', () => {
    for (let length = 0; length < HEAD_BYTES; length++) {
      const result = readGguf(bytes.subarray(0, length), bytes.length)
      expect(result, `${length}`).toMatchObject({ code: 'GGUF_TRUNCATED' })
    }
  })

  it('is a value or a refusal when any bit of it flips', () => {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(['value', 'refused']).toContain(read(flipped).type)
    }
  })

  it('is a value or a refusal for any bytes', () => {
    const head = bytes.subarray(0, 24)
    assert(
      property(uint8Array({ maxLength: 200 }), (rest) => {
        expect(read(rest).type).toBe('refused')
        expect(['value', 'refused']).toContain(read(concatBytes([head, rest])).type)
      }),
    )
  })

  it('is refused by what is wrong with it', () => {
    const { drawn } = small.tensors['vector'] ?? { drawn: drawTensor('F32', 3, 1) }
    const tensor = (dims: readonly number[], format = 0) => ({
      tensors: { t: { dims, drawn: { ...drawn, format } } },
    })
    expect(refusal({ version: 1 })).toBe('GGUF_UNSUPPORTED: expected version 2 or 3 of GGUF, got 1')
    expect(refusal({ version: 0x03000000 })).toBe(
      'GGUF_UNSUPPORTED: expected a little-endian file, got a big-endian one',
    )
    expect(refusal(tensor([256], 10))).toBe(
      'GGUF_UNSUPPORTED: expected weights of a known form, got Q2_K',
    )
    expect(refusal(tensor([3], 99))).toBe(
      'GGUF_UNSUPPORTED: expected weights of a known form, got type 99',
    )
    expect(refusal(tensor([3], 2))).toBe(
      'GGUF_MALFORMED: expected rows of Q4_0 in multiples of 32 weights',
    )
    expect(refusal(tensor([0]))).toBe('GGUF_MALFORMED: expected dimensions of one or more')
    expect(refusal(tensor([1, 1, 1, 1, 1]))).toBe(
      'GGUF_MALFORMED: expected 1 to 4 dimensions, got 5',
    )
    expect(refusal(tensor([2 ** 36, 2 ** 36, 2 ** 36]))).toMatch('GGUF_LIMIT: expected a tensor')
    expect(refusal(tensor([2 ** 40]))).toMatch('GGUF_LIMIT: expected dimensions of at most')
    expect(refusal(tensor([300]))).toMatch('GGUF_TRUNCATED: expected a file of')
    const alignment = (value: number) => ({ metadata: { 'general.alignment': uint32(value) } })
    expect(refusal(alignment(0))).toBe('GGUF_MALFORMED: expected an alignment of 1 to 65536')
    expect(refusal(alignment(24))).toMatch('power of two')
    expect(refusal(alignment(64))).toBe('GGUF_MALFORMED: expected tensors at multiples of 64')
  })

  it('is refused when it names something twice, or lays tensors over one another', () => {
    const name = utf8('matrix')
    const twice = bytes.slice()
    const at = twice.findIndex((_, index) =>
      name.every((byte, next) => twice[index + next] === byte),
    )
    twice.set(utf8('vector'), at)
    expect(read(twice)).toMatchObject({ reason: 'expected each tensor once' })
    const over = bytes.slice()
    over[at + name.length + 4 + 16 + 4] = 0
    expect(read(over)).toMatchObject({ reason: 'expected tensors beside one another' })
  })
})
