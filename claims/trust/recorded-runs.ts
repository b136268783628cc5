/**
 * What honest and cheating providers really give for the rows of one text, recorded once: each pair of them compared
 * as auditors compare, row by row.
 *
 * @module
 */

import { NOVELIST_FILE } from '../../examples/tiny-novelist/novelist-file.ts'
import { SeededRandom } from '../../core/random.ts'
import type { Tensor } from '../../core/tensor.ts'
import { fingerprintOf, isAlike, likenessOf } from '../../models/index.ts'
import type { Executor, ExecutorSpec } from '../../node/runtime/executor-spec.ts'
import { GREEDY_SAMPLING, drawnOf } from '../../protocols/inference/index.ts'
import { cachedExecutor, type Cheat, cheatingFile, CHEATS } from '../../test/fixtures/cheats.ts'
import { LocalCatalogue } from '../../test/fixtures/local-catalogue.ts'
import type { ClaimContext } from '../claim.ts'

/** Who runs the stage: two honest numeric classes, one with noise, and the three cheats. */
export const RUNNERS = ['honest', 'other-class', 'noisy', ...CHEATS] as const
export type Runner = (typeof RUNNERS)[number]

/** Rows of the text that is recorded, the prompt included. */
export const RECORDED_ROWS = 320

const PROMPT = [0, 391, 280, 264, 1077, 310, 295, 508]
const LIMITS = { memoryBytesMax: 2 ** 30, loadMsMax: 300_000, runMsMax: 60_000 }
const SLOT = 5
/** Rounding as coarse as that of bfloat16 through a layer would be still less than this. */
const NOISE = 1e-3
const CHUNK_ROWS = 128

/** How close two runners came over all rows. */
export interface Closeness {
  readonly overlapPermilleMin: number
  readonly mantissaMeanMax: number
}

export interface RecordedRuns {
  /** By pair, `a/b`: whether their outputs of each row are alike. */
  readonly alike: ReadonlyMap<string, readonly boolean[]>
  readonly closeness: ReadonlyMap<string, Closeness>
  /** Time of one row in a text that is drawn, and in a prefill, in microseconds. */
  readonly decodeUs: number
  readonly prefillUs: number
}

/** The name of a pair, whichever comes first. */
export function pairOf(a: Runner, b: Runner): string {
  return [a, b].toSorted().join('/')
}

/** Records a middle stage of two layers. */
export async function recordRuns({ say, signal }: ClaimContext): Promise<RecordedRuns> {
  await using local = await LocalCatalogue.open()
  const model = await local.catalogue.import({
    file: NOVELIST_FILE,
    name: 'novelist',
    licence: undefined,
    dims: {},
    past: 'cache',
    quantisation: 'none',
  })
  const last = model.manifest.layers.length
  const fileOf = async (fromLayer: number, toLayer: number): Promise<string> =>
    (await local.catalogue.stageFile(model.id, { fromLayer, toLayer })).file
  const load = async (file: string, optimise: ExecutorSpec['optimise']): Promise<Executor> => {
    const executor = await local.runtime.load({ file, provider: 'cpu', optimise, ...LIMITS })
    await executor.begin({
      slot: SLOT,
      positionsMax: RECORDED_ROWS,
      promptTokens: PROMPT.length,
      hashesLogits: false,
      guide: undefined,
      sampling: GREEDY_SAMPLING,
    })
    return executor
  }
  const middle = await fileOf(3, 5)
  const before = await load(await fileOf(0, 3), 'disabled')
  const after = await load(await fileOf(5, last), 'disabled')
  const runners = new Map<Runner, Executor>([
    ['honest', await load(middle, 'disabled')],
    ['other-class', await load(middle, 'all')],
  ])
  for (const cheat of CHEATS) runners.set(cheat, await cheating(cheat, middle, load))
  const text = await record({ before, after, runners, signal })
  const prefillUs = await prefill(await load(middle, 'disabled'), text.inputs)
  say(`${RECORDED_ROWS} rows of a text through ${runners.size} stages of layers 3 and 4`)
  return { ...compare(text.outputs), decodeUs: text.decodeUs, prefillUs }
}

async function cheating(
  cheat: Cheat,
  file: string,
  load: (file: string, optimise: ExecutorSpec['optimise']) => Promise<Executor>,
): Promise<Executor> {
  const executor = await load(await cheatingFile(file, cheat), 'disabled')
  return cheat === 'cached' ? cachedExecutor(executor) : executor
}

