/** Proves that a model from safetensors files gives the logits that its weights stand for. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DecoderWish } from '../../../models/index.ts'
import { TINY, tinyGguf, type TinyDecoder } from '../../fixtures/gguf-writer.ts'
import { LocalCatalogue, logitDifference } from '../../fixtures/local-catalogue.ts'
import { referenceLogits } from '../../fixtures/reference-decoder.ts'
import { safetensorsBytes, tinyConfig, tinyTensors } from '../../fixtures/safetensors-writer.ts'

let local: LocalCatalogue

beforeAll(async () => {
  local = await LocalCatalogue.open()
}, 60_000)

afterAll(() => local[Symbol.asyncDispose]())

const TOKENS = [3, 17, 95, 0, 42, 42, 8, 61, 30, 77, 5, 12]

/** Writes a decoder into a folder, in as many files as asked for, and imports it. */
async function imported(
  decoder: TinyDecoder,
  { name, files, ...wish }: DecoderWish & { readonly name: string; readonly files: number },
) {
  const folder = join(local.root, name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(tinyConfig(decoder)))
  const tensors = Object.entries(tinyTensors(decoder))
  const map: Record<string, string> = {}
  for (let index = 0; index < files; index++) {
    const file = files === 1 ? 'model.safetensors' : `model-${index + 1}-of-${files}.safetensors`
    const own = tensors.filter((_, at) => at % files === index)
    for (const [tensor] of own) map[tensor] = file
    await writeFile(join(folder, file), safetensorsBytes(Object.fromEntries(own)))
  }
  if (files > 1) {
    const index = join(folder, 'model.safetensors.index.json')
    await writeFile(index, JSON.stringify({ metadata: {}, weight_map: map }))
  }
  const file = files === 1 ? join(folder, 'model.safetensors') : folder
  return local.catalogue.import({ file, name, licence: 'CC0-1.0', dims: {}, ...wish })
}

/** Columns turn in halves in these files: in those of Qwen under the other format, too. */
const SMALL: TinyDecoder = { ...TINY, architecture: 'qwen2' }

describe('a decoder from safetensors', () => {
  it.each([
    ['f32-biased', { ...SMALL, biased: true }, 1, 1e-5],
    ['f16-tied', { ...SMALL, format: 'F16', tied: true }, 1, 1e-5],
    ['bf16-shards', { ...SMALL, format: 'BF16', ropeFactor: 4 }, 3, 1e-5],
  ] as const)(
    '%s gives the logits of its weights',
    async (name, decoder, files, bound) => {
      const wish = { name, files, past: 'none', quantisation: 'none' } as const
      const model = await imported(decoder, wish)
      const logits = await local.logits(await local.stages(model, 1), TOKENS)
      const reference = referenceLogits(decoder, tinyGguf(decoder), TOKENS)
      expect(logitDifference(logits, reference)).toBeLessThan(bound)
    },
    60_000,
  )

  it('says what rounding its weights has lost, and gives text in stages as in one', async () => {
    const wish = { name: 'q8', files: 1, past: 'cache', quantisation: 'q8' } as const
    const { id, manifest } = await imported({ ...SMALL, format: 'BF16', tied: true }, wish)
    expect(manifest.source).toMatch(
      /^model\.safetensors \(safetensors, Qwen2ForCausalLM, BF16, F32\), rounded to q8 with an error of 0\.\d+ %$/,
    )
    expect(manifest.text).toMatchObject({ beginToken: 1, stopTokens: [2, 3] })
    expect((await local.catalogue.verify(id)).stages).toBe(5)
  }, 60_000)

  it.each([
    ['of another model', { word: TINY.vocabulary }, 'TEXT_TOKENIZER_OTHER'],
    ['that is broken', [], 'TEXT_TOKENIZER_INVALID'],
  ])('is refused with a tokenizer %s', async (name, vocab, code) => {
    const model = { type: 'BPE', vocab, merges: [] }
    const wish = { name, files: 1, past: 'cache', quantisation: 'none' } as const
    await mkdir(join(local.root, name))
    await writeFile(join(local.root, name, 'tokenizer.json'), JSON.stringify({ model }))
    await expect(imported(SMALL, wish)).rejects.toMatchObject({ code })
  })

  it('is refused when a file that it needs is not there', async () => {
    const folder = join(local.root, 'empty')
    await mkdir(folder)
    const wish = { past: 'cache', quantisation: 'none' } as const
    const init = { file: folder, name: 'empty', licence: 'CC0-1.0', dims: {}, ...wish }
    await expect(local.catalogue.import(init)).rejects.toMatchObject({
      code: 'MODELS_FILE_UNREADABLE',
    })
  })
})
