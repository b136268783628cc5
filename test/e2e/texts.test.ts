/**
 * Texts in real executors: what is drawn depends on nothing but the tokens before it.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { BuildConfig, LayerRange } from '../../models/index.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { ModelCatalogue, type CatalogueModel } from '../../node/models/catalogue.ts'
import type { BeginMessage } from '../../node/runtime/executor-messages.ts'
import type { Executor } from '../../node/runtime/executor-spec.ts'
import { Runtime } from '../../node/runtime/runtime.ts'
import { StageProbe } from '../../node/runtime/stage-probe.ts'
import { BlobStore } from '../../node/storage/blob-store.ts'
import { systemClock } from '../../node/system/system-clock.ts'
import { drawnOf, type DrawnToken, type TextRows } from '../../protocols/inference/index.ts'
import { BUNDLED_PROGRAMS } from '../fixtures/bundled-programs.ts'
import { MemoryStore } from '../fixtures/memory-store.ts'
import { SMALL_DECODER } from '../fixtures/text-stages.ts'

const components = { clock: systemClock, logger: SILENT_LOGGER }
const limits = { memoryBytesMax: 2 ** 29, loadMsMax: 30_000, runMsMax: 30_000 }
const stack = new AsyncDisposableStack()
let catalogue: ModelCatalogue
let runtime: Runtime

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'brume-texts-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const { signal } = new AbortController()
  runtime = new Runtime(components, {
    priority: 'normal',
    executorsMax: 16,
    toolMemoryBytesMax: 2 ** 29,
    toolMsMax: 30_000,
    ...BUNDLED_PROGRAMS,
  })
  const blobs = new BlobStore(components, { root: folder, quotaBytes: 2 ** 30, freeBytesMin: 0 })
  const state = new MemoryStore()
  catalogue = new ModelCatalogue(
    { ...components, blobs, state, runtime, sha256: nodeCrypto.sha256 },
    { folder, ...limits },
  )
  for (const part of [runtime, blobs, catalogue]) {
    await part.start(signal)
    stack.defer(() => part.stop())
  }
}, 60_000)

afterAll(() => stack.disposeAsync())

const PROMPT = Array.from({ length: 45 }, (_, index) => (7 * index + 3) % 128)
const TOKENS = 12

const BEGIN: BeginMessage = {
  slot: 7,
  positionsMax: PROMPT.length + TOKENS + 8,
  promptTokens: PROMPT.length,
  hashesLogits: true,
  guide: undefined,
  sampling: {
    temperatureMicro: 900_000,
    topK: 50,
    topPMicro: 950_000,
    minPMicro: 0,
    repetitionPenaltyMicro: 1_100_000,
    repetitionWindow: 32,
    frequencyPenaltyMicro: 100_000,
    presencePenaltyMicro: 0,
    seed: 42,
    logprobs: 2,
    logitBias: [],
    stopTokens: [],
    minTokens: 0,
  },
}

async function build(quantisation: 'f32' | 'q4'): Promise<CatalogueModel> {
  const config: BuildConfig = { ...SMALL_DECODER, quantisation }
  return catalogue.build({ config, name: `${quantisation}-text` })
}

async function load({ id }: CatalogueModel, parts: readonly LayerRange[]): Promise<Executor[]> {
  const executors: Executor[] = []
  for (const range of parts) {
    const { file } = await catalogue.stageFile(id, range, { several: true })
    executors.push(await runtime.load({ file, provider: 'cpu', optimise: 'disabled', ...limits }))
  }
  return executors
}

/** The layers in stages that end at `ends`. */
function ranges({ manifest }: CatalogueModel, ...ends: readonly number[]): LayerRange[] {
  const all = [0, ...ends, manifest.layers.length]
  return all.slice(1).map((toLayer, index) => ({ fromLayer: all[index] ?? 0, toLayer }))
}

async function step(stages: readonly Executor[], rows: TextRows): Promise<readonly DrawnToken[]> {
  const ids = BigInt64Array.from(rows.tokens, BigInt)
  const dims = [1, rows.tokens.length]
  let tensors: readonly Tensor[] = [
    { name: 'input_ids', type: 'int64', dims, data: new Uint8Array(ids.buffer) },
  ]
  for (const stage of stages) {
    tensors = (await stage.step({ slot: BEGIN.slot, rows, tensors })).outputs
  }
  return drawnOf(tensors) ?? []
}

/** What is said after PROMPT, as text that shows every bit of the logits. */
async function said(stages: readonly Executor[], chunks: readonly number[]): Promise<string[]> {
  for (const stage of stages) await stage.begin(BEGIN)
  let position = 0
  let drawn: readonly DrawnToken[] = []
  for (const size of chunks) {
    const tokens = PROMPT.slice(position, position + size)
    const last = position + size >= PROMPT.length
    const drawFrom = last ? tokens.length - 1 : tokens.length
    drawn = await step(stages, { position, drawFrom, tokens })
    position += size
  }
  const all = [...drawn]
  while (all.length < TOKENS) {
    const [next] = await step(stages, {
      position: PROMPT.length + all.length - 1,
      drawFrom: 0,
      tokens: [all.at(-1)?.token ?? 0],
    })
    if (next !== undefined) all.push(next)
  }
  for (const stage of stages) await stage.end(BEGIN.slot)
  return all.map(
    ({ token, logprob, logitsHash }) =>
      `${token} ${logprob} ${toHex(logitsHash ?? new Uint8Array())}`,
  )
}

async function stop(executors: readonly Executor[]): Promise<void> {
  for (const executor of executors) await executor.stop()
}

