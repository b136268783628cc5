import { describe, expect, it } from 'vitest'
import { chooseFiles } from './hub-choice.ts'
import type { HubFile } from './hub-client.ts'
import { hubRefOf } from './hub-ref.ts'

const file = (path: string): HubFile => ({
  path,
  bytes: 1,
  hash: { kind: 'sha256', hex: 'a'.repeat(64) },
})

function chosen(paths: readonly string[], wanted?: string): unknown {
  try {
    const { files, entry } = chooseFiles(paths.map(file), wanted)
    return { files: files.map(({ path }) => path), entry }
  } catch (error) {
    return (error as Error).message
  }
}

const WORDS = ['config.json', 'tokenizer.json', 'tokenizer_config.json']

describe('the files of a model', () => {
  it('are its shards and what stands beside them, and no other form of it', () => {
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
    const own = [...WORDS, 'model.safetensors.index.json', ...shards]
    expect(chosen([...own, 'model.gguf', 'onnx/model.onnx', 'consolidated.safetensors'])).toEqual({
      files: own,
      entry: undefined,
    })
  })

  it('are one GGUF file, before one ONNX file', () => {
    expect(chosen([...WORDS, 'a.gguf', 'b.onnx'])).toEqual({ files: ['a.gguf'], entry: 'a.gguf' })
    expect(chosen(['b.onnx', 'c.bin'])).toEqual({ files: ['b.onnx'], entry: 'b.onnx' })
  })

  it('are all parts of a model in several GGUF files, whichever is named', () => {
    const parts = [1, 2, 3].map((part) => `q4/m-0000${part}-of-00003.gguf`)
    const [first = '', second = '', third = ''] = parts
    const all = { files: parts, entry: first }
    expect(chosen(['README.md', second, third, first])).toEqual(all)
    expect(chosen([...parts, 'm-q8.gguf'], first)).toEqual(all)
    expect(chosen(parts, second)).toEqual({ files: parts, entry: second })
    expect(chosen([...parts, 'm-q8.gguf'])).toBe(`expected one model, got 2: ${first}, m-q8.gguf`)
    const lost = 'expected part 2 of 3 of the model on the hub, got no such thing'
    expect(chosen([first, third])).toBe(lost)
    expect(chosen(['m-00001-of-99999.gguf'])).toMatch(/^expected part 2 of 99999/)
  })

  it('are an export with the words around it', () => {
    const paths = [...WORDS, 'onnx/model.onnx', 'onnx/model_q4.onnx', 'deep/config.json']
    expect(chosen(paths)).toBe('expected one model, got 2: onnx/model.onnx, onnx/model_q4.onnx')
    expect(chosen(paths, 'onnx/model_q4.onnx')).toEqual({
      files: [...WORDS, 'onnx/model_q4.onnx'],
      entry: 'onnx/model_q4.onnx',
    })
    const data = ['a.onnx', 'a.onnx.data', 'a.onnx_data', 'a.onnx_data_1', 'a.onnx.md']
    expect(chosen(data)).toEqual({ files: [...data.slice(1, 4), 'a.onnx'], entry: 'a.onnx' })
    expect(chosen(['onnx/model.onnx', 'config.json'])).toEqual({
      files: ['config.json', 'onnx/model.onnx'],
      entry: 'onnx/model.onnx',
    })
  })

  it('are those of the folder in which a named file lies', () => {
    const paths = ['config.json', 'small/config.json', 'small/model.safetensors', 'small/x.bin']
    expect(chosen(paths, 'small/model.safetensors')).toEqual({
      files: ['small/config.json', 'small/model.safetensors'],
      entry: 'small/model.safetensors',
    })
  })

  it('are named in a message as long as that stays short', () => {
    const many = Array.from({ length: 30 }, (_, index) => `m${index}.gguf`)
    expect(chosen(many)).toMatch(/^expected one model, got 30: m0\.gguf, .*, m19\.gguf$/)
    expect(chosen([])).toMatch(/^expected a GGUF, safetensors or ONNX model/)
    expect(chosen(many, 'none.gguf')).toBe('expected the file on the hub, got no such thing')
  })
})

describe('the name of a model on a hub', () => {
  it.each([
    'hf:',
    'hf:a',
    'hf:a/',
    'hf:a/b/',
    'hf:a/../b',
    'hf:a/b/..%2f',
    'hf:a/b/.git',
    'hf:a/b@',
    'hf:a/b@c@d',
    'hf:a/b@../c',
    'hf:a/b/c?d',
    'hf:a/b/c#d',
    'hf:a/b/c\\d',
    'hf:a/b/c ',
    'hf:ä/b',
    `hf:a/${'b'.repeat(600)}`,
    'HF:a/b',
    'hf://a/b',
  ])('is not %s', (text) => {
    expect(() => hubRefOf(text)).toThrow(expect.objectContaining({ code: 'HUB_REF_INVALID' }))
  })

  it('may name a branch with steps', () => {
    expect(hubRefOf('hf:a/b@refs/pr/1').revision).toBe('refs/pr/1')
  })
})
