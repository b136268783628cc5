/**
 * Proves, before a stage serves, that it repeats itself and computes what the CPU computes.
 *
 * Drivers and kernels that are wrong for some shapes exist; the test goes through this very
 * stage on this very provider. What comes out names the numeric class: two stages of one class
 * gave the same bits for the same probe.
 *
 * @module
 */

import { createHash, type Hash } from 'node:crypto'
import { bytesEqual, utf8 } from '../../core/bytes.ts'
import { TENSOR_TYPES, type Tensor, type TensorSpec } from '../../core/tensor.ts'
import { RuntimeError } from './errors.ts'
import type { Executor } from './executor-spec.ts'

/** Largest difference to the CPU, as a part of the largest value of the same output. */
const TOLERANCE = 1e-3

/** Asks a stage the same thing twice. */
export interface Probe {
  /** True when another second answer means that the stage is broken, not only that it is not exact. */
  readonly mustRepeat: boolean
  first(executor: Executor): Promise<readonly Tensor[]>
  second(executor: Executor): Promise<readonly Tensor[]>
  /** The second time once more, with two rows where there was one, should that have had other bits. */
  padded?(executor: Executor): Promise<readonly Tensor[]>
  /** The same in the company of others, where the stage takes several at once. */
  together?(executor: Executor, lone: boolean): Promise<readonly Tensor[]>
  /** A small part of it, which shows whether a stage is the one that was proved before. */
  brief?(executor: Executor, lone: boolean): Promise<readonly Tensor[]>
  /** Gives back what the answers left in the executor. */
  end?(executor: Executor): Promise<void>
  /** Time of the quickest run of one row, in microseconds, once both answers are there. */
  stepUs?(): number
  /** What a row of another text added to the quickest run of one. */
  besideUs?(): number | undefined
  /** What a row took in the quickest run of many. */
  chunkUs?(): number | undefined
}

/** One run after another of the same inputs; {@link probeInputs} makes some where no better are known. */
export function plainProbe(inputs: readonly Tensor[]): Probe {
  const run = async (executor: Executor): Promise<readonly Tensor[]> =>
    (await executor.run(inputs)).outputs
  return { mustRepeat: true, first: run, second: run }
}

export interface SelfTestInit {
  /** Name of the stage: model and layer range, the same on every device. */
  readonly stage: string
  readonly probe: Probe
}

export interface SelfTest {
  /** Numeric class: SHA-256 in hex of versions, options and the outputs' bits. */
  readonly class: string
  /** True when both answers had the same bits. Of a plain probe always so on the CPU. */
  readonly exact: boolean
  /** True when rows alone changed no bit, so that they need no second one. */
  readonly lone: boolean
  /** True when company changed no bit either. */
  readonly together: boolean
  /** Time of the test. */
  readonly ms: number
  /** Of one row of a text, in microseconds; 0 where it was not measured. */
  readonly stepUs: number
  /** What a row of another text adds to a run, in microseconds; not there where it was not measured. */
  readonly besideUs?: number
  /** What a row takes in a run of many, in microseconds; the same. */
  readonly chunkUs?: number
}

/**
 * Asks twice, and for accelerators once more through `reference` on the CPU.
 *
 * @param reference - The same stage on the CPU provider; not asked for on the CPU itself.
 * @throws {RuntimeError} RUNTIME_SELF_TEST_FAILED, or what the runs throw.
 */
export async function selfTest(
  executor: Executor,
  init: SelfTestInit,
  reference: () => Promise<Executor>,
): Promise<SelfTest> {
  const startedMs = performance.now()
  const { probe } = init
  const { first, exact, lone, together } = await answersOf(executor, probe)
  const { provider } = executor.spec
  if (provider === 'cpu') {
    if (!exact && probe.mustRepeat)
      throw failed(executor, 'expected equal outputs from equal inputs, got others')
  } else {
    const cpu = await reference()
    try {
      compare(executor, first, await probe.first(cpu))
    } finally {
      await cpu.stop()
    }
  }
  const ms = performance.now() - startedMs
  const environment = classOf(executor, init.stage, first)
  return { class: environment, exact, lone, together, ms, ...timesOf(probe) }
}

interface ProbeAnswers extends Pick<SelfTest, 'exact' | 'lone' | 'together'> {
  readonly first: readonly Tensor[]
}

/** Asks in all ways that the probe knows, and compares. */
async function answersOf(executor: Executor, probe: Probe): Promise<ProbeAnswers> {
  const first = await probe.first(executor)
  try {
    return { first, ...(await comparedTo(first, executor, probe)) }
  } finally {
    await probe.end?.(executor)
  }
}

async function comparedTo(
  first: readonly Tensor[],
  executor: Executor,
  probe: Probe,
): Promise<Omit<ProbeAnswers, 'first'>> {
  const alike = sameAnswer(first, await probe.second(executor))
  const lone = alike && probe.padded !== undefined
  const padded = alike ? undefined : await probe.padded?.(executor)
  const exact = alike || (padded !== undefined && sameAnswer(first, padded))
  const third = exact ? await probe.together?.(executor, lone) : undefined
  return { exact, lone, together: third !== undefined && sameAnswer(first, third) }
}

