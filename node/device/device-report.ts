/**
 * What this machine is and how fast it was measured to be.
 *
 * @module
 */

/** Plain facts of the hardware, read once at boot. */
export interface DeviceInventory {
  /** `linux`, `darwin`, `win32`. */
  readonly platform: string
  readonly arch: string
  /** Name of the operating system for people. */
  readonly system: string
  /** Product name where the firmware gives one, else the processor. */
  readonly model: string
  readonly processor: string
  /** Logical processors that this process may use. */
  readonly cores: number
  readonly memoryBytes: number
  readonly accelerators: readonly Accelerator[]
  /** True inside a virtual machine. */
  readonly virtual: boolean
}

export interface Accelerator {
  readonly kind: 'gpu' | 'npu'
  readonly name: string
  /** Its own memory; undefined when unknown or shared. */
  readonly memoryBytes?: number
}

/** Measured speeds. */
export interface Benchmark {
  readonly f32MflopsPerS: number
  readonly int8MopsPerS: number
  readonly memoryMBPerS: number
  readonly storageReadMBPerS: number
  readonly storageWriteMBPerS: number
  readonly gpuF32MflopsPerS?: number
  /** What did the matrix products. */
  readonly gemmBy: 'runtime' | 'javascript'
  /** Wall time of the measurement, in ms since the epoch. */
  readonly measuredMs: number
  readonly tookMs: number
}

/** One execution provider, as the runtime found it. */
export interface ProviderFinding {
  readonly name: string
  readonly available: boolean
  /** Why it is not available. */
  readonly reason?: string
  /** The hardware that it drives. */
  readonly adapter?: string
}

/** Everything that `brume device` prints. */
export interface DeviceReport extends DeviceInventory {
  /** Memory that is free right now. */
  readonly memoryFreeBytes: number
  /** Free space where the state directory lies. */
  readonly diskFreeBytes: number
  readonly providers: readonly ProviderFinding[]
  /** Undefined when this device was not measured. */
  readonly benchmark: Benchmark | undefined
  /** True when the speeds were read from the cache. */
  readonly cached: boolean
  /** Names what was measured: another value means that the hardware has changed. */
  readonly fingerprint: string
}
