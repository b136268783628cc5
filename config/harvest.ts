/**
 * When and how much this device is lent: the numbers of the governor in node/harvest.
 *
 * Everything below `template` is taken from the template unless it is set here, so
 * that one number can be changed without repeating the others. Percentages are
 * of the whole device. What belongs together is checked in harvest-policy.ts.
 *
 * @module
 */

import { z } from 'zod'
import { parseTimeWindow } from './time-window.ts'

const DAY_MS = 86_400_000
const TIB = 1_099_511_627_776

/** Templates that have a name; `auto` takes the one of the detected class of the device. */
export const HARVEST_TEMPLATE_NAMES = [
  'desktop',
  'laptop',
  'server',
  'phone',
  'sbc',
  'container',
  'night-only',
  'game-pc',
] as const

export type HarvestTemplateName = (typeof HARVEST_TEMPLATE_NAMES)[number]

/** Numbers without a default of their own: the template has it. */
const number = (min: number, max: number, meaning: string) =>
  z.int().min(min).max(max).optional().describe(meaning)
const percent = (meaning: string) => number(0, 100, meaning)
const celsius = (meaning: string) => number(20, 120, meaning)
const durationMs = (max: number, meaning: string) => number(0, max, meaning)
const choice = <const Words extends readonly [string, ...string[]]>(
  words: Words,
  meaning: string,
) => z.enum(words).optional().describe(meaning)
const windows = (meaning: string) =>
  z
    .array(
      z
        .string()
        .refine((text) => parseTimeWindow(text) !== undefined)
        .describe('times such as 22:00-07:00 or mon-fri 18:00-08:00'),
    )
    .max(16)
    .optional()
    .describe(meaning)

const PRESENT = {
  presentCpuPercent: percent('CPU that work may use while somebody is there'),
  presentCpuCoresMax: number(0, 1_024, 'cores of it at most; 0 for no such limit'),
  presentGpuPercent: percent('GPU that work may use while somebody is there'),
  presentMemoryPercent: percent('memory that work may hold while somebody is there'),
  presentNetworkPercent: percent('measured uplink that work may use while somebody is there'),
  inputUnknownMeans: choice(['present', 'away'], 'what to conclude where input cannot be seen'),
  screenOnMeans: choice(['present', 'nothing'], 'what a display that is lit and unlocked says'),
  inputFreshMs: durationMs(60_000, 'age of input below which somebody is using the device now'),
  bumpMs: durationMs(60_000, 'a lone touch after a long absence counts for this long; 0: as any'),
}

const AWAY = {
  graceMs: durationMs(DAY_MS, 'time without input after which absence is considered'),
  cpuAwayMs: durationMs(DAY_MS, 'time without input after which all of the CPU is lent'),
  gpuAwayMs: durationMs(DAY_MS, 'time without input after which the GPU is lent'),
  awayCpuPercent: percent('CPU that work may use while nobody is there'),
  spareCores: number(0, 64, 'cores left free until the GPU is lent too'),
  awayGpuPercent: percent('GPU that work may use while nobody is there'),
  awayMemoryPercent: percent('memory that work may hold while nobody is there'),
  awayNetworkPercent: percent('measured uplink that work may use while nobody is there'),
  rampMs: durationMs(600_000, 'time from a quarter of the device to all of it'),
  leaseMs: durationMs(DAY_MS, 'longest lease that is promised to others'),
  flapStopsPerHourMax: number(1, 1_000, 'stops an hour beyond which the waiting times double'),
  flapAwayMsMax: durationMs(DAY_MS, 'longest time without input that they grow to'),
}

const LOAD = {
  busyThrottlePercent: percent('CPU use of other programs above which work is throttled'),
  busyThrottleAfterMs: durationMs(600_000, 'time of it before work is throttled'),
  busyThrottleToPercent: percent('CPU that throttled work may use'),
  busyStopAfterMs: durationMs(600_000, 'time of it before work stops'),
  busyReopenPercent: percent('CPU use of other programs below which work goes on'),
  busyReopenAfterMs: durationMs(DAY_MS, 'time of it before work goes on'),
  pressureCpuPercent: percent('time that other programs wait for the CPU, as use above'),
  pressureMemoryPercent: percent('time that programs wait for memory before caches are dropped'),
  pressureMemoryStopPercent: percent('time that all programs wait for memory before work leaves'),
  pressureIoPercent: percent('time that programs wait for the disk before work is throttled'),
  memoryFreePercentMin: percent('memory that stays free for other programs'),
  memoryFreeBytesMin: number(0, TIB, 'memory that stays free for other programs, at least'),
  gpuOthersPercent: percent('GPU use of other programs above which the GPU is not lent'),
  gpuIdleMs: durationMs(DAY_MS, 'time below it before the GPU is lent'),
  exclusiveHoldMs: durationMs(DAY_MS, 'time after an exclusive program before work goes on'),
  diskFreeBytesMin: number(0, 1_024 * TIB, 'disk below which work stops'),
  diskGuardMs: durationMs(DAY_MS, 'time above it before work goes on'),
  isolationPercentMax: percent('CPU that work may take from a busy program, as self-tests measure'),
}

