/**
 * Real executor processes: what they compute and how they end.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { detectWrappers } from '../../node/runtime/launcher.ts'
import { RUNS_QUEUED_MAX, RUNS_SENT_MAX } from '../../node/runtime/limits.ts'
import { plainProbe, probeInputs } from '../../node/runtime/self-test.ts'
import { type TinyGraph, tinyModel } from '../../node/runtime/tiny-model.ts'
import {
  DOUBLE,
  ENDLESS,
  ESCAPE,
  failureOf,
  floats,
  type RuntimeFixture,
  runtimeFixture,
  valuesOf,
} from '../fixtures/runtime.ts'

const wrappers = await detectWrappers(process.platform)
let fixture: RuntimeFixture

beforeAll(async () => {
  fixture = await runtimeFixture()
})

afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
})

describe('an executor', () => {
  it('that is frozen computes nothing, and goes on where it was', async () => {
    await using executor = await fixture.loaded(DOUBLE, { runMsMax: 400 })
    expect([executor.freeze(), executor.frozen]).toEqual([true, true])
    let done = false
    const run = executor.run([floats('x', [1, 2])]).then((ran) => {
      done = true
      return ran
    })
    // Longer than a run may take: time that it was not given does not count.
    await sleep(800)
    expect(done).toBe(false)
    executor.thaw()
    expect(valuesOf((await run).outputs[0])).toEqual([2, 4])
    executor.freeze()
  })

  it.runIf(process.platform === 'linux')(
    'is killed when it hangs, long before it may',
    async () => {
      await using executor = await fixture.loaded(DOUBLE, { runMsMax: 60_000 })
      await executor.run([floats('x', [1])])
      process.kill(executor.pid, 'SIGSTOP')
      const beganMs = performance.now()
      await expect(executor.run([floats('x', [1])])).rejects.toMatchObject({
        failure: { code: 'RUNTIME_RUN_STALLED' },
      })
      expect(performance.now() - beganMs).toBeLessThan(10_000)
    },
  )

  it('computes what the graph says, for any size and many runs at once', async () => {
    await using executor = await fixture.loaded(DOUBLE)
    const sizes = [0, 1, 3, 1000, 300_000]
    const runs = await Promise.all(
      sizes.map((size) =>
        executor.run([
          floats(
            'x',
            Array.from({ length: size }, (_, i) => i),
          ),
        ]),
      ),
    )

    expect(runs.map(({ outputs }) => outputs[0]?.dims)).toEqual(sizes.map((size) => [size]))
    expect(valuesOf(runs[2]?.outputs[0])).toEqual([0, 2, 4])
    expect(valuesOf(runs[4]?.outputs[0]).at(-1)).toBe(599_998)
    expect(executor.inputs).toEqual([{ name: 'x', type: 'float32', dims: ['n'] }])
  })

  it('sums in the same order wherever an input lies among the others', async () => {
    const sum: TinyGraph = {
      nodes: [{ op: 'ReduceSum', inputs: ['x'], outputs: ['y'], attributes: { keepdims: 1 } }],
      inputs: [{ name: 'x', type: 'float32', dims: ['n'] }],
      outputs: [{ name: 'y', type: 'float32', dims: [1] }],
    }
    const behind: TinyGraph = {
      ...sum,
      inputs: [{ name: 'before', type: 'float32', dims: ['m'] }, ...sum.inputs],
    }
    await using alone = await fixture.loaded(sum)
    await using second = await fixture.loaded(behind)
    const x = floats(
      'x',
      Array.from({ length: 1000 }, (_, i) => Math.sin(i) / 3),
    )
    const expected = valuesOf((await alone.run([x])).outputs[0])

    for (let length = 1; length <= 16; length++) {
      const before = floats(
        'before',
        Array.from({ length }, () => 1),
      )
      const { outputs } = await second.run([before, x])
      expect(valuesOf(outputs[0]), `${length} before it`).toEqual(expected)
    }
  })

  it('carries every element type unchanged', async () => {
    const types = [
      ['float32', 4],
      ['uint8', 1],
      ['int8', 1],
      ['uint16', 2],
      ['int16', 2],
      ['int32', 4],
      ['int64', 8],
      ['bool', 1],
      ['float16', 2],
      ['float64', 8],
      ['uint32', 4],
      ['uint64', 8],
    ] as const
    const values = (prefix: string) =>
      types.map(([type]) => ({ name: `${prefix}_${type}`, type, dims: [1, 3] }))
    await using executor = await fixture.loaded({
      nodes: types.map(([type]) => ({
        op: 'Identity',
        inputs: [`x_${type}`],
        outputs: [`y_${type}`],
      })),
      inputs: values('x'),
      outputs: values('y'),
    })
    const inputs = types.map(([type, bytes]) => ({
      name: `x_${type}`,
      type,
      dims: [1, 3],
      data: Uint8Array.from({ length: 3 * bytes }, (_, index) => (type === 'bool' ? 1 : 7 * index)),
    }))

    const { outputs } = await executor.run(inputs)

    expect(outputs.map(({ data }) => data)).toEqual(inputs.map(({ data }) => data))
  })

  it('names the input that is wrong, and goes on', async () => {
    await using executor = await fixture.loaded(DOUBLE)
    const wrong = { name: 'x', type: 'int32', dims: [1], data: new Uint8Array(4) } as const

    expect(await failureOf(executor.run([wrong]))).toEqual({
      code: 'RUNTIME_INPUT_INVALID',
      tensor: 'x',
      detail: 'expected float32, got int32',
    })
    expect(await failureOf(executor.run([floats('z', [1])]))).toMatchObject({ tensor: 'z' })
    expect(await failureOf(executor.run([]))).toMatchObject({
      detail: 'expected a tensor, got none',
    })
    expect(valuesOf((await executor.run([floats('x', [4])])).outputs[0])).toEqual([8])
  })

  it('reports an error of the graph, and goes on', async () => {
    await using executor = await fixture.loaded({
      nodes: [{ op: 'Add', inputs: ['a', 'b'], outputs: ['y'] }],
      inputs: [
        { name: 'a', type: 'float32', dims: ['n'] },
        { name: 'b', type: 'float32', dims: ['m'] },
      ],
      outputs: [{ name: 'y', type: 'float32', dims: ['n'] }],
    })

    expect(
      await failureOf(executor.run([floats('a', [1, 2]), floats('b', [1, 2, 3])])),
    ).toMatchObject({ code: 'RUNTIME_RUN_FAILED' })
    const { outputs } = await executor.run([floats('a', [1]), floats('b', [2])])
    expect(valuesOf(outputs[0])).toEqual([3])
  })

  it('refuses more runs than its queue holds', async () => {
    await using executor = await fixture.loaded(DOUBLE)
    const runs = Array.from({ length: RUNS_SENT_MAX + RUNS_QUEUED_MAX + 1 }, () =>
      failureOf(executor.run([floats('x', [1])])),
    )

    expect((await Promise.all(runs)).filter(Boolean)).toEqual([
      { code: 'RUNTIME_QUEUE_FULL', limit: RUNS_QUEUED_MAX },
    ])
  })

  it('fails every run under way when its process is killed', async () => {
    await using executor = await fixture.loaded(ENDLESS)
    const runs = [1, 2, 3].map(() => failureOf(executor.run([floats('x', [1])])))
    await sleep(50)
    process.kill(executor.pid, 'SIGKILL')

    expect(await Promise.all(runs)).toEqual(
      Array.from({ length: 3 }, () => ({
        code: 'RUNTIME_EXECUTOR_DIED',
        exitCode: null,
        signal: 'SIGKILL',
        stderrTail: '',
      })),
    )
    expect(await executor.exited).toEqual({ code: null, signal: 'SIGKILL', stderrTail: '' })
  })

  it('stops at once, even in the middle of a run', async () => {
    const executor = await fixture.loaded(ENDLESS)
    const run = failureOf(executor.run([floats('x', [1])]))
    await sleep(50)
    await executor.stop()

    expect(await run).toMatchObject({ code: 'RUNTIME_EXECUTOR_DIED' })
    expect(processRuns(executor.pid)).toBe(false)
    expect(fixture.runtime.executors).not.toContain(executor)
  })

  it('ends when the daemon is killed, even in the middle of a run', async () => {
    const entry = fileURLToPath(new URL('../fixtures/executor-parent.ts', import.meta.url))
    const parent = spawn(process.execPath, [entry], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const [pid, dir = ''] = line.toString().trim().split(' ')
    await sleep(100)
    const ranBefore = processRuns(Number(pid))
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    for (let tries = 0; processRuns(Number(pid)) && tries < 50; tries++) await sleep(50)
    await rm(dir, { recursive: true, force: true })

    expect([ranBefore, processRuns(Number(pid))]).toEqual([true, false])
  })

  it.skipIf(!wrappers.chrt)(
    'runs all its threads in the idle class, in a group of its own',
    async () => {
      await using idle = await runtimeFixture({ priority: 'idle' })
      const executor = await idle.runtime.load(await idle.spec(DOUBLE))
      const threads = readdirSync(`/proc/${executor.pid}/task`).map((thread) => {
        const stat = readFileSync(`/proc/${executor.pid}/task/${thread}/stat`, 'utf8')
        const fields = stat.split(') ')[1]?.split(' ') ?? []
        // Fields 5 (process group), 19 (nice) and 41 (policy: 5 is SCHED_IDLE) of proc(5).
        return [fields[2], fields[16], fields[38]].join(' ')
      })

      expect(new Set(threads)).toEqual(new Set([`${executor.pid} 19 5`]))
    },
  )
})

describe('the runtime', () => {
  it('stops a load that is given up', async () => {
    const spec = await fixture.spec(DOUBLE)
    const before = fixture.runtime.executors.length

    await expect(
      fixture.runtime.load(spec, AbortSignal.abort(new Error('given up'))),
    ).rejects.toThrow('given up')
    await expect(fixture.runtime.load({ ...spec, loadMsMax: 1 })).rejects.toMatchObject({
      code: 'RUNTIME_LOAD_TIMEOUT',
    })
    expect(fixture.runtime.executors).toHaveLength(before)
  })

  it('optimises a graph into a file that computes the same', async () => {
    const spec = await fixture.spec({
      ...DOUBLE,
      nodes: [
        { op: 'Identity', inputs: ['x'], outputs: ['same'] },
        { op: 'Add', inputs: ['same', 'x'], outputs: ['y'] },
      ],
    })
    const target = join(fixture.dir, 'optimised.onnx')
    await fixture.runtime.optimise(spec.file, target, 'basic')
    const executor = await fixture.runtime.load({ ...spec, file: target })

    expect((await readFile(target)).length).toBeGreaterThan(0)
    expect(valuesOf((await executor.run([floats('x', [21])])).outputs[0])).toEqual([42])
    await executor.stop()
  })

  it('tells the sizes of all outputs of one run', async () => {
    const spec = await fixture.spec(DOUBLE)
    const { inputs, outputs, values, runUs } = await fixture.runtime.inspect(spec.file, [
      floats('x', [1, 2, 3, 4, 5]),
    ])

    expect({ inputs, outputs, values }).toEqual({
      inputs: [{ name: 'x', type: 'float32', dims: ['n'] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['n'] }],
      values: [{ name: 'y', type: 'float32', dims: [5] }],
    })
    expect(runUs).toBeGreaterThan(0)
  })

  it('gives equal stages one numeric class and others another', async () => {
    await using executor = await fixture.loaded(DOUBLE)
    const probe = plainProbe(probeInputs(executor.inputs, { n: 16 }))
    const test = (stage: string) => fixture.runtime.selfTest(executor, { stage, probe })
    const [a, again, b] = [await test('a'), await test('a'), await test('b')]

    expect([a.exact, a.class === again.class, a.class === b.class]).toEqual([true, true, false])
    expect(a.class).toMatch(/^[0-9a-f]{64}$/)
  })

  it('holds no more executors than it may', async () => {
    await using small = await runtimeFixture({ executorsMax: 1 })
    const spec = await small.spec(DOUBLE)
    const executor = await small.runtime.load(spec)

    expect(await failureOf(small.runtime.load(spec))).toEqual({
      code: 'RUNTIME_EXECUTORS_FULL',
      limit: 1,
    })
    await executor.stop()
    await small.runtime.load(spec)
  })

  it('lists every provider with a reason where it is not available', async () => {
    const reports = await fixture.runtime.providers()

    expect(reports.map(({ name }) => name)).toEqual(['cpu', 'webgpu', 'cuda', 'coreml', 'directml'])
    expect(reports[0]).toEqual({ name: 'cpu', available: true })
    expect(reports.every(({ available, reason }) => available === (reason === undefined))).toBe(
      true,
    )
  })

  it('refuses an external file that is not there with a clear error', async () => {
    const spec = await fixture.spec(DOUBLE)
    const lost = { location: 'lost.bin', bytes: 16 }
    const graph: TinyGraph = {
      ...ESCAPE,
      initializers: [{ name: 'w', type: 'float32', dims: [4], data: lost }],
    }
    await writeFile(spec.file, tinyModel(graph))

    expect(await failureOf(fixture.runtime.load(spec))).toMatchObject({
      code: 'RUNTIME_LOAD_FAILED',
    })
  })
})

function processRuns(pid: number): boolean {
  if (existsSync('/proc/self/stat')) {
    // A process that nobody has waited for yet has ended all the same.
    try {
      return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')
    } catch {
      return false
    }
  }
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
