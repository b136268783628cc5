/**
 * The numbers of the governor for each kind of device.
 *
 * Proposals of research, anchored on what volunteer computing and makers of phones
 * use; each may be set one by one. Temperatures of desktops and laptops stay below
 * those at which their makers throttle.
 *
 * @module
 */

import type { HarvestTemplate, HarvestTemplateName } from './harvest.ts'

const GIB = 1_073_741_824
const MIB = 1_048_576
const MINUTE_MS = 60_000

const DESKTOP: HarvestTemplate = {
  presentCpuPercent: 25,
  presentCpuCoresMax: 0,
  presentGpuPercent: 0,
  presentMemoryPercent: 25,
  presentNetworkPercent: 25,
  inputUnknownMeans: 'present',
  screenOnMeans: 'nothing',
  inputFreshMs: 2_000,
  bumpMs: 5_000,
  graceMs: MINUTE_MS,
  cpuAwayMs: 3 * MINUTE_MS,
  gpuAwayMs: 5 * MINUTE_MS,
  awayCpuPercent: 100,
  spareCores: 1,
  awayGpuPercent: 100,
  awayMemoryPercent: 70,
  awayNetworkPercent: 80,
  rampMs: 30_000,
  leaseMs: 10 * MINUTE_MS,
  flapStopsPerHourMax: 6,
  flapAwayMsMax: 15 * MINUTE_MS,
  busyThrottlePercent: 50,
  busyThrottleAfterMs: 3_000,
  busyThrottleToPercent: 25,
  busyStopAfterMs: 10_000,
  busyReopenPercent: 35,
  busyReopenAfterMs: 30_000,
  pressureCpuPercent: 20,
  pressureMemoryPercent: 5,
  pressureMemoryStopPercent: 10,
  pressureIoPercent: 40,
  memoryFreePercentMin: 10,
  memoryFreeBytesMin: GIB,
  gpuOthersPercent: 10,
  gpuIdleMs: MINUTE_MS,
  exclusiveHoldMs: 15_000,
  diskFreeBytesMin: 2 * GIB,
  diskGuardMs: 10 * MINUTE_MS,
  isolationPercentMax: 5,
  onBattery: 'stop',
  batteryChargePercentMin: 80,
  batteryCpuPercent: 25,
  powerUnknownMeans: 'mains',
  chargeStopPercent: 0,
  chargeResumePercent: 50,
  chargerHoldMs: 30_000,
  chargeFirstPercent: 50,
  chargeFirstCpuPercent: 50,
  chargeRatePercentMin: 0,
  chargeRateMs: 10 * MINUTE_MS,
  batteryGuardMs: 2 * MINUTE_MS,
  cpuSoftCelsius: 80,
  cpuHardCelsius: 92,
  cpuResumeCelsius: 75,
  batteryCpuSoftCelsius: 65,
  batteryCpuHardCelsius: 75,
  batteryCpuResumeCelsius: 60,
  gpuSoftCelsius: 78,
  gpuHardCelsius: 86,
  gpuResumeCelsius: 75,
  packSoftCelsius: 40,
  packHardCelsius: 45,
  packResumeCelsius: 38,
  tripMarginCelsius: 10,
  thermalForecastMs: MINUTE_MS,
  thermalSmoothingMs: 20_000,
  thermalDownPercentPerSecond: 50,
  thermalUpPercentPerSecond: 1,
  thermalGuardMs: 2 * MINUTE_MS,
  thermalStuckMs: 10 * MINUTE_MS,
  thermalUnknownPercent: 75,
  windows: [],
  quietWindows: [],
  quietCpuPercent: 50,
  meteredNetwork: 'stop',
  networkDayBytesMax: 0,
  yieldMs: 500,
  drainInteractiveMs: 5_000,
  drainBatchMs: MINUTE_MS,
  killMs: 30_000,
  gpuMemoryKeptMs: 10_000,
  memoryKeptMs: 2 * MINUTE_MS,
}

