/** Proves that a model from a GGUF file gives the logits that its weights stand for, whole and in stages. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  NOVELIST_FILE,
  readNovelistReferences,
} from '../../../examples/tiny-novelist/novelist-file.ts'
import { accepted, decodeModel, encodeModel } from '../../../models/index.ts'
import type { CatalogueModel } from '../../../node/models/catalogue.ts'
import type { StageFile } from '../../../node/models/stage-chain.ts'
import { ggufBytes, TINY, tinyGguf, type TinyDecoder } from '../../fixtures/gguf-writer.ts'
import { LocalCatalogue, logitDifference } from '../../fixtures/local-catalogue.ts'
import { SMOLLM2_MISSING, smolLm2File } from '../../fixtures/real-model.ts'
import { referenceHidden, referenceLogits } from '../../fixtures/reference-decoder.ts'

/** A real model, to be tried as well: SmolLM2-135M-Instruct, or what BRUME_TEST_GGUF names. */
const REAL_MODEL = process.env['BRUME_TEST_GGUF'] ?? smolLm2File()
let local: LocalCatalogue

beforeAll(async () => {
  local = await LocalCatalogue.open()
}, 60_000)

afterAll(() => local[Symbol.asyncDispose]())

const TOKENS = [3, 17, 95, 0, 42, 42, 8, 61, 30, 77, 5, 12]

async function imported(
  decoder: TinyDecoder,
  name: string,
  past: 'none' | 'cache',
): Promise<CatalogueModel> {
  const file = join(local.root, `${name}.gguf`)
  await writeFile(file, ggufBytes(tinyGguf(decoder)))
  return local.catalogue.import({
    file,
    name,
    licence: 'CC0-1.0',
    dims: {},
    past,
    quantisation: 'none',
  })
}

/** The same stage without rounding its activations to eight bits: slow, and as exact as the weights. */
async function unrounded({ file, description }: StageFile): Promise<StageFile> {
  const model = accepted(decodeModel(await readFile(file)))
  const { graph } = model
  if (graph === undefined) return { file, description }
  const node = graph.node.map((one) => ({
    ...one,
    attribute: one.attribute.filter(({ name }) => name !== 'accuracy_level'),
  }))
  const other = file.replace('.onnx', '-unrounded.onnx')
  await writeFile(other, encodeModel({ ...model, graph: { ...graph, node } }))
  return { file: other, description }
}

/** Of the largest logit: what floats in another order of sums differ by. */
const EXACT = 1e-5
/** The same when activations are rounded to eight bits, as the fast kernels do. */
const ROUNDED = 0.03

/** Slows down each of 16 columns. */
const frequencies = Array.from({ length: 16 }, (_, at) => 1 + at)

const CASES: readonly (readonly [string, TinyDecoder])[] = [
  ['F32', TINY],
  ['F32-qwen2', { ...TINY, architecture: 'qwen2', tied: true, biased: true }],
  ['F16', { ...TINY, format: 'F16', tied: true }],
  ['BF16', { ...TINY, format: 'BF16' }],
  ['F32-slow', { ...TINY, ropeFactor: 4, frequencies }],
  ['Q8_0', { ...TINY, format: 'Q8_0', tied: true }],
  ['Q4_0', { ...TINY, format: 'Q4_0', tied: true }],
  ['Q4_1', { ...TINY, format: 'Q4_1', tied: true }],
  ['Q5_0', { ...TINY, format: 'Q5_0' }],
  ['Q5_1', { ...TINY, format: 'Q5_1', tied: true }],
  ['Q4_K', { ...TINY, format: 'Q4_K', tied: true }],
  ['Q5_K', { ...TINY, format: 'Q5_K', tied: true }],
  ['Q6_K', { ...TINY, format: 'Q6_K', tied: true }],
]

describe('a decoder from a GGUF file', () => {
  it.each(CASES)(
    'in %s gives the logits of its weights, and the same bits in stages',
    async (name, decoder) => {
      const model = await imported(decoder, name, 'none')
      const reference = referenceLogits(decoder, tinyGguf(decoder), TOKENS)
      const [whole, ...none] = await local.stages(model, 1)
      if (whole === undefined || none.length > 0) throw new Error('expected one stage')
      const logits = await local.logits([whole], TOKENS)
      if (decoder.format.startsWith('Q')) {
        expect(
          logitDifference(await local.logits([await unrounded(whole)], TOKENS), reference),
        ).toBeLessThan(EXACT)
        expect(logitDifference(logits, reference)).toBeLessThan(ROUNDED)
      } else expect(logitDifference(logits, reference)).toBeLessThan(EXACT)
      for (const count of [2, 3]) {
        expect(await local.logits(await local.stages(model, count), TOKENS), `${count}`).toEqual(
          logits,
        )
      }
    },
    60_000,
  )

  it.each([
    ['F32', TINY, EXACT],
    ['Q4_1', { ...TINY, format: 'Q4_1', tied: true }, ROUNDED],
  ] as const)(
    'in %s gives the hidden states that its logits are made of',
    async (name, decoder, tolerance) => {
      const model = await imported(decoder, `${name}-hidden`, 'cache')
      const reference = referenceHidden(decoder, tinyGguf(decoder), TOKENS)
      const hidden = await local.textLogits(model, TOKENS, 'hidden')
      expect(hidden).toHaveLength(reference.length)
      expect(logitDifference(hidden, reference)).toBeLessThan(tolerance)
    },
    60_000,
  )

  it('was trained, and answers as it did when it was', async () => {
    const wish = { past: 'none', quantisation: 'none', dims: {} } as const
    const init = { file: NOVELIST_FILE, name: 'novelist', licence: 'Apache-2.0', ...wish }
    const model = await local.catalogue.import(init)
    const [whole, ...none] = await local.stages(model, 1)
    if (whole === undefined || none.length > 0) throw new Error('expected one stage')
    const exact = await unrounded(whole)
    for (const { tokens, next } of await readNovelistReferences()) {
      const trained = next.map(([, logit]) => logit)
      const answer = async (stage: StageFile): Promise<Float32Array> => {
        const logits = await local.logits([stage], tokens)
        const last = logits.subarray(logits.length - logits.length / tokens.length)
        return Float32Array.from(next, ([token]) => last[token] ?? Number.NaN)
      }
      expect(logitDifference(await answer(exact), trained)).toBeLessThan(EXACT)
      expect(logitDifference(await answer(whole), trained)).toBeLessThan(ROUNDED)
    }
  }, 60_000)

  it('is verified like any other model', async () => {
    const decoder: TinyDecoder = { ...TINY, format: 'Q4_1', tied: true }
    const { id, manifest } = await imported(decoder, 'verified', 'cache')
    expect(manifest.source).toBe('verified.gguf (GGUF, llama, F32, Q4_1)')
    expect((await local.catalogue.verify(id)).stages).toBe(5)
  }, 60_000)

  it.skipIf(REAL_MODEL === undefined)(
    `may be a real one${REAL_MODEL === undefined ? `: ${SMOLLM2_MISSING}` : ''}`,
    async () => {
      const file = REAL_MODEL ?? ''
      const wish = { past: 'cache', quantisation: 'none' } as const
      const init = { file, name: 'real', licence: 'unknown', dims: {}, ...wish }
      const { manifest } = await local.catalogue.import(init)
      expect(manifest.layers.length).toBeGreaterThan(3)
      expect(manifest.text?.tokenizer).toBeDefined()
    },
    60_000,
  )
})
