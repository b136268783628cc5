import { expect, it } from 'vitest'
import type { ModelId } from '../../core/ids.ts'
import { FakeExecutor, preparedStage } from '../../test/fixtures/stage-executors.ts'
import type { Executor } from './executor-spec.ts'
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
      return { class: 'c1a55', exact: true, lone: true, together: true, stepUs: 0, ms: 1 }
    },
  })
  expect(await probe.prove(executor(), stage)).toMatchObject({ class: 'c1a55', exact: true })
  expect(
    await Promise.all(
      asked.map(async ({ stage: name, probe: asking }) => {
        const seen: (readonly number[])[] = []
        const run: Executor['run'] = async (inputs) => {
          seen.push(...inputs.map(({ dims }) => dims))
          return { outputs: [], computeUs: 1 }
        }
        await asking.first(Object.assign(executor(), { run }))
        return [name, seen]
      }),
    ),
  ).toEqual([[`${model}/2-4`, [[2]]]])
})

it('names a stage that takes no made-up inputs by all that decides its bits', async () => {
  const probe = new StageProbe({ selfTest: () => Promise.reject(failed) })
  const classes = await Promise.all([
    probe.prove(executor(), stage),
    probe.prove(executor(), stage),
    probe.prove(executor({ ortVersion: '2' }), stage),
    probe.prove(executor(), { ...stage, model: 'cd'.repeat(32) as ModelId }),
    probe.prove(executor(), { ...preparedStage({ fromLayer: 2, toLayer: 5 }), model }),
  ])
  const names = classes.map(({ class: name }) => name)
  expect(names.every((name) => /^[0-9a-f]{64}$/.test(name))).toBe(true)
  expect(classes.some(({ exact }) => exact)).toBe(false)
  expect(names[1]).toBe(names[0])
  expect(new Set(names).size).toBe(4)
})

it('refuses a stage that fails its test otherwise', async () => {
  const wrong = new RuntimeError({
    code: 'RUNTIME_SELF_TEST_FAILED',
    detail: 'other bits',
  } as never)
  const probe = new StageProbe({ selfTest: () => Promise.reject(wrong) })
  await expect(probe.prove(executor(), stage)).rejects.toBe(wrong)
})

it('makes up no inputs of a size that only a stranger could mean', async () => {
  const asked: unknown[] = []
  const probe = new StageProbe({
    selfTest: async (...test) => {
      asked.push(test)
      return { class: 'c1a55', exact: true, lone: true, together: true, stepUs: 0, ms: 1 }
    },
  })
  const huge = { name: 'x', type: 'float32', dims: [2 ** 32, 2 ** 20] } as const
  const description = { ...stage.description, receives: [huge] }
  expect(await probe.prove(executor(), { ...stage, description })).toEqual({
    class: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    exact: false,
    lone: false,
    together: false,
    stepUs: 0,
  })
  expect(asked).toEqual([])
})
