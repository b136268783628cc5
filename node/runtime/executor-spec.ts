/**
 * What an executor is told and what it offers: one loaded model in a process of its own.
 *
 * @module
 */

import type { Tensor, TensorSpec } from '../../core/tensor.ts'
import type { TextRows } from '../../protocols/inference/index.ts'
import type { SlotSpan } from './cache-message.ts'
import type { BeginMessage } from './executor-messages.ts'
import type { Provider } from './provider.ts'

/** Graph optimisation: 'disabled' keeps a cut model bit for bit equal to the whole one. */
export type Optimise = 'disabled' | 'basic' | 'all'

export interface ExecutorSpec {
  /** Absolute path of the ONNX file; external data is found beside it. */
  readonly file: string
  readonly provider: Provider
  /** Memory that the model may use beyond what an empty executor needs. */
  readonly memoryBytesMax: number
  readonly loadMsMax: number
  /** Of one run, from when it begins. */
  readonly runMsMax: number
  readonly optimise: Optimise
}

/** How an executor's process ended. */
export interface ExecutorExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last of what it wrote to stderr, at most 4 KiB. */
  readonly stderrTail: string
}

export interface ExecutorRun {
  /** All outputs of the graph, in the graph's order. */
  readonly outputs: readonly Tensor[]
  /** Time inside onnxruntime. */
  readonly computeUs: number
}

/** Rows that are added to one of the texts of an executor. */
export interface TextStep {
  readonly slot: number
  readonly rows: TextRows
  /** What crosses the cut before the stage. */
  readonly tensors: readonly Tensor[]
}

/** What steps that were run together gave. */
export interface StepsRun {
  /** Of each step, what `step` would have given. */
  readonly outputs: readonly (readonly Tensor[])[]
  /** Time inside onnxruntime for all of them. */
  readonly computeUs: number
}

/** What the tokens of a model stand for. */
export interface TokenBytes {
  /** All tokens' bytes, one after another; none of those that steer the model. */
  readonly bytes: Uint8Array
  /** Where those of each token begin, and the end: one more than there are tokens. */
  readonly offsets: Uint32Array
}

/** A loaded model. Ends when its process does. */
export interface Executor {
  readonly pid: number
  readonly spec: ExecutorSpec
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  readonly ortVersion: string
  /**
   * Runs the graph once. Runs are done in the order of the calls.
   *
   * @throws {RuntimeError} RUNTIME_INPUT_INVALID, RUNTIME_QUEUE_FULL, RUNTIME_RUN_FAILED or
   * RUNTIME_MEMORY, after which it can still be used; RUNTIME_RUN_TIMEOUT,
   * RUNTIME_EXECUTOR_FAULTY or RUNTIME_EXECUTOR_DIED, after which it cannot.
   */
  run(inputs: readonly Tensor[]): Promise<ExecutorRun>
  /**
   * Brings what tokens stand for, which texts with a guide need at the stage that draws.
   *
   * @throws {RuntimeError} as `run` does.
   */
  learnTokens(tokens: TokenBytes): Promise<void>
  /**
   * Makes room for a text; only a stage with keys and values takes any.
   *
   * @throws {RuntimeError} as `run` does; RUNTIME_GUIDE_FAILED, and then there is no text.
   */
  begin(text: BeginMessage): Promise<void>
  /**
   * Adds rows to a text, in the order of the calls. What was behind the first of them is forgotten.
   *
   * @returns What crosses the cut behind, or at the last stage what drawnTensors() gives.
   * @throws {RuntimeError} as `run` does, and RUNTIME_GUIDE_FAILED; the text is of no use then.
   */
  step(step: TextStep): Promise<ExecutorRun>
  /** Texts that `steps` takes at once. */
  readonly textsMax: number
  /**
   * Adds rows to several texts at once, each with the bits that `step` would have given it.
   *
   * @param steps - Of up to `textsMax` texts, one of each.
   * @throws {RuntimeError} as `step` does, for all of them: those that are left can be asked for again.
   */
  steps(steps: readonly TextStep[]): Promise<StepsRun>
  /**
   * Gives the room of a text back.
   *
   * @param keptRows - Of its first rows, which stay for others to begin with until it is ended again.
   * @throws {RuntimeError} as `run` does.
   */
  end(slot: number, keptRows?: number): Promise<void>
  /**
   * Keys and values of the rows [from, to) of a text, and at the stage that draws their tokens: bit for
   * bit what `importRows` of an executor with the same stage takes.
   *
   * @throws {RuntimeError} as `run` does; RUNTIME_RUN_FAILED when the text has no such rows.
   */
  exportRows(span: SlotSpan): Promise<readonly Tensor[]>
  /**
   * Adds such rows to a text, as if they had been run. What was behind the first of them is forgotten.
   *
   * @throws {RuntimeError} as `run` does; RUNTIME_RUN_FAILED when there is a gap, or no room.
   */
  importRows(span: SlotSpan, tensors: readonly Tensor[]): Promise<void>
  /** True between `freeze` and `thaw`. */
  readonly frozen: boolean
  /**
   * Takes it off the processor at once; what it holds in memory stays, and its deadlines stand still.
   *
   * @returns False where the system cannot, and once it has ended.
   */
  freeze(): boolean
  /** Lets it go on where it was; the deadline of the run that was interrupted starts anew. */
  thaw(): void
  /** Never rejects. */
  readonly exited: Promise<ExecutorExit>
  stop(): Promise<void>
}
