/** Proves that a model from a GGUF file gives the logits that its weights stand for, whole and in stages. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import type { Tensor } from '../../core/tensor.ts'
import { accepted, decodeModel, encodeModel } from '../../models/index.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { ModelCatalogue, type CatalogueModel } from '../../node/models/catalogue.ts'
import { runStages, type StageFile } from '../../node/models/stage-chain.ts'
import { Runtime } from '../../node/runtime/runtime.ts'
import { BlobStore } from '../../node/storage/blob-store.ts'
import { StateStore } from '../../node/storage/state-store.ts'
import { systemClock } from '../../node/system/system-clock.ts'
import { ggufBytes, TINY, tinyGguf, type TinyDecoder } from '../fixtures/gguf-writer.ts'
import { referenceLogits } from '../fixtures/reference-decoder.ts'
import { evenRanges } from '../fixtures/even-ranges.ts'

/** A real model, such as SmolLM2-135M-Instruct, to be tried as well. */
const REAL_MODEL = process.env['BRUME_TEST_GGUF']
const limits = { memoryBytesMax: 2 ** 31, loadMsMax: 60_000, runMsMax: 60_000 }
const stack = new AsyncDisposableStack()
let root = ''
let runtime: Runtime
let catalogue: ModelCatalogue

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-gguf-'))
  stack.defer(() => rm(root, { recursive: true }))
  const components = { clock: systemClock, logger: SILENT_LOGGER }
  runtime = new Runtime(components, {
    priority: 'normal',
    executorsMax: 4,
    toolMemoryBytesMax: limits.memoryBytesMax,
    toolMsMax: 60_000,
  })
  const folder = join(root, 'store')
  const blobs = new BlobStore(components, { root: folder, quotaBytes: 2 ** 33, freeBytesMin: 0 })
  const state = new StateStore({ path: join(root, 'state') })
  catalogue = new ModelCatalogue(
    { ...components, blobs, state, runtime, sha256: nodeCrypto.sha256 },
    { folder, ...limits },
  )
  const { signal } = new AbortController()
  for (const part of [runtime, blobs, state, catalogue]) {
    await part.start(signal)
    stack.defer(() => part.stop())
  }
}, 60_000)

afterAll(() => stack.disposeAsync())

const TOKENS = [3, 17, 95, 0, 42, 42, 8, 61, 30, 77, 5, 12]

async function imported(
  decoder: TinyDecoder,
  name: string,
  past: 'none' | 'cache',
): Promise<CatalogueModel> {
  const file = join(root, `${name}.gguf`)
  await writeFile(file, ggufBytes(tinyGguf(decoder)))
  return catalogue.import({ file, name, licence: 'CC0-1.0', dims: {}, past })
}

async function stagesOf({ id, manifest }: CatalogueModel, count: number): Promise<StageFile[]> {
  const stages: StageFile[] = []
  for (const range of evenRanges(manifest, count)) stages.push(await catalogue.stageFile(id, range))
  return stages
}

async function logitsOf(stages: readonly StageFile[]): Promise<Float32Array> {
  const data = new Uint8Array(BigInt64Array.from(TOKENS, BigInt).buffer)
  const input: Tensor = { name: 'input_ids', type: 'int64', dims: [1, TOKENS.length], data }
  const [logits] = await runStages(runtime, limits, stages, [input])
  return new Float32Array((logits?.data ?? new Uint8Array(0)).slice().buffer)
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

/** The largest difference, as a share of the largest logit. */
function difference(logits: Float32Array, reference: readonly number[]): number {
  const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return reference.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (logits[index] ?? NaN)) / largest),
    0,
  )
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
      const [whole, ...none] = await stagesOf(model, 1)
      if (whole === undefined || none.length > 0) throw new Error('expected one stage')
      const logits = await logitsOf([whole])
      if (decoder.format.startsWith('Q')) {
        expect(difference(await logitsOf([await unrounded(whole)]), reference)).toBeLessThan(EXACT)
        expect(difference(logits, reference)).toBeLessThan(ROUNDED)
      } else expect(difference(logits, reference)).toBeLessThan(EXACT)
      for (const count of [2, 3]) {
        expect(await logitsOf(await stagesOf(model, count)), `${count}`).toEqual(logits)
      }
    },
    60_000,
  )

  it('is verified like any other model', async () => {
    const decoder: TinyDecoder = { ...TINY, format: 'Q4_1', tied: true }
    const { id, manifest } = await imported(decoder, 'verified', 'cache')
    expect(manifest.source).toBe('verified.gguf (GGUF, llama, F32, Q4_1)')
    expect((await catalogue.verify(id)).stages).toBe(5)
  }, 60_000)

  it.skipIf(REAL_MODEL === undefined)(
    'may be a real one: BRUME_TEST_GGUF names its file',
    async () => {
      const file = REAL_MODEL ?? ''
      const init = { file, name: 'real', licence: 'unknown', dims: {}, past: 'cache' as const }
      const { id, manifest } = await catalogue.import(init)
      expect(manifest.layers.length).toBeGreaterThan(3)
      expect((await catalogue.verify(id)).stages).toBe(manifest.layers.length)
    },
    600_000,
  )
})
