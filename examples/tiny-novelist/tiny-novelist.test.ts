import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { accepted, ggufModel, readGguf, type GgufFile } from '../../models/index.ts'
import { TextCodec } from '../../node/text/text-codec.ts'
import { textOfTokens } from '../../node/text/text-stream.ts'
import { NOVELIST_FILE, readNovelistReferences } from './novelist-file.ts'

let bytes: Uint8Array
let file: GgufFile

beforeAll(async () => {
  bytes = await readFile(NOVELIST_FILE)
  file = accepted(readGguf(bytes, bytes.length))
})

describe('the tiny novelist', () => {
  it('is the file that its page describes, of at most 4 MB', async () => {
    const page = await readFile(new URL('README.md', import.meta.url), 'utf8')
    expect(page).toContain(createHash('sha256').update(bytes).digest('hex'))
    expect(bytes.length).toBeLessThanOrEqual(4_000_000)
  })

  it('says what it is and under which licence', () => {
    expect(file.metadata.get('general.name')).toBe('Tiny Novelist')
    expect(file.metadata.get('general.license')).toBe('Apache-2.0')
    expect(file.metadata.get('general.description')).toMatch(/public domain/)
  })

  it('is a decoder of six layers that generates', () => {
    const { description, positionsMax, words } = accepted(
      ggufModel(file, { past: 'cache', quantisation: 'none' }),
    )
    expect({ description, positionsMax }).toEqual({
      description: 'GGUF, llama, F32, Q8_0',
      positionsMax: 512,
    })
    const { tokenizer, ...marks } = words
    expect(tokenizer).toBeInstanceOf(Uint8Array)
    expect(marks).toEqual({ beginToken: 0, stopTokens: [0], chatTemplate: undefined })
    const shapes = [...file.tensors].map(([name, { dims }]) => [name, dims] as const)
    expect(shapes).toHaveLength(2 + 6 * 9)
    expect(Object.fromEntries(shapes)).toMatchObject({
      'token_embd.weight': [256, 2048],
      'blk.5.attn_q.weight': [256, 256],
      'blk.5.attn_k.weight': [256, 64],
      'blk.5.ffn_down.weight': [448, 256],
      'output_norm.weight': [256],
    })
  })

  it('reads a prompt as the tokens with which it was trained', async () => {
    const { words } = accepted(ggufModel(file, { past: 'cache', quantisation: 'none' }))
    const tokenizer = words.tokenizer ?? new Uint8Array(0)
    const codec = new TextCodec({ ...words, tokenizer, vocabulary: 2_048 })
    for (const { prompt, tokens } of await readNovelistReferences()) {
      expect(codec.encode(prompt, { control: false, begin: true })).toEqual(tokens)
      expect(textOfTokens(codec.table, tokens)).toBe(prompt)
    }
  })

  it('has references that begin a text and rank what is next', async () => {
    const references = await readNovelistReferences()
    expect(references).toHaveLength(4)
    for (const { tokens, next } of references) {
      expect(tokens[0]).toBe(0)
      expect(Math.max(...tokens, ...next.map(([token]) => token))).toBeLessThan(2_048)
      const logits = next.map(([, logit]) => logit)
      expect(logits).toEqual(logits.toSorted((a, b) => b - a))
    }
  })
})
