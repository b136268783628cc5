import { describe, expect, it } from 'vitest'
import type { Executor, StepsRun, TextStep } from '../runtime/executor-spec.ts'
import { StepBatcher } from './step-batcher.ts'

/** An executor that waits to be told to go on. */
class HeldExecutor implements Pick<Executor, 'step' | 'steps'> {
  /** Slots of each run that was asked for. */
  readonly runs: (readonly number[])[] = []
  readonly #held: (() => void)[] = []
  /** The text that spoils the run that it is in. */
  spoilt = -1

  async step(step: TextStep) {
    const { outputs, computeUs } = await this.steps([step])
    return { outputs: outputs[0] ?? [], computeUs }
  }

  async steps(steps: readonly TextStep[]): Promise<StepsRun> {
    this.runs.push(steps.map(({ slot }) => slot))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held.push(resolve)
    await promise
    if (steps.some(({ slot }) => slot === this.spoilt)) throw new Error('spoilt')
    const outputs = steps.map(({ slot }) => [
      { name: `of ${slot}`, type: 'uint8' as const, dims: [0], data: new Uint8Array(0) },
    ])
    return { outputs, computeUs: 100 }
  }

  /** Lets the oldest run end. */
  async release(): Promise<void> {
    this.#held.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function stepOf(slot: number, rows = 1): TextStep {
  const tokens = Array.from({ length: rows }, () => 1)
  return { slot, rows: { position: 0, drawFrom: rows, tokens }, tensors: [] }
}

describe('steps that wait for a stage', () => {
  it('go at once when nothing runs, and together when something did', async () => {
    const executor = new HeldExecutor()
    const batcher = new StepBatcher(executor, 3)
    const runs = [1, 2, 3, 4, 5].map((slot) => batcher.run(stepOf(slot)))
    expect(executor.runs).toEqual([[1]])
    for (let count = 0; count < 3; count++) await executor.release()
    expect(executor.runs).toEqual([[1], [2, 3, 4], [5]])
    const each = await Promise.all(runs)
    expect(each.map(({ outputs: [output] }) => output?.name)).toEqual([
      'of 1',
      'of 2',
      'of 3',
      'of 4',
      'of 5',
    ])
    expect(each.map(({ computeUs, ownUs }) => [computeUs, ownUs])).toEqual([
      [100, 100],
      [100, 33],
      [100, 33],
      [100, 33],
      [100, 100],
    ])
  })

  it('keep the order of each text', async () => {
    const executor = new HeldExecutor()
    const batcher = new StepBatcher(executor, 8)
    for (const slot of [1, 2, 2, 3]) void batcher.run(stepOf(slot))
    for (let count = 0; count < 3; count++) await executor.release()
    expect(executor.runs).toEqual([[1], [2, 3], [2]])
  })

  it('take turns with long ones, of which the next is on its way while one runs', async () => {
    const executor = new HeldExecutor()
    const batcher = new StepBatcher(executor, 8)
    for (const each of [stepOf(1, 100), stepOf(2, 100), stepOf(3), stepOf(2, 100), stepOf(4)]) {
      void batcher.run(each)
    }
    expect(executor.runs).toEqual([[1], [2]])
    for (let count = 0; count < 4; count++) await executor.release()
    expect(executor.runs).toEqual([[1], [2], [3, 4], [2]])
  })

  it('fail each for itself when they fail together', async () => {
    const executor = new HeldExecutor()
    const batcher = new StepBatcher(executor, 8)
    executor.spoilt = 2
    const ends = Promise.allSettled([1, 2, 3].map((slot) => batcher.run(stepOf(slot))))
    for (let count = 0; count < 4; count++) await executor.release()
    expect(executor.runs).toEqual([[1], [2, 3], [2], [3]])
    expect((await ends).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('are dropped when their text leaves', async () => {
    const executor = new HeldExecutor()
    const batcher = new StepBatcher(executor, 8)
    void batcher.run(stepOf(1))
    const gone = batcher.run(stepOf(2))
    batcher.leave(2)
    await expect(gone).rejects.toMatchObject({ code: 'INFERENCE_SESSION_UNKNOWN' })
    void batcher.run(stepOf(3))
    await executor.release()
    expect(executor.runs).toEqual([[1], [3]])
  })

  it('go one by one to a stage that is not proved to keep them apart', async () => {
    const executor = new HeldExecutor()
    const batcher = new StepBatcher(executor, 1)
    for (const slot of [1, 2]) void batcher.run(stepOf(slot))
    expect(executor.runs).toEqual([[1], [2]])
  })
})
