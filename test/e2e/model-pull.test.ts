/**
 * A model that one daemon imported is known and pulled by another that never saw its file.
 *
 * @module
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ModelDetail, ModelList } from '../../node/api/schemas/models.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import { until } from '../fixtures/delay.ts'
import { addNetwork } from '../fixtures/sample-models.ts'

const fleet = new DaemonFleet()
let importer: TestDaemon
let puller: TestDaemon

beforeAll(async () => {
  const [first, second] = await fleet.startMany(2)
  if (first === undefined || second === undefined) throw new Error('expected two daemons')
  importer = first
  puller = second
  await fleet.formMesh('pull')
})

afterAll(() => fleet[Symbol.asyncDispose]())

it('shows and pulls a model that only another daemon imported', async () => {
  const network = await addNetwork(importer.api, 'cls')
  await addNetwork(importer.api, 'decoder')
  const original = await importer.api.get<ModelDetail>(`/v1/models/${network.id}`)
  expect((await puller.api.get<ModelList>('/v1/models')).models).toEqual([])

  const shown = await until('the model is known', 30_000, () => shownBy(puller, 'cls'))
  expect(shown).toEqual({
    ...original,
    // Each device counts from the moment at which it got the model itself; the OpenAI face in seconds.
    created: Math.floor(shown.importedMs / 1000),
    importedMs: shown.importedMs,
    missingBytes: original.bytes,
  })
  await puller.api.operate('/v1/models/cls/pull')
  const pulled = await puller.api.get<ModelDetail>(`/v1/models/${network.id.slice(0, 12)}`)
  expect(pulled.missingBytes).toBe(0)
  await puller.api.operate('/v1/models/cls/verify')

  // Only what was asked for by its name became known.
  const { models } = await puller.api.get<ModelList>('/v1/models')
  expect(models.map(({ name }) => name)).toEqual(['cls'])
})

it('says so when nobody has the model', async () => {
  await expect(puller.api.get('/v1/models/nothing')).rejects.toMatchObject({ status: 404 })
})

/** Undefined until the daemon has heard who holds the model. */
async function shownBy({ api }: TestDaemon, name: string): Promise<ModelDetail | undefined> {
  try {
    return await api.get<ModelDetail>(`/v1/models/${name}`)
  } catch (error) {
    if ((error as { status?: number }).status === 404) return undefined
    throw error
  }
}
