import { expect, it } from 'vitest'
import type { ModelId } from '../../core/ids.ts'
import { FakeExecutor, preparedStage } from '../../test/fixtures/stage-executors.ts'
import { RuntimeError } from './errors.ts'
import type { SelfTestInit } from './self-test.ts'
import { StageProbe } from './stage-probe.ts'

const model = 'ab'.repeat(32) as ModelId
const failed = new RuntimeError({ code: 'RUNTIME_RUN_FAILED', detail: 'not a shape' })

/** An executor whose input has a free dimension. */
function executor(change: object = {}): FakeExecutor {
  const made = new FakeExecutor({
    file: '/2-4.onnx',
    provider: 'cpu',
    memoryBytesMax: 1,
    loadMsMax: 1,
    runMsMax: 1,
    optimise: 'disabled',
  })
  const inputs = [{ name: 'x', type: 'float32', dims: ['rows'] }]
  return Object.assign(made, { inputs }, change)
}

const stage = { ...preparedStage({ fromLayer: 2, toLayer: 4 }), model }

it('probes a stage under the name that it has on every device, at the sizes of the sample', async () => {
  const asked: SelfTestInit[] = []
  const probe = new StageProbe({
    selfTest: async (_executor, init) => {
      asked.push(init)
      return { class: 'c1a55', exact: true, ms: 1 }
    },
  })
  expect(await probe.numericClass(executor(), stage)).toBe('c1a55')
  expect(
    asked.map(({ stage: name, probe: tensors }) => [name, tensors.map(({ dims }) => dims)]),
  ).toEqual([[`${model}/2-4`, [[2]]]])
})

it('names a stage that takes no made-up inputs by all that decides its bits', async () => {
  const probe = new StageProbe({ selfTest: () => Promise.reject(failed) })
  const classes = await Promise.all([
    probe.numericClass(executor(), stage),
    probe.numericClass(executor(), stage),
    probe.numericClass(executor({ ortVersion: '2' }), stage),
    probe.numericClass(executor(), { ...stage, model: 'cd'.repeat(32) as ModelId }),
    probe.numericClass(executor(), { ...preparedStage({ fromLayer: 2, toLayer: 5 }), model }),
  ])
  expect(classes.every((name) => /^[0-9a-f]{64}$/.test(name))).toBe(true)
  expect(classes[1]).toBe(classes[0])
  expect(new Set(classes).size).toBe(4)
})

it('refuses a stage that fails its test otherwise', async () => {
  const wrong = new RuntimeError({
    code: 'RUNTIME_SELF_TEST_FAILED',
    detail: 'other bits',
  } as never)
  const probe = new StageProbe({ selfTest: () => Promise.reject(wrong) })
  await expect(probe.numericClass(executor(), stage)).rejects.toBe(wrong)
})

it('makes up no inputs of a size that only a stranger could mean', async () => {
  const asked: unknown[] = []
  const probe = new StageProbe({
    selfTest: async (...test) => {
      asked.push(test)
      return { class: 'c1a55', exact: true, ms: 1 }
    },
  })
  const huge = { name: 'x', type: 'float32', dims: [2 ** 32, 2 ** 20] } as const
  const description = { ...stage.description, receives: [huge] }
  expect(await probe.numericClass(executor(), { ...stage, description })).toMatch(/^[0-9a-f]{64}$/)
  expect(asked).toEqual([])
})
