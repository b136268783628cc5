/**
 * The known-answer test of a stage with keys and values: one text, in one run and as sessions run it.
 *
 * A stage is `exact` when all give the same bits. Then neither the size of a prompt's chunks nor a
 * replay nor the room that a text has grown to changes an answer (inference.md 7). Rows alone are tried as
 * they are first, which saves every token a twelfth of its time, and padded where that changes bits.
 *
 * The prompt is most of the work and runs twice: in the whole, and in chunks. What is asked for behind
 * it in more ways than one begins with its rows, as a text does whose beginning is known.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { Tensor, TensorSpec } from '../../core/tensor.ts'
import type { StageDescription } from '../../models/index.ts'
import type { BeginMessage } from './executor-messages.ts'
import type { Executor, TextStep } from './executor-spec.ts'
import { probeLayout, type ProbeLayout } from './probe-layout.ts'
import { ProbeTimes } from './probe-times.ts'
import { probeInputs, type Probe } from './self-test.ts'
import { textGraphOf } from './text-graph.ts'
import { GREEDY_SAMPLING } from '../../protocols/inference/index.ts'

/** No text of a session has these. */
const SLOT = 0xffff_ffff
const COMPANY_SLOT = 0xffff_fffe
/** Of the text in chunks, whose prompt others begin with. */
const PROMPT_SLOT = 0xffff_fffd

/** Token ids that every vocabulary has. */
const TOKENS_MAX = 16

export interface ProbedText {
  readonly description: Pick<StageDescription, 'receives'>
  /** Tokens that a text of its model may have; undefined of one that says nothing. */
  readonly positionsMax?: number | undefined
}

/** The probe of an executor's stage, or undefined when all that it takes crosses its cut. */
export function textProbe(
  { inputs, outputs, textsMax }: Executor,
  { description, positionsMax }: ProbedText,
): Probe | undefined {
  const { local, several } = textGraphOf(inputs, outputs)
  if (local.size === 0) return undefined
  const layout = probeLayout(positionsMax)
  const crossing = textInputs(
    inputs.filter(({ name }) => !local.has(name)),
    description,
    layout,
  )
  const probe = new TextProbe(layout, crossing)
  return {
    mustRepeat: false,
    first: (executor) => probe.whole(executor),
    second: (executor) => probe.inChunks(executor, several),
    ...(several && { padded: (executor: Executor) => probe.padded(executor) }),
    ...(textsMax > 1 && {
      together: (executor: Executor, lone: boolean) => probe.together(executor, lone),
    }),
    end: (executor) => executor.end(PROMPT_SLOT),
    brief: (executor, lone) => probe.brief(executor, lone),
    stepUs: () => probe.times.stepUs,
    besideUs: () => probe.times.besideUs,
    chunkUs: () => probe.times.chunkUs,
  }
}

/** Rows of each run of a text that only shows whether a stage is the one that was proved. */
const BRIEF: readonly number[] = [4, 1, 1]
const BRIEF_ROWS = 6

type Answers = readonly (readonly Tensor[])[]

/** Runs of a text, from a row on. */
interface AskedRuns {
  readonly slot: number
  readonly from: number
  readonly rows: readonly number[]
  /** Rows behind which something is drawn. Default: all of the layout. */
  readonly drawn?: number
}

class TextProbe {
  readonly #layout: ProbeLayout
  /** All rows of what crosses the cut before the stage. */
  readonly #crossing: readonly Tensor[]
  /** What came of the prompt in chunks. */
  #prompt: Answers = []
  times = new ProbeTimes()

  constructor(layout: ProbeLayout, crossing: readonly Tensor[]) {
    this.#layout = layout
    this.#crossing = crossing
  }

