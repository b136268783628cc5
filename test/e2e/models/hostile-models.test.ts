/**
 * Hostile models, and processes that only look like executors: each costs its own process only.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { detectWrappers } from '../../../node/runtime/launcher.ts'
import { ProcessExecutor } from '../../../node/runtime/process-executor.ts'
import {
  DOUBLE,
  ENDLESS,
  ESCAPE,
  failureOf,
  floats,
  huge,
  type RuntimeFixture,
  runtimeFixture,
  valuesOf,
} from '../../fixtures/runtime.ts'

const wrappers = await detectWrappers(process.platform)
let fixture: RuntimeFixture

beforeAll(async () => {
  fixture = await runtimeFixture()
})

afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
})

describe('a hostile model', () => {
  it('that loops for ever is killed at its deadline', async () => {
    const executor = await fixture.loaded(ENDLESS, { runMsMax: 200 })

    expect(await failureOf(executor.run([floats('x', [1])]))).toEqual({
      code: 'RUNTIME_RUN_TIMEOUT',
      limitMs: 200,
    })
    expect((await executor.exited).signal).toBe('SIGKILL')
  })

  it.skipIf(!wrappers.prlimit).each([3_000_000_000n, 100_000_000_000_000n])(
    'that asks for %d numbers gets an error and no memory',
    async (elements) => {
      await using executor = await fixture.loaded(huge(elements))

      expect(await failureOf(executor.run([floats('x', [1])]))).toEqual({
        code: 'RUNTIME_MEMORY',
        limitBytes: 256 * 1024 * 1024,
      })
    },
  )

  it('that points outside its folder is refused', async () => {
    const load = fixture.runtime.load(await fixture.spec(ESCAPE))

    expect(await failureOf(load)).toMatchObject({
      code: 'RUNTIME_LOAD_FAILED',
      detail: expect.stringContaining('escapes') as string,
    })
  })

  it('that is no model at all is refused', async () => {
    const spec = await fixture.spec(DOUBLE)
    await writeFile(spec.file, 'no model')

    expect(await failureOf(fixture.runtime.load(spec))).toMatchObject({
      code: 'RUNTIME_LOAD_FAILED',
    })
  })

  it('costs nothing but its own process', async () => {
    await using good = await fixture.loaded(DOUBLE)
    const bad = await fixture.loaded(ENDLESS, { runMsMax: 100 })
    await failureOf(bad.run([floats('x', [1])]))

    expect(valuesOf((await good.run([floats('x', [1])])).outputs[0])).toEqual([2])
  })
})

describe('a process that is no executor', () => {
  /** Loads a model with `command` in place of an executor. */
  async function loadWith(file: string, ...words: readonly string[]): Promise<unknown> {
    const command = { file, arguments: words }
    const child = { command, environment: { PATH: '/usr/bin:/bin' }, lowerPriority: true }
    const executor = new ProcessExecutor(await fixture.spec(DOUBLE), child)
    return failureOf(executor.load())
  }

  it('because it does not exist is told', async () => {
    expect(await loadWith('/no/such/program')).toMatchObject({ code: 'RUNTIME_SPAWN_FAILED' })
  })

  it('because it talks nonsense is killed', async () => {
    const nonsense =
      'process.getBuiltinModule("fs").writeSync(3, "x".repeat(64)); setInterval(() => {}, 1000)'

    expect(await loadWith(process.execPath, '-e', nonsense)).toEqual({
      code: 'RUNTIME_EXECUTOR_FAULTY',
      detail: 'unknown message kind 120',
    })
  })

  it('because it ends is told, with the end of what it wrote', async () => {
    const words = 'process.stderr.write("a".repeat(9000) + "last words"); process.exitCode = 3'
    const failure = await loadWith(process.execPath, '-e', words)

    expect(failure).toEqual({
      code: 'RUNTIME_EXECUTOR_DIED',
      exitCode: 3,
      signal: null,
      stderrTail: `${'a'.repeat(4086)}last words`,
    })
  })
})
