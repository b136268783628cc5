/**
 * Runs what another device did again, from the same inputs, on a stage of this device.
 *
 * @module
 */

import {
  type DrawnToken,
  drawnOf,
  drawnTensors,
  InferenceError,
  fromWire,
  rowsOf,
  rowsTensor,
  type TextRows,
  toWire,
  wiresAt,
} from '../../protocols/inference/index.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { RunGate } from '../inference/run-gate.ts'
import type { LoadedStage, StagePool } from '../inference/stage-pool.ts'
import { crossing, incoming, outgoing } from '../inference/stage-tensors.ts'
import { joinedRows, splitRows, type TextPart } from '../inference/text-parts.ts'
import type { ExecutorRun } from '../runtime/executor-spec.ts'
import type { Draws } from './comparison.ts'
import type { Passage, Task } from './evidence.ts'

/** Likely tokens that are drawn along, to see how far off another one is. */
const LOGPROBS = 20

/** Rows of one run: what a busy stage runs at once as well. */
const ROWS_PER_RUN_MAX = 128

export interface RerunComponents {
  readonly pool: StagePool
  /** A number for a text that no other text of this device has. */
  takeSlot(): number
  /** What lent work waits at. */
  readonly gate: Pick<RunGate, 'pass'>
}

/** What the runs gave. */
export interface Rerun {
  readonly numericClass: Uint8Array
  /** By request, those of the task only. */
  readonly outputs: ReadonlyMap<number, readonly Tensor[]>
  /** What was drawn at them, with likely others; only where the likeliest token is drawn. */
  readonly draws: Draws
  readonly computeUs: number
}

type Pass = (work: () => Promise<ExecutorRun>) => Promise<ExecutorRun>

/** A step of a text, and what it was. */
interface Step extends TextPart {
  readonly request: number
  readonly wanted: boolean
}

/** @throws what {@link StagePool.acquire} and executors throw; the reason of `signal`. */
export async function runAgain(
  components: RerunComponents,
  task: Task,
  who: { readonly requester: PeerId; readonly signal: AbortSignal },
): Promise<Rerun> {
  const { pool, gate } = components
  const { requester, signal } = who
  const died = new AbortController()
  const both = AbortSignal.any([signal, died.signal])
  const lease = await pool.acquire({
    // Its own best provider, and no longer than any run may take.
    open: { ...task.open, provider: 'auto', numericClass: undefined },
    requester,
    lent: true,
    onProgress: () => undefined,
    onExit: () => died.abort(new InferenceError({ code: 'INFERENCE_EXECUTOR_DIED' })),
    signal: both,
  })
  try {
    const { stage } = lease
    const run = new StageRuns(stage, task, (work) => gate.pass(work, both))
    const outputs =
      task.open.text === undefined
        ? await run.inputs(task.inputs)
        : await run.text(components.takeSlot())
    const { draws, computeUs } = run
    return { numericClass: stage.numericClass, outputs, draws, computeUs }
  } finally {
    lease.release()
  }
}

/** The runs of one task on one stage. */
class StageRuns {
  readonly #stage: LoadedStage
  readonly #task: Task
  readonly #pass: Pass
  /** Of a text, by request: what its steps add. */
  readonly #sent: ReadonlyMap<number, TextRows>
  readonly draws = new Map<number, readonly DrawnToken[]>()
  computeUs = 0

  constructor(stage: LoadedStage, task: Task, pass: Pass) {
    this.#stage = stage
    this.#task = task
    this.#pass = pass
    const sent = task.inputs.map(({ request, tensors }) => [request, rowsOf(tensors)] as const)
    this.#sent = new Map(sent.flatMap(([request, rows]) => (rows ? [[request, rows]] : [])))
  }

