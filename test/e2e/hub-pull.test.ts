import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { NOVELIST_FILE } from '../../examples/tiny-novelist/novelist-file.ts'
import type { ModelDetail, ModelSummary } from '../../node/api/schemas/models.ts'
import { brume } from '../fixtures/brume-command.ts'
import { DaemonFleet } from '../fixtures/daemons.ts'
import { HubServer, REPOSITORY } from '../fixtures/hub-server.ts'

it('brume model pull brings a language model from a hub, over connections that break', async () => {
  const content = await readFile(NOVELIST_FILE)
  await using hub = await HubServer.open({
    files: { 'tiny-novelist.gguf': content, 'README.md': Buffer.from('# Tiny') },
    largeBytes: 1_000,
    licence: 'apache-2.0',
    faults: [{ type: 'drop', afterBytes: 1_000_000 }],
  })
  await using fleet = new DaemonFleet({ env: { BRUME_MODELS_HUB_ENDPOINT: hub.endpoint } })
  const [daemon] = await fleet.startMany(1)
  if (daemon === undefined) throw new Error('expected a daemon')

  const { stdout } = await brume(daemon.stateDir, ['model', 'pull', `hf:${REPOSITORY}`, '--json'])
  const { model } = JSON.parse(stdout) as { model: ModelSummary }
  expect(model).toMatchObject({ name: 'model', licence: 'apache-2.0', missingBytes: 0 })
  const detail = await daemon.api.get<ModelDetail>(`/v1/models/${model.id}`)
  expect(detail.text).toMatchObject({ tokenizer: true, contextTokens: 512 })
  expect(await readdir(join(daemon.stateDir, 'downloads'))).toEqual([])
  const ranges = hub.requests.filter(({ place }) => place === 'storage').map(({ range }) => range)
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d+-$/)])

  const wrong = await brume(daemon.stateDir, ['model', 'pull', 'hf:nothing'])
  expect(wrong).toMatchObject({ exit: 2, code: 'HUB_REF_INVALID' })
  const gone = await brume(daemon.stateDir, ['model', 'pull', 'hf:owner/none'])
  expect(gone).toMatchObject({ exit: 5, code: 'HUB_NOT_FOUND' })
})
