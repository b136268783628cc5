/**
 * Questions to the GPU through Dawn (the `webgpu` package), each in a child process of its own:
 * a driver that crashes or hangs costs that child only.
 *
 * @module
 */

import { decodeShape, optional, record, type ShapeOf, text, uint } from '../../core/cbor-shape.ts'
import { errorCode } from '../../core/errors.ts'
import { askOnce, type OneShotInit } from './one-shot.ts'
import { MESSAGE_CHARACTERS_MAX } from './limits.ts'

/** 'adapter' looks whether there is a GPU; 'benchmark' also multiplies matrices on it. */
export type GpuQuestion = 'adapter' | 'benchmark'

/** Side of the square matrices that are multiplied. */
export const GPU_MATRIX_SIDE = 512

export type GpuAnswer =
  | { readonly type: 'none'; readonly reason: string }
  | {
      readonly type: 'adapter'
      /** Vendor, architecture and name as the driver gives them. */
      readonly adapter: string
      /** True when a program computes, not hardware. */
      readonly software: boolean
      readonly benchmark?: GpuBenchmark
    }

export interface GpuBenchmark {
  readonly gflopsPerS: number
  /** Largest difference to the same product computed here in float64, of values up to 1. */
  readonly errorMax: number
  /** Time of the best of the timed products, from dispatch to done. */
  readonly bestMs: number
}

/** Microunits carry the fractions: canonical CBOR here has integers only. */
const benchmarkMessage = record({
  flopsPerS: uint(),
  errorNano: uint(),
  bestUs: uint(),
})

/** The answer of gpu-main: a reason when there is no adapter, else the adapter. */
export const GPU_MESSAGE = record({
  reason: optional(text(MESSAGE_CHARACTERS_MAX)),
  adapter: text(MESSAGE_CHARACTERS_MAX),
  software: uint(1),
  benchmark: optional(benchmarkMessage),
})

export type GpuMessage = ShapeOf<typeof GPU_MESSAGE>

/** Software adapters take seconds for what takes a GPU a millisecond. */
const GPU_MS_MAX = 60_000

/**
 * Asks once. A child that dies, hangs or talks nonsense is an answer too: no usable adapter.
 *
 * @throws the reason of `signal` when it aborts.
 */
export async function askGpu(
  child: Omit<OneShotInit, 'limitMs' | 'request'>,
  signal?: AbortSignal,
): Promise<GpuAnswer> {
  try {
    const frame = await askOnce({ ...child, limitMs: GPU_MS_MAX }, signal)
    const message = decodeShape(GPU_MESSAGE, frame.body)
    if (message.type === 'refused') return { type: 'none', reason: message.reason }
    return answerOf(message.value)
  } catch (error) {
    signal?.throwIfAborted()
    // Every RuntimeError here is about the child alone.
    if (errorCode(error) === undefined) throw error
    return { type: 'none', reason: error instanceof Error ? error.message : String(error) }
  }
}

function answerOf({ reason, adapter, software, benchmark }: GpuMessage): GpuAnswer {
  if (reason !== undefined) return { type: 'none', reason }
  const found = { type: 'adapter', adapter, software: software === 1 } as const
  if (benchmark === undefined) return found
  return {
    ...found,
    benchmark: {
      gflopsPerS: benchmark.flopsPerS / 1e9,
      errorMax: benchmark.errorNano / 1e9,
      bestMs: benchmark.bestUs / 1000,
    },
  }
}
