/**
 * What a device says of itself in its capability record, from what was found out about it.
 *
 * @module
 */

import { type Capabilities, PROVIDER_NAMES } from '../../protocols/presence/index.ts'
import type { Benchmark, DeviceReport } from './device-report.ts'

/** What the report does not know. */
export interface Offer {
  readonly name: string
  readonly software: string
  /** Memory that executors may take at most. */
  readonly workMemoryBytesMax: number
  /** Longest lease that is granted, in ms. */
  readonly leaseMs: number
  readonly tasks: Capabilities['tasks']
}

/** The record's part of a device that holds no models yet, and of which nobody has decided what is lent. */
export function offeredCapabilities(
  report: DeviceReport,
  offer: Offer,
): Omit<Capabilities, 'addresses'> {
  const { benchmark } = report
  const works = new Set(
    report.providers.filter(({ available }) => available).map(({ name }) => name),
  )
  return {
    name: offer.name,
    software: offer.software,
    processor: report.processor,
    cores: report.cores,
    memoryBytes: report.memoryBytes,
    memoryFreeBytes: Math.min(report.memoryFreeBytes, offer.workMemoryBytesMax),
    accelerators: report.accelerators.map(({ kind, name, memoryBytes = 0 }) => ({
      kind,
      name,
      memoryBytes,
    })),
    providers: PROVIDER_NAMES.filter((name) => works.has(name)),
    speeds: speedsOf(benchmark),
    levelQuarters: 0,
    forecast: undefined,
    leaseMs: offer.leaseMs,
    holdings: [],
    paces: [],
    streams: 0,
    textMebibytes: 0,
    tasks: offer.tasks,
    tier: 'self',
    numericClass: undefined,
    trust: undefined,
  }
}

/** Zero stands for unknown. */
function speedsOf(benchmark: Benchmark | undefined): Capabilities['speeds'] {
  const known: Partial<Capabilities['speeds']> = benchmark ?? {}
  return {
    f32MflopsPerS: known.f32MflopsPerS ?? 0,
    int8MopsPerS: known.int8MopsPerS ?? 0,
    memoryMBPerS: known.memoryMBPerS ?? 0,
    storageReadMBPerS: known.storageReadMBPerS ?? 0,
    storageWriteMBPerS: known.storageWriteMBPerS ?? 0,
    gpuF32MflopsPerS: known.gpuF32MflopsPerS ?? 0,
  }
}
