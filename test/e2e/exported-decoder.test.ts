/** Proves that a decoder which was exported with its caches generates what its graph says. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeModel } from '../../models/index.ts'
import { EXPORTED, exportedModel } from '../fixtures/exported-model.ts'
import { LocalCatalogue, logitDifference } from '../fixtures/local-catalogue.ts'

let local: LocalCatalogue

beforeAll(async () => {
  local = await LocalCatalogue.open()
}, 60_000)

afterAll(() => local[Symbol.asyncDispose]())

const TOKENS = [3, 17, 79, 0, 42, 42, 8, 61]

it.each(['fused', 'apart'] as const)(
  'an export whose rotation is %s gives the logits of its graph, and the same bits in stages',
  async (rotary) => {
    const file = join(local.root, `${rotary}.onnx`)
    await writeFile(file, encodeModel(exportedModel(rotary)))
    await writeFile(join(local.root, 'config.json'), JSON.stringify({ eos_token_id: 2 }))
    const wish = { past: 'cache', quantisation: 'none' } as const
    const init = { file, name: rotary, licence: 'CC0-1.0', dims: {}, ...wish }
    const { id, manifest } = await local.catalogue.import(init)
    expect(manifest.text?.stopTokens).toEqual([2])
    expect(manifest.text?.caches).toEqual([0, 1, 1, 0])
    expect((await local.catalogue.verify(id)).stages).toBe(4)
    const own = await local.catalogue.build({ config: EXPORTED, name: 'own' })
    const logits = await local.textLogits(await local.catalogue.import(init), TOKENS)
    const reference = await local.textLogits(own, TOKENS)
    expect(logitDifference(logits, [...reference])).toBeLessThan(1e-5)
  },
  60_000,
)