  /** All rows in one run. */
  async whole(executor: Executor): Promise<readonly Tensor[]> {
    await executor.begin(this.#begin(SLOT, false))
    try {
      const asked = { slot: SLOT, from: 0, rows: [this.#layout.rows] }
      return this.#answer(executor, await this.#run(executor, this.#steps(asked)))
    } finally {
      await executor.end(SLOT)
    }
  }

  /** The same as a session has it run. Its text stays. */
  async inChunks(executor: Executor, lone: boolean): Promise<readonly Tensor[]> {
    const { prompt, steps } = this.#layout
    await executor.begin(this.#begin(PROMPT_SLOT, lone))
    const asked = { slot: PROMPT_SLOT, from: 0, rows: [...prompt, ...steps] }
    const answers = await this.#run(executor, this.#steps(asked))
    this.#prompt = answers.slice(0, prompt.length)
    return this.#answer(executor, answers)
  }

  /** The first rows of a text, and no more. */
  async brief(executor: Executor, lone: boolean): Promise<readonly Tensor[]> {
    await executor.begin(this.#begin(SLOT, lone))
    try {
      const steps = this.#steps({ slot: SLOT, from: 0, rows: BRIEF, drawn: BRIEF_ROWS })
      return (await this.#run(executor, steps)).flat()
    } finally {
      await executor.end(SLOT)
    }
  }

  /** The steps once more, with two rows where there was one. */
  async padded(executor: Executor): Promise<readonly Tensor[]> {
    // Rows alone took less than those that will be run.
    this.times = new ProbeTimes(this.times.chunkUs)
    return this.#behindPrompt(executor, false, [])
  }

  /** The steps once more, beside those of another text. */
  together(executor: Executor, lone: boolean): Promise<readonly Tensor[]> {
    return this.#behindPrompt(executor, lone, this.#layout.company)
  }

  async #behindPrompt(
    executor: Executor,
    lone: boolean,
    company: readonly number[],
  ): Promise<readonly Tensor[]> {
    const slots = company.length === 0 ? [SLOT] : [SLOT, COMPANY_SLOT]
    try {
      for (const slot of slots) await this.#beginBehindPrompt(executor, slot, lone)
      const from = this.#promptRows
      const own = this.#steps({ slot: SLOT, from, rows: this.#layout.steps })
      const others = this.#steps({ slot: COMPANY_SLOT, from, rows: company })
      return this.#answer(executor, [...this.#prompt, ...(await this.#run(executor, own, others))])
    } finally {
      for (const slot of slots) await executor.end(slot)
    }
  }

  get #promptRows(): number {
    return this.#layout.prompt.reduce((sum, rows) => sum + rows, 0)
  }

  async #beginBehindPrompt(executor: Executor, slot: number, lone: boolean): Promise<void> {
    const begin = this.#begin(slot, lone)
    const { pools } = textGraphOf(executor.inputs, executor.outputs)
    if (!pools) {
      await executor.begin({ ...begin, after: { slot: PROMPT_SLOT, rows: this.#promptRows } })
      return
    }
    // The mean of all rows is of those that were run.
    await executor.begin(begin)
    await this.#run(executor, this.#steps({ slot, from: 0, rows: this.#layout.prompt }))
  }

  /** What came of each of `own`, with a step of another text beside it as far as there are some. */
  async #run(
    executor: Executor,
    own: readonly TextStep[],
    others: readonly TextStep[] = [],
  ): Promise<Answers> {
    const answers: (readonly Tensor[])[] = []
    for (const [index, step] of own.entries()) {
      const beside = others[index]
      const steps = beside === undefined ? [step] : [beside, step]
      const { outputs, computeUs } = await executor.steps(steps)
      answers.push(outputs.at(-1) ?? [])
      this.times.note(step.rows.tokens.length, beside?.rows.tokens.length ?? 0, computeUs)
    }
    return answers
  }

  /** What crosses the cut behind for all rows, or what is drawn behind the last one. */
  #answer({ inputs, outputs }: Executor, answers: Answers): readonly Tensor[] {
    const { draws, pools } = textGraphOf(inputs, outputs)
    return draws || pools ? (answers.at(-1) ?? []) : joined(answers, this.#layout.rows)
  }

  #begin(slot: number, lone: boolean): BeginMessage {
    const { positionsMax, rows } = this.#layout
    const sampling = { ...GREEDY_SAMPLING, logprobs: 1 }
    const text = { positionsMax, promptTokens: rows, sampling, guide: undefined }
    return { ...text, slot, hashesLogits: true, lone }
  }

  /** Of the text of the test only the last row is drawn at; of another one the last of each step. */
  #steps({ slot, from, rows, drawn = this.#layout.rows }: AskedRuns): readonly TextStep[] {
    const all = this.#layout.rows
    let position = from
    return rows.map((count) => {
      const start = position
      position += count
      const draws = slot === COMPANY_SLOT || position === drawn
      const tokens = Array.from({ length: count }, (_, row) => (start + row) % TOKENS_MAX)
      return {
        slot,
        rows: { position: start, drawFrom: draws ? count - 1 : count, tokens },
        tensors: this.#crossing.map((tensor) =>
          // The other text goes on longer; what it is of does not matter.
          rowsOf(tensor, slot === COMPANY_SLOT ? start - from : start, { count, all }),
        ),
      }
    })
  }
}

/** All rows of what crosses the cut before the stage: token ids, or numbers that look random. */
function textInputs(
  inputs: readonly TensorSpec[],
  { receives }: ProbedText['description'],
  { rows }: ProbeLayout,
): readonly Tensor[] {
  const specs = inputs.map((spec) => {
    const sample = receives.find(({ name }) => name === spec.name)
    return { ...spec, dims: [1, rows, ...(sample ?? spec).dims.slice(2)] }
  })
  return probeInputs(specs).map((tensor) => {
    if (tensor.type !== 'int64') return tensor
    const ids = BigInt64Array.from({ length: rows }, (_, row) => BigInt(row % TOKENS_MAX))
    return { ...tensor, data: new Uint8Array(ids.buffer) }
  })
}

/** `count` rows of a tensor that has `all`. */
function rowsOf(
  tensor: Tensor,
  from: number,
  { count, all }: { readonly count: number; readonly all: number },
): Tensor {
  const rowBytes = tensor.data.length / all
  const dims = [1, count, ...tensor.dims.slice(2)]
  return { ...tensor, dims, data: tensor.data.slice(from * rowBytes, (from + count) * rowBytes) }
}

function joined(answers: Answers, rows: number): readonly Tensor[] {
  const [first = []] = answers
  return first.map((tensor, index) => ({
    ...tensor,
    dims: [1, rows, ...tensor.dims.slice(2)],
    data: concatBytes(answers.map((tensors) => tensors[index]?.data ?? new Uint8Array(0))),
  }))
}