const LAPTOP: HarvestTemplate = {
  ...DESKTOP,
  presentCpuPercent: 15,
  presentCpuCoresMax: 1,
  presentMemoryPercent: 15,
  awayCpuPercent: 75,
  spareCores: 0,
  awayMemoryPercent: 50,
  powerUnknownMeans: 'battery',
  leaseMs: 5 * MINUTE_MS,
  cpuSoftCelsius: 75,
  cpuHardCelsius: 88,
  cpuResumeCelsius: 70,
  gpuSoftCelsius: 75,
  gpuHardCelsius: 83,
  gpuResumeCelsius: 72,
  thermalUnknownPercent: 50,
  quietWindows: ['22:00-07:00'],
}

/** Nobody sits in front of it: only what other programs do counts. */
const SERVER: HarvestTemplate = {
  ...DESKTOP,
  presentCpuPercent: 90,
  presentGpuPercent: 100,
  presentMemoryPercent: 80,
  presentNetworkPercent: 80,
  inputUnknownMeans: 'away',
  bumpMs: 0,
  graceMs: 0,
  cpuAwayMs: 0,
  gpuAwayMs: 0,
  awayCpuPercent: 90,
  spareCores: 0,
  awayMemoryPercent: 80,
  leaseMs: 60 * MINUTE_MS,
  cpuHardCelsius: 90,
  gpuSoftCelsius: 80,
  gpuHardCelsius: 88,
  gpuResumeCelsius: 75,
  thermalUnknownPercent: 90,
}

const PHONE: HarvestTemplate = {
  ...LAPTOP,
  presentCpuPercent: 0,
  screenOnMeans: 'present',
  graceMs: MINUTE_MS,
  cpuAwayMs: 2 * MINUTE_MS,
  gpuAwayMs: 2 * MINUTE_MS,
  awayCpuPercent: 50,
  awayGpuPercent: 50,
  chargeStopPercent: 80,
  chargeResumePercent: 85,
  chargeFirstPercent: 85,
  chargeRatePercentMin: 60,
  leaseMs: 2 * MINUTE_MS,
  packSoftCelsius: 37,
  packHardCelsius: 40,
  packResumeCelsius: 35,
  thermalUnknownPercent: 25,
  networkDayBytesMax: 500 * MIB,
}

/** A small board, often without a fan: a Raspberry Pi slows down at 80 °C. */
const SBC: HarvestTemplate = {
  ...DESKTOP,
  inputUnknownMeans: 'away',
  graceMs: 30_000,
  cpuAwayMs: MINUTE_MS,
  gpuAwayMs: MINUTE_MS,
  awayCpuPercent: 75,
  spareCores: 0,
  awayMemoryPercent: 50,
  leaseMs: 5 * MINUTE_MS,
  memoryFreeBytesMin: 256 * MIB,
  diskFreeBytesMin: GIB,
  cpuSoftCelsius: 70,
  cpuHardCelsius: 78,
  cpuResumeCelsius: 65,
  tripMarginCelsius: 2,
  thermalUnknownPercent: 50,
}

const CONTAINER: HarvestTemplate = {
  ...SERVER,
  presentCpuPercent: 50,
  awayCpuPercent: 100,
  presentMemoryPercent: 60,
  awayMemoryPercent: 60,
  memoryFreeBytesMin: 256 * MIB,
  diskFreeBytesMin: GIB,
  leaseMs: 30 * MINUTE_MS,
  thermalUnknownPercent: 100,
}

const NIGHT_ONLY: HarvestTemplate = {
  ...DESKTOP,
  presentCpuPercent: 0,
  windows: ['22:00-07:00'],
}

/** Nothing while somebody is there, and slow to come back between two rounds. */
const GAME_PC: HarvestTemplate = {
  ...DESKTOP,
  presentCpuPercent: 0,
  bumpMs: 0,
  cpuAwayMs: 5 * MINUTE_MS,
  gpuAwayMs: 10 * MINUTE_MS,
  gpuOthersPercent: 5,
  gpuIdleMs: 3 * MINUTE_MS,
  exclusiveHoldMs: 5 * MINUTE_MS,
}

export const HARVEST_TEMPLATES: Readonly<Record<HarvestTemplateName, HarvestTemplate>> = {
  desktop: DESKTOP,
  laptop: LAPTOP,
  server: SERVER,
  phone: PHONE,
  sbc: SBC,
  container: CONTAINER,
  'night-only': NIGHT_ONLY,
  'game-pc': GAME_PC,
}