  get #isLast(): boolean {
    const { stage, route } = this.#task.open
    return stage === route.length - 1
  }

  /** Requests without a state, each by itself. */
  async inputs(passages: readonly Passage[]): Promise<Map<number, readonly Tensor[]>> {
    const { description, executor } = this.#stage
    const outputs = new Map<number, readonly Tensor[]>()
    for (const { request, tensors } of passages) {
      const received = crossing(description, this.#arrived(tensors))
      const ran = await this.#pass(() => executor.run(incoming(description, received)))
      this.computeUs += ran.computeUs
      outputs.set(request, this.#travelling(outgoing(description, received, ran.outputs)))
    }
    return outputs
  }

  /** A text from its beginning, as few runs as it may be cut into. */
  async text(slot: number): Promise<Map<number, readonly Tensor[]>> {
    const { executor, text } = this.#stage
    const asked = this.#task.open.text
    if (asked === undefined || this.#sent.size === 0) throw invalid()
    const { promptTokens, hashesLogits } = asked
    const sampling = this.#margins ? { ...asked.sampling, logprobs: LOGPROBS } : asked.sampling
    // No more room than the rows take, whatever the session was opened for.
    const positionsMax = Math.max(
      ...[...this.#sent.values()].map(({ position, tokens }) => position + tokens.length),
    )
    const guide = text.draws ? asked.guide : undefined
    await executor.begin({ slot, positionsMax, promptTokens, sampling, hashesLogits, guide })
    try {
      const outputs = new Map<number, readonly Tensor[]>()
      for (const steps of this.#runs()) await this.#step(slot, steps, outputs)
      return outputs
    } finally {
      // An executor that has ended keeps nothing.
      await executor.end(slot).catch(() => undefined)
    }
  }

  async #step(
    slot: number,
    steps: readonly Step[],
    outputs: Map<number, readonly Tensor[]>,
  ): Promise<void> {
    const { description, executor } = this.#stage
    const { tensors, rows } = steps.length > 1 ? joinedRows(steps) : (steps[0] as Step)
    const received = crossing(description, tensors)
    const ran = await this.#pass(() =>
      executor.step({ slot, rows, tensors: incoming(description, received) }),
    )
    this.computeUs += ran.computeUs
    const each = steps.length > 1 ? splitRows(ran.outputs, steps) : [ran.outputs]
    for (const [at, { request, wanted }] of steps.entries()) {
      if (!wanted) continue
      const sent = this.#rows(request)
      const made = this.#travelling(each[at] ?? [])
      if (this.#margins) this.draws.set(request, drawnOf(made) ?? [])
      outputs.set(request, this.#isLast ? this.#asked(made) : [...made, rowsTensor(sent)])
    }
  }

  /** True where it shows in a token by how much another one would have been less likely. */
  get #margins(): boolean {
    const sampling = this.#task.open.text?.sampling
    const greedy = sampling?.temperatureMicro === 0 && sampling.logprobs === 0
    const tokens = this.#task.open.text?.gives === 'tokens'
    return this.#isLast && tokens && greedy
  }

  /** Without what the session did not ask for. */
  #asked(made: readonly Tensor[]): readonly Tensor[] {
    if (!this.#margins) return made
    const drawn = drawnOf(made) ?? []
    return drawnTensors(
      drawn.map(({ token, logitsHash }) => ({
        token,
        logprob: undefined,
        alternatives: [],
        logitsHash,
      })),
    )
  }

  /** Steps that follow one another, together; one that is drawn at ends its run. */
  #runs(): readonly (readonly Step[])[] {
    const runs: Step[][] = []
    for (const step of this.#steps()) {
      const run = runs.at(-1)
      if (run !== undefined && follows(run, step)) run.push(step)
      else runs.push([step])
    }
    return runs
  }

  #steps(): readonly Step[] {
    const wanted = new Set(this.#task.requests)
    return this.#task.inputs.map(({ request, tensors }) => {
      const rows = this.#rows(request)
      const draws = this.#isLast && wanted.has(request)
      const drawFrom = draws ? rows.drawFrom : rows.tokens.length
      return {
        request,
        wanted: wanted.has(request),
        tensors: this.#arrived(tensors),
        rows: { ...rows, drawFrom },
      }
    })
  }

  #rows(request: number): TextRows {
    const rows = this.#sent.get(request)
    if (rows === undefined) throw invalid()
    return rows
  }

  #arrived(tensors: readonly Tensor[]): readonly Tensor[] {
    return fromWire(tensors, wiresAt(this.#task.open).arriving)
  }

  #travelling(tensors: readonly Tensor[]): readonly Tensor[] {
    return toWire(tensors, wiresAt(this.#task.open).leaving)
  }
}

function follows(run: readonly Step[], step: Step): boolean {
  const last = (run.at(-1) as Step).rows
  if (last.drawFrom < last.tokens.length) return false
  const count = run.reduce((sum, { rows }) => sum + rows.tokens.length, 0)
  const fits = count + step.rows.tokens.length <= ROWS_PER_RUN_MAX
  return fits && step.rows.position === last.position + last.tokens.length
}

function invalid(): InferenceError {
  return new InferenceError({ code: 'INFERENCE_INPUT_INVALID' })
}
