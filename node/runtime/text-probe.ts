/**
 * The known-answer test of a stage with keys and values: one text, in one run and in several.
 *
 * A stage is `exact` when both give the same bits. Then neither the size of a prompt's chunks nor a
 * replay changes an answer (inference.md 7). Rows alone are tried as they are first, which saves every
 * token a twelfth of its time, and padded where that changes bits. The text is longer than what small kernels take at
 * once: one driver was wrong from 17 rows on (onnx.md 11).
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { Tensor, TensorSpec } from '../../core/tensor.ts'
import type { StageDescription } from '../../models/index.ts'
import type { BeginMessage } from './executor-messages.ts'
import type { Executor, TextStep } from './executor-spec.ts'
import { ProbeTimes } from './probe-times.ts'
import { probeInputs, type Probe } from './self-test.ts'
import { textGraphOf } from './text-graph.ts'
import { GREEDY_SAMPLING } from '../../protocols/inference/index.ts'

/** Rows of each run of the second answer; the first has all of them in one. */
const CHUNKS: readonly number[] = [17, 1, 1, 1, 1, 19]
const ROWS = CHUNKS.reduce((sum, rows) => sum + rows, 0)

/** Rows that another text has beside each of them in the third. */
const COMPANY: readonly number[] = [1, 1, 8, 2, 1, 2]

/** No text of a session has these. */
const SLOT = 0xffff_ffff
const COMPANY_SLOT = 0xffff_fffe

/** Token ids that every vocabulary has. */
const TOKENS_MAX = 16

const BEGIN: BeginMessage = {
  slot: SLOT,
  positionsMax: ROWS,
  promptTokens: ROWS,
  hashesLogits: true,
  guide: undefined,
  sampling: { ...GREEDY_SAMPLING, logprobs: 1 },
}

/** The probe of an executor's stage, or undefined when all that it takes crosses its cut. */
export function textProbe(
  { inputs, outputs, textsMax }: Executor,
  description: StageDescription,
): Probe | undefined {
  const { local, several } = textGraphOf(inputs, outputs)
  if (local.size === 0) return undefined
  const crossing = textInputs(
    inputs.filter(({ name }) => !local.has(name)),
    description,
  )
  let times = new ProbeTimes()
  const ask = (executor: Executor, asked: Partial<Asked>) =>
    answer(executor, { crossing, chunks: CHUNKS, company: [], lone: false, times, ...asked })
  return {
    mustRepeat: false,
    first: (executor) => ask(executor, { chunks: [ROWS] }),
    second: (executor) => ask(executor, { lone: several }),
    ...(several && {
      padded: (executor: Executor) => {
        // Rows alone took less than those that will be run.
        times = new ProbeTimes()
        return ask(executor, {})
      },
    }),
    ...(textsMax > 1 && {
      together: (executor: Executor, lone: boolean) => ask(executor, { company: COMPANY, lone }),
    }),
    stepUs: () => times.stepUs,
    besideUs: () => times.besideUs,
    chunkUs: () => times.chunkUs,
  }
}

interface Asked {
  /** All rows of what crosses the cut before the stage. */
  readonly crossing: readonly Tensor[]
  readonly chunks: readonly number[]
  /** Rows of another text beside each chunk, as far as there are some. */
  readonly company: readonly number[]
  readonly lone: boolean
  readonly times: ProbeTimes
}

/** What crosses the cut behind for all rows, or what is drawn behind the last one. */
async function answer(
  executor: Executor,
  { crossing, chunks, company, lone, times }: Asked,
): Promise<readonly Tensor[]> {
  const begin = { ...BEGIN, lone }
  await executor.begin(begin)
  if (company.length > 0) await executor.begin({ ...begin, slot: COMPANY_SLOT })
  try {
    const answers: (readonly Tensor[])[] = []
    const own = stepsOf(SLOT, crossing, chunks)
    const others = stepsOf(COMPANY_SLOT, crossing, company)
    for (const [index, step] of own.entries()) {
      const beside = others[index]
      const steps = beside === undefined ? [step] : [beside, step]
      const { outputs, computeUs } = await executor.steps(steps)
      answers.push(outputs.at(-1) ?? [])
      times.note(step.rows.tokens.length, beside?.rows.tokens.length ?? 0, computeUs)
    }
    const { draws, pools } = textGraphOf(executor.inputs, executor.outputs)
    return draws || pools ? (answers.at(-1) ?? []) : joined(answers)
  } finally {
    await executor.end(SLOT)
    if (company.length > 0) await executor.end(COMPANY_SLOT)
  }
}

/** Steps of these numbers of rows, from the first one on. */
function stepsOf(
  slot: number,
  crossing: readonly Tensor[],
  chunks: readonly number[],
): readonly TextStep[] {
  let position = 0
  return chunks.map((rows) => {
    const from = position
    position += rows
    const tokens = Array.from({ length: rows }, (_, row) => (from + row) % TOKENS_MAX)
    return {
      slot,
      rows: { position: from, drawFrom: position === ROWS ? rows - 1 : rows, tokens },
      tensors: crossing.map((tensor) => rowsFrom(tensor, from, position)),
    }
  })
}

/** All rows of what crosses the cut before the stage: token ids, or numbers that look random. */
function textInputs(
  inputs: readonly TensorSpec[],
  { receives }: StageDescription,
): readonly Tensor[] {
  const specs = inputs.map((spec) => {
    const sample = receives.find(({ name }) => name === spec.name)
    return { ...spec, dims: [1, ROWS, ...(sample ?? spec).dims.slice(2)] }
  })
  return probeInputs(specs).map((tensor) => {
    if (tensor.type !== 'int64') return tensor
    const ids = BigInt64Array.from({ length: ROWS }, (_, row) => BigInt(row % TOKENS_MAX))
    return { ...tensor, data: new Uint8Array(ids.buffer) }
  })
}

function rowsFrom(tensor: Tensor, from: number, to: number): Tensor {
  const rowBytes = tensor.data.length / ROWS
  const dims = [1, to - from, ...tensor.dims.slice(2)]
  return { ...tensor, dims, data: tensor.data.slice(from * rowBytes, to * rowBytes) }
}

function joined(answers: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first = []] = answers
  return first.map((tensor, index) => ({
    ...tensor,
    dims: [1, ROWS, ...tensor.dims.slice(2)],
    data: concatBytes(answers.map((tensors) => tensors[index]?.data ?? new Uint8Array(0))),
  }))
}
