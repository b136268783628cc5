/**
 * Why a device lends less than it could: one list of codes for every face.
 *
 * @module
 */

import type { Resource } from './levels.ts'
import type { SignalName } from './signals.ts'

/** Every code, with what it means for the owner. */
export const REASON_MEANINGS = {
  USER_INPUT: 'somebody types, points or touches right now',
  USER_PRESENT: 'somebody used the device a short while ago',
  USER_PRESENT_INHIBITOR: 'a program holds off the idle screen',
  MEDIA: 'sound or video is played',
  FULLSCREEN: 'a window covers a whole display',
  SCREEN_ON: 'a display is lit and not locked',
  CALL: 'a microphone or camera is in use',
  EXCLUSIVE_APP: 'a program runs that wants the device for itself',
  CPU_BUSY: 'programs of the owner use the processor',
  PRESSURE_CPU: 'programs of the owner wait for the processor',
  PRESSURE_MEM: 'programs wait for memory',
  PRESSURE_IO: 'programs wait for the disk',
  GPU_BUSY_OTHER: 'programs of the owner use the GPU',
  GPU_DISPLAY: 'the GPU draws a display that somebody looks at',
  ON_BATTERY: 'the device runs on its battery',
  BATTERY_LOW: 'the battery holds too little',
  CHARGE_FIRST: 'the battery is charged first',
  UNDERVOLT: 'the supply of the board is too weak',
  TEMP_SOFT: 'the device is warm',
  TEMP_HARD: 'the device is too hot',
  TEMP_FORECAST: 'the device would be too hot in a minute',
  FAN_QUIET_HOURS: 'these are quiet hours',
  TIME_WINDOW: 'these are not hours in which work is allowed',
  METERED: 'the network is paid by volume',
  NET_QUOTA: 'the volume of this day is used up',
  DISK_LOW: 'the disk is nearly full',
  MEM_CAP: 'this is the share of memory that work may take',
  CPU_CAP: 'this is the share of the processor that work may take',
  GPU_CAP: 'this is the share of the GPU that work may take',
  NET_CAP: 'this is the share of the network that work may take',
  PAUSED_BY_USER: 'you paused it',
  FINISHING_BY_USER: 'you let it finish what runs',
  DISABLED: 'harvesting is switched off in the configuration',
  SLEEP_PENDING: 'the device is about to sleep or to shut down',
  LID_CLOSED: 'the lid was just closed',
  SENSOR_STALE: 'a signal that matters cannot be read',
  CLOCK_JUMP: 'the device slept, or its clock was set',
  FLAP_GUARD: 'it started and stopped too often',
  DWELL: 'it waits before it starts again, so that it does not start and stop all day',
  RAMP: 'it begins slowly',
  SELFTEST: 'it measures whether its work would be felt',
  NO_ISOLATION: 'its work would be felt by programs of the owner',
  LEASE_NONE: 'nothing can be promised to others while nothing is lent',
} as const satisfies Readonly<Record<string, string>>

export type ReasonCode = keyof typeof REASON_MEANINGS

/** One cause of a level that is below 1. */
export interface Reason {
  readonly code: ReasonCode
  readonly resource: Resource
  /** The level that it allows, from 0 to 1. */
  readonly cap: number
  /** Since when, on the monotonic clock. */
  readonly sinceMs: number
  /** The earliest end, on the monotonic clock, where it is known. */
  readonly untilMs?: number
  /** What ends it, as a sentence without a full stop. */
  readonly unblocks: string
  /** For `DWELL`: the cause that has gone. */
  readonly after?: ReasonCode
  /** The signal that it was concluded from. */
  readonly signal?: SignalName
  /** The figure or the name behind it, such as `81 °C` or `mpv`. */
  readonly detail?: string
}
