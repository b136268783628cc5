import { assert, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { drawTensor } from '../../test/fixtures/gguf-blocks.ts'
import { safetensorsBytes, withHead } from '../../test/fixtures/safetensors-writer.ts'
import { accepted } from '../errors.ts'
import { isSafetensors, readSafetensors, safetensorsHeadBytes } from './safetensors-file.ts'
import { shardFiles } from './shard-index.ts'

const small = safetensorsBytes({
  matrix: { dims: [4, 3], drawn: drawTensor('F16', 12, 1) },
  vector: { dims: [5], drawn: drawTensor('F32', 5, 2) },
})

/** What becomes of the whole file. */
function read(file: Uint8Array) {
  const bytes = safetensorsHeadBytes(file.subarray(0, 8))
  if (bytes.type === 'refused') return bytes
  return readSafetensors({
    head: file.subarray(0, bytes.value),
    fileBytes: file.length,
    part: 2,
  })
}

function refusal(file: Uint8Array): string {
  const result = read(file)
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

/** A file whose head says this of its only tensor, of 8 bytes. */
const one = (tensor: unknown) => refusal(withHead(JSON.stringify({ t: tensor }), new Uint8Array(8)))

describe('a safetensors file', () => {
  it('says where its tensors lie', () => {
    const [matrix, vector] = accepted(read(small))
    const head = small.length - 44
    expect(matrix).toMatchObject({
      name: 'matrix',
      part: 2,
      dims: [4, 3],
      columns: 4,
      rows: 3,
      rowBytes: 8,
      offset: head,
    })
    expect(vector).toMatchObject({ dims: [5], columns: 5, rows: 1, offset: head + 24 })
    expect([isSafetensors(small), isSafetensors(utf8('GGUF and more'))]).toEqual([true, false])
  })

  it('is refused when it is cut short anywhere, or longer than it says', () => {
    for (let end = 0; end < small.length; end++) {
      expect(refusal(small.subarray(0, end))).toMatch(/^SAFETENSORS_(?:TRUNCATED|MALFORMED)/)
    }
    expect(refusal(withHead('{}', new Uint8Array(1)))).toMatch('nothing behind the tensors')
  })

  it('is a value or a refusal, whatever bit of it flips and whatever bytes it is', () => {
    const head = accepted(safetensorsHeadBytes(small))
    for (let bit = 0; bit < 8 * head; bit++) {
      const flipped = small.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(refusal(flipped)).toMatch(/^(?:SAFETENSORS_|value)/)
    }
    assert(
      property(uint8Array({ maxLength: 200 }), (bytes) => {
        refusal(bytes)
      }),
    )
  })

  it('is refused with what is wrong', () => {
    const good = { dtype: 'F32', shape: [2], data_offsets: [0, 8] }
    expect(one(good)).toBe('value')
    expect(one({ ...good, dtype: 'I64' })).toBe(
      'SAFETENSORS_UNSUPPORTED: expected weights in F32, F16 or BF16, got I64',
    )
    expect(one({ ...good, shape: [3] })).toMatch('as many bytes of a tensor as its shape needs')
    expect(one({ ...good, shape: [1, -2] })).toMatch('expected whole numbers from 1 on')
    expect(one({ ...good, shape: [2, 1, 1, 1, 1] })).toMatch('SAFETENSORS_LIMIT')
    expect(one({ ...good, shape: [2 ** 40] })).toMatch('SAFETENSORS_LIMIT')
    expect(one({ ...good, data_offsets: [4, 12] })).toMatch('expected tensors without gaps')
    expect(one({ ...good, data_offsets: 'far' })).toMatch('expected whole numbers')
    expect(one(7)).toMatch('got none')
    expect(refusal(withHead('[]', new Uint8Array(0)))).toMatch('expected an object in the head')
    expect(refusal(withHead('{"t":', new Uint8Array(0)))).toMatch('expected JSON in the head')
    const long = new Uint8Array(16).fill(255)
    expect(refusal(long)).toMatch('SAFETENSORS_LIMIT: expected a head of at most')
  })
})

describe('the index of several files', () => {
  const outcome = (map: unknown) => {
    const result = shardFiles(utf8(JSON.stringify({ weight_map: map })))
    return result.type === 'value' ? result.value : `${result.code}: ${result.reason}`
  }

  it('names each file once', () => {
    const [a, b] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
    expect(outcome({ x: a, y: b, z: a })).toEqual([a, b])
  })

  it('never names a file elsewhere', () => {
    for (const file of [
      '../secret.safetensors',
      '/etc/passwd',
      'a/b.safetensors',
      '.safetensors',
      7,
    ]) {
      expect(outcome({ x: file })).toMatch('SAFETENSORS_MALFORMED')
    }
    expect(outcome({})).toBe('SAFETENSORS_MODEL_INVALID: expected files in the index')
  })
})