interface Recording {
  readonly before: Executor
  readonly after: Executor
  readonly runners: ReadonlyMap<Runner, Executor>
  readonly signal: AbortSignal
}

/** The text that the honest stages draw, row by row, and what every runner makes of each row. */
async function record({ before, after, runners, signal }: Recording): Promise<{
  readonly outputs: ReadonlyMap<Runner, readonly (readonly Tensor[])[]>
  readonly inputs: readonly (readonly Tensor[])[]
  readonly decodeUs: number
}> {
  const outputs = new Map<Runner, (readonly Tensor[])[]>(RUNNERS.map((runner) => [runner, []]))
  const inputs: (readonly Tensor[])[] = []
  const random = SeededRandom.fromInteger(11)
  let computeUs = 0
  let token = 0
  for (let position = 0; position < RECORDED_ROWS; position++) {
    signal.throwIfAborted()
    token = PROMPT[position] ?? token
    const rows = { position, drawFrom: 0, tokens: [token] }
    const data = new Uint8Array(BigInt64Array.of(BigInt(token)).buffer)
    const ids: Tensor = { name: 'input_ids', type: 'int64', dims: [1, 1], data }
    const input = (await before.step({ slot: SLOT, rows, tensors: [ids] })).outputs
    inputs.push(input)
    for (const [runner, executor] of runners) {
      const ran = await executor.step({ slot: SLOT, rows, tensors: input })
      outputs.get(runner)?.push(ran.outputs)
      if (runner === 'honest') computeUs += ran.computeUs
    }
    const honest = outputs.get('honest')?.at(-1) ?? []
    outputs.get('noisy')?.push(honest.map((tensor) => noisy(tensor, random)))
    const drawn = drawnOf((await after.step({ slot: SLOT, rows, tensors: honest })).outputs)
    token = drawn?.[0]?.token ?? 0
  }
  return { outputs, inputs, decodeUs: computeUs / RECORDED_ROWS }
}

function noisy(tensor: Tensor, random: SeededRandom): Tensor {
  const values = new Float32Array(tensor.data.slice().buffer)
  const shaken = values.map((value) => value * (1 + NOISE * (2 * random.fraction() - 1)))
  return { ...tensor, data: new Uint8Array(shaken.buffer) }
}

/** The same rows again as an auditor runs them: microseconds a row. */
async function prefill(
  executor: Executor,
  inputs: readonly (readonly Tensor[])[],
): Promise<number> {
  let computeUs = 0
  for (let position = 0; position < inputs.length; position += CHUNK_ROWS) {
    const chunk = inputs.slice(position, position + CHUNK_ROWS)
    const [first] = chunk[0] ?? []
    if (first === undefined) throw new Error('expected a tensor a row')
    const data = Buffer.concat(chunk.map(([row]) => row?.data ?? new Uint8Array()))
    const tensors = [{ ...first, dims: [1, chunk.length, ...first.dims.slice(2)], data }]
    const rows = { position, drawFrom: chunk.length, tokens: chunk.map(() => 0) }
    computeUs += (await executor.step({ slot: SLOT, rows, tensors })).computeUs
  }
  return computeUs / inputs.length
}

function compare(
  outputs: ReadonlyMap<Runner, readonly (readonly Tensor[])[]>,
): Pick<RecordedRuns, 'alike' | 'closeness'> {
  const prints = new Map(
    [...outputs].map(([runner, rows]) => [runner, rows.map((row) => fingerprintOf(row))]),
  )
  const alike = new Map<string, readonly boolean[]>()
  const closeness = new Map<string, Closeness>()
  for (const a of RUNNERS) {
    for (const b of RUNNERS) {
      const pair = pairOf(a, b)
      if (alike.has(pair)) continue
      const likenesses = (prints.get(a) ?? []).map((print, row) =>
        likenessOf(print, prints.get(b)?.[row] ?? []),
      )
      alike.set(
        pair,
        likenesses.map((likeness) => likeness !== undefined && isAlike(likeness)),
      )
      closeness.set(pair, {
        overlapPermilleMin: Math.min(...likenesses.map((each) => each?.overlapPermille ?? 0)),
        mantissaMeanMax: Math.max(...likenesses.map((each) => each?.mantissaMean ?? 127)),
      })
    }
  }
  return { alike, closeness }
}
