/** Proves that a decoder which was exported with its caches generates what its graph says. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeModel } from '../../../models/index.ts'
import { externalised } from '../../fixtures/external-model.ts'
import { EXPORTED, exportedModel } from '../../fixtures/exported-model.ts'
import { LocalCatalogue, logitDifference } from '../../fixtures/local-catalogue.ts'

let local: LocalCatalogue

beforeAll(async () => {
  local = await LocalCatalogue.open()
}, 60_000)

afterAll(() => local[Symbol.asyncDispose]())

const TOKENS = [3, 17, 79, 0, 42, 42, 8, 61]

const wish = { past: 'cache', quantisation: 'none', licence: 'CC0-1.0', dims: {} } as const

it.each(['fused', 'apart'] as const)(
  'an export whose rotation is %s gives the logits of its graph, and the same bits in stages',
  async (rotary) => {
    const file = join(local.root, `${rotary}.onnx`)
    await writeFile(file, encodeModel(exportedModel(rotary)))
    await writeFile(join(local.root, 'config.json'), JSON.stringify({ eos_token_id: 2 }))
    const model = await local.catalogue.import({ file, name: rotary, ...wish })
    expect(model.manifest.text?.stopTokens).toEqual([2])
    expect(model.manifest.text?.caches).toEqual([0, 1, 1, 0])
    expect((await local.catalogue.verify(model.id)).stages).toBe(4)
    const own = await local.catalogue.build({ config: EXPORTED, name: 'own' })
    const reference = await local.textLogits(own, TOKENS)
    const logits = await local.textLogits(model, TOKENS)
    expect(logitDifference(logits, [...reference])).toBeLessThan(1e-5)
  },
  60_000,
)

it('an export with its weights in another file gives the same logits', async () => {
  const inside = join(local.root, 'inside.onnx')
  await writeFile(inside, encodeModel(exportedModel('fused')))
  const { model, data } = externalised(exportedModel('fused'), 'outside.onnx_data')
  const file = join(local.root, 'outside.onnx')
  await writeFile(file, encodeModel(model))
  const missing = local.catalogue.import({ file, name: 'missing', ...wish })
  await expect(missing).rejects.toMatchObject({ code: 'MODELS_FILE_UNREADABLE' })
  await writeFile(join(local.root, 'outside.onnx_data'), data.subarray(0, -1))
  const short = local.catalogue.import({ file, name: 'short', ...wish })
  await expect(short).rejects.toMatchObject({ code: 'ONNX_TRUNCATED' })
  await writeFile(join(local.root, 'outside.onnx_data'), data)
  const own = await local.catalogue.import({ file: inside, name: 'inside', ...wish })
  const other = await local.catalogue.import({ file, name: 'outside', ...wish })
  const reference = await local.textLogits(own, TOKENS)
  expect(await local.textLogits(other, TOKENS)).toEqual(reference)
}, 60_000)
