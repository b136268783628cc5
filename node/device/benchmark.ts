/**
 * Measures this device in a process of its own, and matrix products by the runtime where there is one.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import {
  type BenchmarkResult,
  type BenchmarkTask,
  type GemmSpeeds,
  parseBenchmark,
} from './benchmark-protocol.ts'
import type { Benchmark } from './device-report.ts'
import { DeviceError } from './errors.ts'

/** Time for each quantity unless told otherwise, in ms: five of them and two process starts stay below three seconds. */
const EACH_MS = 250

/** Longest measurement, in ms; a disk that is slower than that is not one to offer. */
const BENCHMARK_MS_MAX = 10_000

/** Longest output that is read, in characters. */
const OUTPUT_CHARACTERS_MAX = 4_096

export interface BenchmarkComponents {
  readonly clock: Clock
  readonly logger: Logger
  /** Matrix products by the runtime, in a process of its own; plain JavaScript when left out or failing. */
  readonly gemm?: (
    signal: AbortSignal,
  ) => Promise<GemmSpeeds & { readonly gpuF32MflopsPerS?: number }>
}

/** @throws {DeviceError} `DEVICE_BENCHMARK_FAILED`. */
export async function runBenchmark(
  { clock, logger, gemm }: BenchmarkComponents,
  { directory, eachMs = EACH_MS }: { readonly directory: string; readonly eachMs?: number },
  signal: AbortSignal,
): Promise<Benchmark> {
  const startMs = clock.monotonicMs()
  const byRuntime = await gemm?.(signal).catch((error: unknown) => {
    logger.warn('matrix products not measured by the runtime', { error })
    return undefined
  })
  signal.throwIfAborted()
  const task = { directory, gemm: byRuntime === undefined, eachMs }
  const { gemm: byJavascript, ...measured } = await runProcess(task, signal)
  const speeds = byRuntime ?? byJavascript ?? { f32MflopsPerS: 0, int8MopsPerS: 0 }
  return {
    ...roundAll({ ...measured, ...speeds }),
    gemmBy: byRuntime === undefined ? 'javascript' : 'runtime',
    measuredMs: clock.wallMs(),
    tookMs: Math.round(clock.monotonicMs() - startMs),
  }
}

function roundAll<T extends object>(figures: T): T {
  const rounded = Object.entries(figures).map(([name, value]) => [name, Math.round(Number(value))])
  return Object.fromEntries(rounded) as T
}

function runProcess(task: BenchmarkTask, signal: AbortSignal): Promise<BenchmarkResult> {
  const { promise, resolve, reject } = Promise.withResolvers<BenchmarkResult>()
  const child = spawn(process.execPath, [entry(), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: BENCHMARK_MS_MAX,
    killSignal: 'SIGKILL',
    signal,
  })
  let output = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    if (output.length < OUTPUT_CHARACTERS_MAX) output += text
  })
  child.on('error', (error) => {
    const reason = signal.aborted ? signal.reason : failed('process not started', error)
    reject(reason)
  })
  child.on('close', (exitCode, killedBy) => {
    const result = parseBenchmark(output)
    if (result !== undefined) resolve(result)
    else reject(failed(`process ended with ${killedBy ?? `exit code ${exitCode}`}`))
  })
  return promise
}

/** Beside this file, with its ending: `.ts` as it is, `.js` when built. */
function entry(): string {
  return fileURLToPath(new URL(`./benchmark-main${extname(import.meta.url)}`, import.meta.url))
}

function failed(reason: string, cause?: Error): DeviceError {
  return new DeviceError({ code: 'DEVICE_BENCHMARK_FAILED', reason }, { cause })
}
