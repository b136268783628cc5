/**
 * What the benchmark process is told, and what it prints.
 *
 * @module
 */

/** Arguments of the process, as JSON in its first argument. */
export interface BenchmarkTask {
  /** Folder in which a scratch file is written, measured and removed. */
  readonly directory: string
  /** True when nobody else measures matrix products. */
  readonly gemm: boolean
  /** Time for each quantity, in ms. */
  readonly eachMs: number
}

/** Printed by the process as one line of JSON. */
export interface BenchmarkResult {
  readonly memoryMBPerS: number
  readonly storageReadMBPerS: number
  readonly storageWriteMBPerS: number
  /** Only when asked for. */
  readonly gemm?: GemmSpeeds
}

/** Speeds of matrix products, in 10^6 operations a second. */
export interface GemmSpeeds {
  readonly f32MflopsPerS: number
  readonly int8MopsPerS: number
}

/** The result in a line of output, or undefined when it is none. */
export function parseBenchmark(line: string): BenchmarkResult | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    return isResult(parsed) ? parsed : undefined
  } catch {
    // JSON.parse has no other way to say that the text is cut off.
    return undefined
  }
}

function isResult(value: unknown): value is BenchmarkResult {
  const keys = ['memoryMBPerS', 'storageReadMBPerS', 'storageWriteMBPerS']
  return hasNumbers(value, keys) && (!('gemm' in value) || isGemm(value.gemm))
}

function isGemm(value: unknown): value is GemmSpeeds {
  return hasNumbers(value, ['f32MflopsPerS', 'int8MopsPerS'])
}

function hasNumbers(value: unknown, keys: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null) return false
  return keys.every((key) => Number.isFinite((value as Record<string, unknown>)[key]))
}
