/**
 * Everything that the governor may know about a device and its owner, by name and with units.
 *
 * A signal reader fills in what it can; absent is the same as unknown. Instants
 * are on the monotonic clock of the daemon, in milliseconds; shares are from 0
 * to 1; temperatures are in degrees Celsius.
 *
 * @module
 */

import type { Reading } from './reading.ts'

export interface Signals {
  /** When a key, a pointer or a touch was last used on any seat, terminal or session. May be negative. */
  readonly lastInputAtMs: number
  /** True while every session of the device is locked. */
  readonly locked: boolean
  /** True while some display of the device is lit. */
  readonly screenOn: boolean
  /** Programs that ask the device not to fall asleep for want of input. */
  readonly inhibitors: readonly Inhibitor[]
  /** True while sound or video is played. */
  readonly media: boolean
  /** True while one window covers a whole display. */
  readonly fullscreen: boolean
  /** True while a microphone or camera is in use. */
  readonly call: boolean
  /** Names of running programs that the owner wants to have the device for themselves. */
  readonly exclusiveApps: readonly string[]
  readonly cpu: CpuUse
  readonly pressure: Pressure
  readonly memory: MemoryUse
  readonly thermal: readonly ThermalZone[]
  /** What the board says of its own supply and clock, such as a Raspberry Pi's. */
  readonly board: BoardFlags
  /** Chargers and other supplies. Empty where a device has none to tell of. */
  readonly supplies: readonly PowerSupply[]
  /** Batteries that run this device. Empty for a device without one. */
  readonly batteries: readonly Battery[]
  readonly gpus: readonly GpuUse[]
  readonly network: NetworkUse
  readonly disk: DiskSpace
  readonly lidClosed: boolean
  /** True from the moment the system says that it is about to sleep or to shut down. */
  readonly sleepPending: boolean
  /** What the person told the daemon to do. */
  readonly wish: Wish
  /** What the last self-test of priority isolation measured. */
  readonly isolation: Isolation
  /** What work of others does on this device right now. */
  readonly work: WorkHere
}

export type SignalName = keyof Signals

/** Every signal as it was last read. */
export type Readings = { readonly [Name in SignalName]?: Reading<Signals[Name]> }

/** What a driver hands the governor at every tick. */
export interface Sample {
  /** The monotonic clock, in milliseconds. Never less than before; it may stand still while the device sleeps. */
  readonly nowMs: number
  /** Milliseconds since the Unix epoch; may jump. */
  readonly wallMs: number
  /** Minutes that local time is ahead of UTC, for hours of the week. */
  readonly zoneMinutes: number
  readonly readings: Readings
}

export interface Inhibitor {
  /** What it holds off: the idle screen, or sleep. Only `idle` is taken as a sign of a person. */
  readonly what: 'idle' | 'sleep'
  /** Name of the program, as the system gives it. */
  readonly by: string
}

export interface CpuUse {
  /** Share of all logical processors that was in use. */
  readonly busyFraction: number
  /** The part of it that was harvested work, counted exactly; at most `busyFraction`. */
  readonly ownFraction: number
  /** Logical processors that this device may use, a quota included. */
  readonly cores: number
}

/** Shares of time in which work stood still for want of something (Linux PSI, or a canary's lateness). */
export interface Pressure {
  readonly cpuSomeFraction: number
  readonly memorySomeFraction: number
  readonly memoryFullFraction: number
  readonly ioSomeFraction: number
  /** False when harvested work counts as having waited: then the value for the CPU says nothing of the owner. */
  readonly ofOthersOnly: boolean
}

export interface MemoryUse {
  readonly totalBytes: number
  /** What programs could still be given without swapping. */
  readonly availableBytes: number
}

export interface ThermalZone {
  readonly name: string
  readonly part: 'cpu' | 'gpu' | 'battery' | 'other'
  readonly celsius: number
  /** Where the system itself begins to slow down to cool, when it says so. */
  readonly passiveCelsius?: number
  /** Where the system switches itself off, when it says so. */
  readonly criticalCelsius?: number
}

export interface BoardFlags {
  readonly underVoltage: boolean
  /** True while the board holds its clock down. */
  readonly throttled: boolean
}

export interface PowerSupply {
  readonly name: string
  readonly type: 'mains' | 'usb' | 'wireless' | 'ups'
  /** True while it feeds the device. A UPS is online while the grid is. */
  readonly online: boolean
}

export interface Battery {
  readonly name: string
  readonly chargeFraction: number
  readonly status: 'charging' | 'discharging' | 'full' | 'not-charging'
  /** What flows into it, negative when it flows out. */
  readonly watts?: number
}

export interface GpuUse {
  readonly name: string
  /** Share of its time that programs other than ours used. */
  readonly busyByOthersFraction: number
  readonly usedByOthersBytes: number
  readonly totalBytes: number
  /** True when a display is connected to it. */
  readonly display: boolean
}

export interface NetworkUse {
  readonly metered: boolean
  /** Bytes that harvested work sent and received since local midnight. */
  readonly todayBytes: number
}

export interface DiskSpace {
  readonly freeBytes: number
}

/** `finish` lets what runs come to its end and takes nothing new; `boost` takes the person as absent. */
export type Wish =
  | { readonly mode: 'none' }
  /** Until `untilWallMs`, or until `resume` without it. */
  | { readonly mode: 'pause' | 'finish' | 'boost'; readonly untilWallMs?: number }

export interface Isolation {
  /** Share of one contended processor that harvested work took from a program of the owner. */
  readonly backgroundFraction: number
}

/** `running` is on the processor, `paused` is loaded but off it, `none` holds nothing. */
export interface WorkHere {
  readonly cpu: 'none' | 'running' | 'paused'
  readonly gpu: 'none' | 'running' | 'paused'
  /** True when somebody waits for its next step, as with a text being written. */
  readonly interactive: boolean
}