const POWER = {
  onBattery: choice(['stop', 'allow'], 'what work does while the device runs on its battery'),
  batteryChargePercentMin: percent('charge that it needs where it may run on the battery'),
  batteryCpuPercent: percent('CPU that it may use then'),
  powerUnknownMeans: choice(['mains', 'battery'], 'what to conclude where power cannot be seen'),
  chargeStopPercent: percent('charge below which work stops even on the charger; 0: none'),
  chargeResumePercent: percent('charge from which work goes on after the battery was used'),
  chargerHoldMs: durationMs(DAY_MS, 'time on the charger before work goes on'),
  chargeFirstPercent: percent('charge below which charging goes first'),
  chargeFirstCpuPercent: percent('CPU that work may use then'),
  chargeRatePercentMin: percent('rate of charging that work leaves, of that without work; 0: any'),
  chargeRateMs: durationMs(DAY_MS, 'time over which a rate of charging is taken'),
  batteryGuardMs: durationMs(DAY_MS, 'shortest stop for the sake of the battery'),
}

const HEAT = {
  cpuSoftCelsius: celsius('processor: work is throttled above'),
  cpuHardCelsius: celsius('processor: work stops at'),
  cpuResumeCelsius: celsius('processor: work goes on below, after a stop'),
  batteryCpuSoftCelsius: celsius('processor on battery: work is throttled above'),
  batteryCpuHardCelsius: celsius('processor on battery: work stops at'),
  batteryCpuResumeCelsius: celsius('processor on battery: work goes on below'),
  gpuSoftCelsius: celsius('GPU: work is throttled above'),
  gpuHardCelsius: celsius('GPU: work stops at'),
  gpuResumeCelsius: celsius('GPU: work goes on below, after a stop'),
  packSoftCelsius: celsius('battery pack: work is throttled above'),
  packHardCelsius: celsius('battery pack: work stops at'),
  packResumeCelsius: celsius('battery pack: work goes on below, after a stop'),
  tripMarginCelsius: number(0, 50, 'distance kept from where the system itself slows down'),
  thermalForecastMs: durationMs(600_000, 'how far ahead temperature is looked at'),
  thermalSmoothingMs: durationMs(600_000, 'over how long its slope is averaged'),
  thermalDownPercentPerSecond: number(1, 100, 'how fast heat may lower a level'),
  thermalUpPercentPerSecond: number(1, 100, 'how fast a level may rise again'),
  thermalGuardMs: durationMs(DAY_MS, 'shortest stop for the sake of heat'),
  thermalStuckMs: durationMs(DAY_MS, 'time after which a sensor that never moves is not believed'),
  thermalUnknownPercent: percent('CPU that work may use where no temperature can be read'),
}

const HOURS = {
  windows: windows('when work is allowed; empty: always'),
  quietWindows: windows('when fans should stay quiet'),
  quietCpuPercent: percent('CPU that work may use in quiet hours'),
  meteredNetwork: choice(['stop', 'allow'], 'what work does on a network paid by volume'),
  networkDayBytesMax: number(0, 1_024 * TIB, 'bytes that work may move in a day; 0: no limit'),
}

const GIVE_BACK = {
  yieldMs: durationMs(60_000, 'time for work to stop by itself before it is frozen'),
  drainInteractiveMs: durationMs(600_000, 'time frozen before a text moves to another device'),
  drainBatchMs: durationMs(DAY_MS, 'time frozen before a batch job moves to another device'),
  killMs: durationMs(600_000, 'time to move before processes are ended'),
  gpuMemoryKeptMs: durationMs(DAY_MS, 'time without a level before memory of the GPU is freed'),
  memoryKeptMs: durationMs(DAY_MS, 'time without a level before memory is freed'),
}

/** What a template says: every setting without a default of its own. */
const TEMPLATED = { ...PRESENT, ...AWAY, ...LOAD, ...POWER, ...HEAT, ...HOURS, ...GIVE_BACK }

const fixed = (range: readonly [min: number, max: number], value: number, meaning: string) =>
  z.int().min(range[0]).max(range[1]).default(value).describe(meaning)

/** A folder of Linux; a container may have that of its host elsewhere. */
const root = (path: string, meaning: string) =>
  z.string().min(1).max(1_024).default(path).describe(meaning)

export const harvestSection = z.strictObject({
  enabled: z.boolean().default(true).describe('lend this device to the mesh while it is idle'),
  template: z
    .enum(['auto', ...HARVEST_TEMPLATE_NAMES])
    .default('auto')
    .describe('numbers for a kind of device; auto: the kind that is detected'),
  exclusiveApps: z
    .array(z.string().min(1).max(128).describe('names of programs'))
    .max(64)
    .default([])
    .describe('while one of these runs, nothing is lent'),
  probeMs: fixed([0, 600_000], 30_000, 'time for the self-test of isolation; 0: none is asked for'),
  procRoot: root('/proc', 'where the system shows its processes'),
  sysRoot: root('/sys', 'where the system shows its hardware'),
  devRoot: root('/dev', 'where the system shows its terminals'),
  runRoot: root('/run', 'where services of the system have their sockets'),
  idleTickMs: fixed([250, 60_000], 2_000, 'time between two looks while nothing is lent'),
  lentTickMs: fixed([50, 10_000], 250, 'time between two looks while the device is lent'),
  signalStaleMs: fixed([500, 600_000], 10_000, 'age from which a signal is not believed'),
  slowSignalStaleMs: fixed([500, 3_600_000], 60_000, 'the same for signals that are rarely read'),
  historyMs: fixed([60_000, 7 * DAY_MS], DAY_MS, 'how far back decisions can be explained'),
  traceBytesMax: fixed([65_536, TIB], 67_108_864, 'disk for the trace of signals and decisions'),
  ...TEMPLATED,
})

/** Settings under `harvest`. */
export type HarvestConfig = Readonly<z.infer<typeof harvestSection>>

/** A value for each setting that depends on the template. */
export type HarvestTemplate = {
  readonly [Key in keyof typeof TEMPLATED]: NonNullable<HarvestConfig[Key]>
}
