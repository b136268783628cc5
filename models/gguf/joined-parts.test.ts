import { describe, expect, it } from 'vitest'
import {
  ggufBytes,
  ggufParts,
  TINY,
  tinyGguf,
  type GgufInit,
  type MetadataInit,
} from '../../test/fixtures/gguf-writer.ts'
import { accepted } from '../errors.ts'
import { readGguf, type GgufFile } from './gguf-file.ts'
import { ggufModel } from './gguf-model.ts'
import { joinedParts, partCount } from './joined-parts.ts'
import { partName, partNames } from './part-names.ts'

const whole = tinyGguf({ ...TINY, layers: 1, hidden: 64, heads: 4, kvHeads: 2, ffn: 96 })

function read(init: GgufInit): GgufFile {
  const bytes = ggufBytes(init)
  return accepted(readGguf(bytes, bytes.length))
}

function refusal(parts: readonly GgufInit[]): string {
  const result = joinedParts(parts.map(read))
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

const uint16 = (value: number): MetadataInit => ({ type: 2, value })

/** The parts with other keys in one of them; undefined removes a key. */
function withKeys(part: number, keys: Readonly<Record<string, MetadataInit | undefined>>) {
  return ggufParts(whole, 3).map((init, at) => {
    if (at !== part) return init
    const entries = Object.entries({ ...init.metadata, ...keys })
    const kept = entries.filter(([, value]) => value !== undefined)
    return { ...init, metadata: Object.fromEntries(kept) as GgufInit['metadata'] }
  })
}

describe('a model in several GGUF files', () => {
  it('is the model that it is in one, with tensors in each of them', () => {
    const parts = ggufParts(whole, 3).map(read)
    const joined = accepted(joinedParts(parts))
    const one = read(whole)
    expect([...joined.metadata]).toEqual([...one.metadata])
    expect([...joined.tensors.keys()]).toEqual([...one.tensors.keys()])
    for (const [name, tensor] of joined.tensors) {
      expect(parts[tensor.part]?.tensors.get(name)).toEqual({ ...tensor, part: 0 })
    }
    expect(new Set([...joined.tensors.values()].map(({ part }) => part)).size).toBe(3)
    const wish = { past: 'cache', quantisation: 'none' } as const
    const model = accepted(ggufModel(joined, wish))
    expect(model.weights.length).toBe(accepted(ggufModel(one, wish)).weights.length)
    expect(parts.map((part) => accepted(partCount(part)))).toEqual([3, 3, 3])
    expect(accepted(partCount(one))).toBe(1)
  })

  it('may have a first part without tensors', () => {
    const [first, ...others] = ggufParts(whole, 3)
    const count = { 'split.count': uint16(4) }
    const later = others.map((init, at) => ({
      ...init,
      metadata: { ...init.metadata, ...count, 'split.no': uint16(at + 2) },
    }))
    const bare = { metadata: { ...first?.metadata, ...count }, tensors: {} }
    const second = { metadata: { 'split.no': uint16(1), ...count }, tensors: first?.tensors ?? {} }
    expect(refusal([bare, second, ...later])).toBe('value')
  })

  it('is whole again where gguf-split has merged it, which leaves a count of 0', () => {
    const merged = withKeys(0, { 'split.count': uint16(0) })[0]
    const file = read({ metadata: merged?.metadata ?? {}, tensors: whole.tensors })
    expect(accepted(partCount(file))).toBe(1)
    const wish = { past: 'cache', quantisation: 'none' } as const
    const [again, one] = [file, read(whole)].map((each) => accepted(ggufModel(each, wish)))
    expect(again?.weights.length).toBe(one?.weights.length)
  })

  it('is refused where a part is missing, twice there, or of another model', () => {
    const [first, second, third] = ggufParts(whole, 3) as [GgufInit, GgufInit, GgufInit]
    const invalid = (reason: string) => `GGUF_PARTS_INVALID: expected ${reason}`
    expect(refusal([first, second])).toBe(invalid('part 1 of 2, got part 1 of 3'))
    expect(refusal([first, third, second])).toBe(invalid('part 2 of 3, got part 3 of 3'))
    expect(refusal([first, second, second])).toBe(invalid('part 3 of 3, got part 2 of 3'))
    expect(refusal([first, second, whole])).toBe(invalid('part 3 of 3, got a file that is no part'))
    expect(refusal([first, { ...second, tensors: third.tensors }, third])).toBe(
      invalid('each tensor in one part'),
    )
    const names = Object.keys(whole.tensors).length
    expect(refusal([first, { ...second, tensors: {} }, third])).toMatch(
      invalid(`${names} tensors in all parts, got `),
    )
    expect(refusal([])).toBe(invalid('a part'))
    const alone = ggufModel(read(first), { past: 'cache', quantisation: 'none' })
    expect(alone).toMatchObject({
      code: 'GGUF_PARTS_INVALID',
      reason: 'expected all 3 parts of the model, got one',
    })
  })

  it.each<readonly [string, MetadataInit | undefined]>([
    ['split.no', undefined],
    ['split.no', { type: 8, value: '1' }],
    ['split.no', { type: 5, value: -1 }],
    ['split.count', { type: 6, value: 2.5 }],
    ['split.count', uint16(0)],
    ['split.count', uint16(2)],
    ['split.tensors.count', { type: 10, value: 8n }],
    ['split.tensors.count', uint16(7)],
  ])('is refused where %s of a part is none', (key, value) => {
    expect(refusal(withKeys(0, { [key]: value }))).toMatch(/^GGUF_PARTS_INVALID: expected /)
  })

  it('has a number of parts that may be', () => {
    const count = (value: MetadataInit) => {
      const result = partCount(read({ metadata: { 'split.count': value }, tensors: {} }))
      return result.type === 'refused' ? result.code : result.value
    }
    expect([0, 1, 1_024, 1_025].map((value) => count(uint16(value)))).toEqual([
      1,
      1,
      1_024,
      'GGUF_PARTS_INVALID',
    ])
    expect(count({ type: 8, value: 'x' })).toBe('GGUF_PARTS_INVALID')
  })
})

describe('the name of a part', () => {
  it('says which it is, and what the others are called', () => {
    expect(partName('q4/a-b-00002-of-00012.gguf')).toEqual({ model: 'q4/a-b', part: 1, count: 12 })
    expect(partNames({ model: 'a', count: 2 })).toEqual([
      'a-00001-of-00002.gguf',
      'a-00002-of-00002.gguf',
    ])
  })

  it.each([
    'a.gguf',
    'a-00001-of-00002.onnx',
    'a-0001-of-0002.gguf',
    'a-00000-of-00002.gguf',
    'a-00003-of-00002.gguf',
    'a-00000-of-00000.gguf',
    '-00001-of-00002.gguf',
    'a-00001-of-00002.gguf.part',
  ])('is not %s', (name) => {
    expect(partName(name)).toBe(undefined)
  })
})
