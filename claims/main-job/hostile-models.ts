/**
 * Files made to harm: each must cost its own executor and nothing else.
 *
 * @module
 */

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tensor } from '../../core/tensor.ts'
import { errorCode } from '../../core/errors.ts'
import {
  DOUBLE,
  ENDLESS,
  floats,
  huge,
  type RuntimeFixture,
  runtimeFixture,
  valuesOf,
} from '../../test/fixtures/runtime.ts'
import type { TinyGraph } from '../../node/runtime/tiny-model.ts'
import { processes } from '../../test/fixtures/processes.ts'
import type { Claim } from '../claim.ts'

interface Attack {
  readonly name: string
  readonly graph: TinyGraph
  /** Codes that are a right end of it. */
  readonly codes: readonly string[]
}

const RUN_MS_MAX = 3_000
const MEMORY_BYTES_MAX = 256 * 1_024 * 1_024
/** A file beside the folder of the models, that no model may read. */
const SECRET = `brume-secret-${process.pid}.bin`

/** A graph that gives back the bytes of a file outside its folder, if it were let. */
function escaping(location: string): TinyGraph {
  return {
    nodes: [{ op: 'Add', inputs: ['x', 'stolen'], outputs: ['y'] }],
    inputs: [{ name: 'x', type: 'float32', dims: [4] }],
    outputs: [{ name: 'y', type: 'float32', dims: [4] }],
    initializers: [{ name: 'stolen', type: 'float32', dims: [4], data: { location, bytes: 16 } }],
  }
}

function attacks(dir: string): readonly Attack[] {
  const memory = ['RUNTIME_MEMORY', 'RUNTIME_EXECUTOR_DIED', 'RUNTIME_RUN_FAILED']
  const outside = ['RUNTIME_LOAD_FAILED']
  return [
    { name: 'a loop without end', graph: ENDLESS, codes: ['RUNTIME_RUN_TIMEOUT'] },
    { name: 'an output of 8 GiB', graph: huge(2n ** 31n), codes: memory },
    { name: 'an output of 4 EiB', graph: huge(2n ** 60n), codes: memory },
    // The same file within the folder: shows that only its place decides.
    { name: 'weights beside the model', graph: escaping(SECRET), codes: ['gave 16 bytes'] },
    { name: 'weights at ../', graph: escaping(`../${SECRET}`), codes: outside },
    {
      name: 'weights at an absolute path',
      graph: escaping(join(dir, '..', SECRET)),
      codes: outside,
    },
  ]
}

/** The code with which an attack ended, or what it got. */
async function attempt(fixture: RuntimeFixture, graph: TinyGraph): Promise<string> {
  const limits = { runMsMax: RUN_MS_MAX, memoryBytesMax: MEMORY_BYTES_MAX }
  try {
    const executor = await fixture.runtime.load(await fixture.spec(graph, limits))
    const size = graph.inputs[0]?.dims[0]
    const input: Tensor = floats('x', size === 4 ? [0, 0, 0, 0] : [1])
    const { outputs } = await executor.run([input])
    return `gave ${outputs[0]?.data.length} bytes`
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    return code
  }
}

async function doubles(fixture: RuntimeFixture): Promise<boolean> {
  const executor = await fixture.runtime.load(await fixture.spec(DOUBLE))
  const { outputs } = await executor.run([floats('x', [1, 2])])
  await executor.stop()
  return valuesOf(outputs[0]).join() === '2,4'
}

export const claim: Claim = {
  sentence: 'A hostile model costs its own process only, and ends with a code.',
  goal: 'every attack ended as it must, the runtime unharmed, no process left',
  run: async ({ say }) => {
    let contained = 0
    let total = 0
    {
      await using fixture = await runtimeFixture()
      await using stack = new AsyncDisposableStack()
      const secret = join(fixture.dir, '..', SECRET)
      stack.defer(() => rm(secret, { force: true }))
      for (const place of [secret, join(fixture.dir, SECRET)]) {
        await writeFile(place, new Uint8Array(16).fill(7))
      }
      for (const { name, graph, codes } of attacks(fixture.dir)) {
        total++
        const startMs = performance.now()
        const outcome = await attempt(fixture, graph)
        const tookMs = performance.now() - startMs
        const unharmed = await doubles(fixture)
        if (codes.includes(outcome) && unharmed) contained++
        say(`${name}: ${outcome} after ${tookMs.toFixed(0)} ms; others run: ${unharmed}`)
      }
    }
    const left = processes().filter(
      ({ parent, command }) => parent === process.pid && command.includes('executor'),
    ).length
    return {
      met: contained === total && left === 0,
      figure: `${contained} of ${total} contained, ${left} processes left`,
      facts: { contained, total, left },
    }
  },
}
