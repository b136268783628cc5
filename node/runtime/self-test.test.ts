import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../core/tensor.ts'
import type { Executor, ExecutorSpec } from './executor-spec.ts'
import type { Provider } from './provider.ts'
import { probeInputs, selfTest, plainProbe } from './self-test.ts'

/** An executor that gives `answers` one after another. */
function executor(provider: Provider, answers: readonly (readonly number[])[]): Executor {
  const spec: ExecutorSpec = {
    file: '/stage.onnx',
    provider,
    memoryBytesMax: 1,
    loadMsMax: 1,
    runMsMax: 1,
    optimise: 'disabled',
  }
  const left = answers.map((values): Tensor => ({
    name: 'y',
    type: 'float32',
    dims: [values.length],
    data: new Uint8Array(Float32Array.from(values).buffer),
  }))
  return {
    pid: 1,
    spec,
    inputs: [],
    outputs: [],
    ortVersion: '1.30.0',
    run: () => Promise.resolve({ outputs: left.splice(0, 1), computeUs: 1 }),
    learnTokens: () => Promise.resolve(),
    frozen: false,
    freeze: () => false,
    thaw: () => undefined,
    begin: () => Promise.resolve(),
    step: () => Promise.reject(new Error('no text')),
    textsMax: 1,
    steps: () => Promise.reject(new Error('no text')),
    end: () => Promise.resolve(),
    exportRows: () => Promise.reject(new Error('no text')),
    importRows: () => Promise.reject(new Error('no text')),
    exited: new Promise(() => undefined),
    stop: () => Promise.resolve(),
  }
}

const init = { stage: 'model 0-4', probe: plainProbe([]) }
const noReference = () => Promise.reject(new Error('the cpu needs no reference'))

/** Tests an accelerator that gives `answers` beside a CPU that gives [1, 2]. */
function accelerated(answers: readonly (readonly number[])[]) {
  return selfTest(executor('webgpu', answers), init, () =>
    Promise.resolve(executor('cpu', [[1, 2]])),
  )
}

describe('self-test', () => {
  it('gives a class that depends on the outputs, the stage and the provider', async () => {
    const classes = await Promise.all([
      selfTest(
        executor('cpu', [
          [1, 2],
          [1, 2],
        ]),
        init,
        noReference,
      ),
      selfTest(
        executor('cpu', [
          [1, 2],
          [1, 2],
        ]),
        init,
        noReference,
      ),
      selfTest(
        executor('cpu', [
          [1, 3],
          [1, 3],
        ]),
        init,
        noReference,
      ),
      selfTest(
        executor('cpu', [
          [1, 2],
          [1, 2],
        ]),
        { ...init, stage: 'model 4-8' },
        noReference,
      ),
      accelerated([
        [1, 2],
        [1, 2],
      ]),
    ])

    expect(classes.every(({ exact }) => exact)).toBe(true)
    expect(new Set(classes.map((test) => test.class)).size).toBe(4)
  })

  it('fails a cpu that does not repeat itself', async () => {
    await expect(
      selfTest(
        executor('cpu', [
          [1, 2],
          [1, 2.0001],
        ]),
        init,
        noReference,
      ),
    ).rejects.toMatchObject({ code: 'RUNTIME_SELF_TEST_FAILED' })
  })

  it.each([
    ['rows alone have the bits of many', [[1, 2]], { exact: true, lone: true }],
    [
      'only two rows have them',
      [
        [1, 3],
        [1, 2],
      ],
      { exact: true, lone: false },
    ],
    [
      'none have them',
      [
        [1, 3],
        [1, 4],
      ],
      { exact: false, lone: false },
    ],
  ])('says of a text whether %s', async (_, answers, expected) => {
    const plain = plainProbe([])
    const padded = (stage: Executor): ReturnType<typeof plain.second> => plain.second(stage)
    const probe = { ...plain, mustRepeat: false, padded }
    const tested = executor('cpu', [[1, 2], ...answers])
    expect(await selfTest(tested, { ...init, probe }, noReference)).toMatchObject(expected)
  })

  it('lets an accelerator differ from the cpu a little, and from itself', async () => {
    expect(
      await accelerated([
        [1, 2.0001],
        [1, 2.0002],
      ]),
    ).toMatchObject({ exact: false })
  })

  it.each([
    ['too far off', [1, 2.01]],
    ['not a number', [1, Number.NaN]],
    ['of another shape', [1, 2, 3]],
  ])('fails an accelerator whose output is %s', async (_, values) => {
    await expect(accelerated([values, values])).rejects.toMatchObject({
      failure: { code: 'RUNTIME_SELF_TEST_FAILED', provider: 'webgpu' },
    })
  })

  it('makes the same inputs of any type every time', () => {
    const specs = [
      { name: 'x', type: 'float32', dims: [1, 'n', null] },
      { name: 'ids', type: 'int64', dims: ['n'] },
    ] as const
    const [x, ids] = probeInputs(specs, { n: 3 })

    expect(probeInputs(specs, { n: 3 })).toEqual([x, ids])
    expect([x?.dims, ids?.dims]).toEqual([[1, 3, 2], [3]])
    expect([...new BigInt64Array(ids?.data.buffer ?? new ArrayBuffer())]).toEqual([1n, 1n, 1n])
    expect(new Set(new Float32Array(x?.data.buffer ?? new ArrayBuffer())).size).toBe(6)
  })
})