describe('a text in executors', () => {
  it.each(['f32', 'q4'] as const)(
    'says the same in any stages and any chunks, to the last bit of its logits: %s',
    async (quantisation) => {
      const model = await build(quantisation)
      const whole = await load(model, ranges(model))
      const expected = await said(whole, [PROMPT.length])

      expect(new Set(expected).size).toBe(TOKENS)
      expect(await said(whole, [16, 1, 1, 17, 10])).toEqual(expected)
      await stop(whole)
      for (const cuts of [[3], [1, 2, 3, 4, 5]]) {
        const stages = await load(model, ranges(model, ...cuts))
        expect(await said(stages, [3, 40, 2]), cuts.join()).toEqual(expected)
        await stop(stages)
      }
    },
    60_000,
  )

  it('goes back, and says after right and wrong drafts what it says without', async () => {
    const model = await build('q4')
    const stages = await load(model, ranges(model, 3))
    for (const stage of stages) await stage.begin({ ...BEGIN, hashesLogits: false })
    const at = { position: 0, drawFrom: PROMPT.length - 1, tokens: PROMPT }
    const [first] = await step(stages, at)
    const { length } = PROMPT
    const alone: number[] = [first?.token ?? 0]
    for (let index = 0; index < 6; index++) {
      const tokens = alone.slice(-1)
      const [next] = await step(stages, { position: length + index, drawFrom: 0, tokens })
      alone.push(next?.token ?? 0)
    }
    const [a = 0, b = 0, c = 0, d = 0] = alone
    const wrong = (d + 1) % SMALL_DECODER.vocabulary
    const window = await step(stages, {
      position: length,
      drawFrom: 0,
      tokens: [a, b, c, wrong, 5],
    })
    expect(window.map(({ token }) => token)).toEqual([b, c, d])

    const again = await step(stages, { position: length + 3, drawFrom: 0, tokens: [d] })
    expect(again[0]?.token).toBe(alone[4])
    await stop(stages)
  })

  it('is proved exact before it serves, by the same class as everywhere', async () => {
    const model = await build('q4')
    const probe = new StageProbe(runtime)
    const proofs = []
    for (const range of [...ranges(model, 1, 3), ...ranges(model, 1, 3)]) {
      // The form for one text at a time is another graph, with the same bits.
      const several = proofs.length < 3
      const stage = await catalogue.stageFile(model.id, range, { several })
      const spec = { file: stage.file, provider: 'cpu', optimise: 'disabled' } as const
      const executor = await runtime.load({ ...spec, ...limits })
      proofs.push(await probe.prove(executor, { ...stage, model: model.id }))
      await stop([executor])
    }
    expect(proofs.map(({ exact }) => exact)).toEqual([true, true, true, true, true, true])
    // A stage that only looks tokens up has no text to prove it with.
    expect(proofs.map(({ together }) => together)).toEqual([false, true, true, false, false, false])
    // Nor is there a second row to save where one graph is for one text.
    expect(proofs.map(({ lone }) => lone)).toEqual([false, true, true, false, false, false])
    expect(proofs.slice(3).map((proof) => proof.class)).toEqual(
      proofs.slice(0, 3).map((proof) => proof.class),
    )
  }, 60_000)

  it('says of what is no number that it is none, in the middle and at the end, and goes on', async () => {
    const model = await build('f32')
    const [first, ...rest] = await load(model, ranges(model, 2, 4))
    if (first === undefined) throw new Error('nothing was loaded')
    const rows: TextRows = { position: 0, drawFrom: 1, tokens: [1, 2] }
    for (const stage of rest) {
      await stage.begin(BEGIN)
      const [{ name } = { name: '' }] = stage.inputs
      const send = (value: number) => {
        const data = new Uint8Array(new Float32Array(2 * SMALL_DECODER.hidden).fill(value).buffer)
        const stream: Tensor = { name, type: 'float32', dims: [1, 2, SMALL_DECODER.hidden], data }
        return stage.step({ slot: BEGIN.slot, rows, tensors: [stream] })
      }
      await expect(send(Infinity)).rejects.toMatchObject({ code: 'RUNTIME_NOT_FINITE' })
      expect((await send(0.5)).outputs.length).toBeGreaterThan(0)
    }
    await stop([first, ...rest])
  })

  it('refuses steps that fit no text, and goes on', async () => {
    const model = await build('f32')
    const [stage] = await load(model, ranges(model))
    if (stage === undefined) throw new Error('nothing was loaded')
    await stage.begin(BEGIN)
    const codes: unknown[] = []
    const wrong: (readonly [number, TextRows])[] = [
      [8, { position: 0, drawFrom: 1, tokens: [1] }],
      [7, { position: 2, drawFrom: 1, tokens: [1] }],
      [7, { position: 0, drawFrom: 0, tokens: Array.from({ length: 70 }, () => 1) }],
    ]
    for (const [slot, rows] of wrong) {
      const data = new Uint8Array(BigInt64Array.from(rows.tokens, BigInt).buffer)
      const ids: Tensor = { name: 'input_ids', type: 'int64', dims: [1, rows.tokens.length], data }
      await stage.step({ slot, rows, tensors: [ids] }).catch((error: unknown) => {
        codes.push((error as { code?: unknown }).code)
      })
    }
    expect(codes).toEqual(Array.from({ length: 3 }, () => 'RUNTIME_RUN_FAILED'))
    expect(await step([stage], { position: 0, drawFrom: 0, tokens: [5] })).toHaveLength(1)
    await stop([stage])
  })
})
