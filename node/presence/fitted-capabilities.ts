/**
 * Makes what this device says of itself fit the bounds of a record, so that nobody refuses it.
 *
 * @module
 */

import {
  type Capabilities,
  ACCELERATORS_MAX,
  DEVICE_NAME_CHARACTERS_MAX,
  HOLDINGS_MAX,
  LABEL_CHARACTERS_MAX,
  PACES_MAX,
  RANGES_PER_MODEL_MAX,
  STREAMS_TOLD_MAX,
  TEXT_MEBIBYTES_TOLD_MAX,
} from '../../protocols/presence/index.ts'

/** The same with whole numbers, and with texts and lists cut to their longest. */
export function fittedCapabilities<Offered extends Omit<Capabilities, 'addresses'>>(
  offered: Offered,
): Offered {
  const { speeds } = offered
  return {
    ...offered,
    name: offered.name.slice(0, DEVICE_NAME_CHARACTERS_MAX),
    software: offered.software.slice(0, LABEL_CHARACTERS_MAX),
    processor: offered.processor.slice(0, LABEL_CHARACTERS_MAX),
    cores: whole(offered.cores),
    memoryBytes: whole(offered.memoryBytes),
    memoryFreeBytes: whole(offered.memoryFreeBytes),
    leaseMs: whole(offered.leaseMs),
    levelQuarters: Math.min(4, whole(offered.levelQuarters)),
    accelerators: offered.accelerators.slice(0, ACCELERATORS_MAX).map((accelerator) => ({
      kind: accelerator.kind,
      name: accelerator.name.slice(0, LABEL_CHARACTERS_MAX),
      memoryBytes: whole(accelerator.memoryBytes),
    })),
    speeds: {
      f32MflopsPerS: whole(speeds.f32MflopsPerS),
      int8MopsPerS: whole(speeds.int8MopsPerS),
      memoryMBPerS: whole(speeds.memoryMBPerS),
      storageReadMBPerS: whole(speeds.storageReadMBPerS),
      storageWriteMBPerS: whole(speeds.storageWriteMBPerS),
      gpuF32MflopsPerS: whole(speeds.gpuF32MflopsPerS),
    },
    holdings: offered.holdings.slice(0, HOLDINGS_MAX).map(({ model, ranges }) => ({
      model,
      ranges: ranges.slice(0, RANGES_PER_MODEL_MAX),
    })),
    paces: offered.paces.slice(0, PACES_MAX),
    streams: Math.min(STREAMS_TOLD_MAX, whole(offered.streams)),
    textMebibytes: Math.min(TEXT_MEBIBYTES_TOLD_MAX, whole(offered.textMebibytes)),
  }
}

function whole(value: number): number {
  return Number.isFinite(value)
    ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.floor(value)))
    : 0
}
