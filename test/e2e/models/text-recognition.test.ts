/**
 * The text recognition example on its bundled page, with the networks in executors of this machine.
 *
 * @module
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import { wordAccuracy } from '../../../examples/text-recognition/accuracy.ts'
import { TEXT_NETWORK_FILES, readAlphabet } from '../../../examples/text-recognition/networks.ts'
import { readPage } from '../../../examples/text-recognition/page.ts'
import {
  TextRecogniser,
  type Infer,
  type TextNetwork,
} from '../../../examples/text-recognition/text-recogniser.ts'
import type { Executor } from '../../../node/runtime/executor-spec.ts'
import { Runtime } from '../../../node/runtime/runtime.ts'
import { systemClock } from '../../../node/system/system-clock.ts'

const runtime = new Runtime(
  { logger: SILENT_LOGGER, clock: systemClock },
  { priority: 'normal', executorsMax: 4, toolMemoryBytesMax: 2 ** 30, toolMsMax: 30_000 },
)
const loaded = new Map<TextNetwork, Promise<Executor>>()

const infer: Infer = async (network, inputs) => {
  const loading = loaded.get(network) ?? load(network)
  loaded.set(network, loading)
  const executor = await loading
  const runs: Awaited<ReturnType<Infer>>[number][] = []
  for (const input of inputs) runs.push((await executor.run(input)).outputs)
  return runs
}

function load(network: TextNetwork): Promise<Executor> {
  return runtime.load({
    file: TEXT_NETWORK_FILES[network],
    provider: 'cpu',
    memoryBytesMax: 2 ** 30,
    loadMsMax: 60_000,
    runMsMax: 60_000,
    optimise: 'basic',
  })
}

beforeAll(() => runtime.start(AbortSignal.timeout(60_000)))
afterAll(() => runtime.stop())

it('reads every line of the bundled page', async () => {
  const page = await readPage()
  const recogniser = new TextRecogniser({ infer, alphabet: await readAlphabet() })
  const lines = await recogniser.read(page.image)
  const texts = lines.map(({ text }) => text)
  expect(texts).toEqual(page.lines)
  expect(wordAccuracy(page.lines, texts)).toEqual({ expected: 73, found: 73, missed: [] })
  expect(Math.min(...lines.map(({ confidence }) => confidence))).toBeGreaterThan(0.9)
})