function timesOf(probe: Probe): Pick<SelfTest, 'stepUs' | 'besideUs' | 'chunkUs'> {
  const besideUs = probe.besideUs?.()
  const chunkUs = probe.chunkUs?.()
  return {
    stepUs: probe.stepUs?.() ?? 0,
    ...(besideUs === undefined ? {} : { besideUs }),
    ...(chunkUs === undefined ? {} : { chunkUs }),
  }
}

function sameAnswer(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every((tensor, index) => sameBits(tensor, b[index]))
}

function sameBits(a: Tensor, b: Tensor | undefined): boolean {
  return b !== undefined && a.dims.join() === b.dims.join() && bytesEqual(a.data, b.data)
}

function compare(
  executor: Executor,
  outputs: readonly Tensor[],
  expected: readonly Tensor[],
): void {
  for (const [index, tensor] of outputs.entries()) {
    const target = expected[index]
    const alike = target !== undefined && target.dims.join() === tensor.dims.join()
    if (!alike) throw failed(executor, `output ${tensor.name} has another shape on the cpu`)
    const difference = relativeDifference(tensor, target)
    // Written so that NaN fails.
    if (!(difference <= TOLERANCE)) {
      const got = difference.toExponential(1)
      throw failed(executor, `output ${tensor.name}: expected at most ${TOLERANCE} off, got ${got}`)
    }
  }
}

/** Infinity where integers differ, or where one is NaN and the other is not. */
function relativeDifference(tensor: Tensor, target: Tensor): number {
  const values = floatsOf(tensor)
  const targets = floatsOf(target)
  if (values === undefined || targets === undefined) return sameBits(tensor, target) ? 0 : Infinity
  let largest = 0
  let difference = 0
  for (const [index, value] of values.entries()) {
    const expected = targets[index] ?? Number.NaN
    if (Object.is(value, expected)) continue
    const distance = Math.abs(value - expected)
    if (Number.isNaN(distance)) return Infinity
    difference = Math.max(difference, distance)
  }
  for (const expected of targets) {
    if (Number.isFinite(expected)) largest = Math.max(largest, Math.abs(expected))
  }
  return difference === 0 ? 0 : difference / Math.max(largest, 1e-6)
}

function floatsOf({ type, data }: Tensor): Float16Array | Float32Array | Float64Array | undefined {
  // A copy stands at a multiple of the element size, whatever message the tensor came in.
  const { buffer } = new Uint8Array(data)
  if (type === 'float32') return new Float32Array(buffer)
  if (type === 'float64') return new Float64Array(buffer)
  return type === 'float16' ? new Float16Array(buffer) : undefined
}

function classOf(executor: Executor, stage: string, outputs: readonly Tensor[]): string {
  const { provider, optimise } = executor.spec
  const hash = createHash('sha256')
  const words = ['brume/numeric-class/1', executor.ortVersion, provider, optimise, stage]
  for (const word of words) hash.update(utf8(`${word}\0`))
  hashTensors(hash, outputs)
  return hash.digest('hex')
}

/** Adds types, sizes and bits. */
export function hashTensors(hash: Hash, tensors: readonly Tensor[]): void {
  for (const { type, dims, data } of tensors) {
    hash.update(utf8(`${type}[${dims.join()}]\0`)).update(data)
  }
}

function failed({ spec }: Executor, detail: string): RuntimeError {
  return new RuntimeError({ code: 'RUNTIME_SELF_TEST_FAILED', provider: spec.provider, detail })
}

/** The size of a dimension that is not known. */
export const PROBE_OPEN_SIZE = 2

/**
 * Inputs for a probe: floats in [-1, 1) that look random and repeat, integers all 1.
 *
 * @param dims - Sizes of named dimensions; those not given, and unknown ones, are 2.
 */
export function probeInputs(
  specs: readonly TensorSpec[],
  dims: Readonly<Record<string, number>> = {},
): Tensor[] {
  return specs.map(({ name, type, dims: spec }) => {
    const sizes = spec.map((size) =>
      typeof size === 'number'
        ? size
        : ((size === null ? undefined : dims[size]) ?? PROBE_OPEN_SIZE),
    )
    const count = sizes.reduce((product, size) => product * size, 1)
    const data = new Uint8Array(count * TENSOR_TYPES[type])
    fill(type, data)
    return { name, type, dims: sizes, data }
  })
}

function fill(type: Tensor['type'], data: Uint8Array): void {
  const elementBytes = TENSOR_TYPES[type]
  const view = new DataView(data.buffer)
  let state = 1
  for (let at = 0; at < data.length; at += elementBytes) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const value = state / 2 ** 31 - 1
    if (type === 'float32') view.setFloat32(at, value, true)
    else if (type === 'float64') view.setFloat64(at, value, true)
    else if (type === 'float16') view.setFloat16(at, value, true)
    else view.setUint8(at, 1)
  }
}
