/**
 * Every rule, those about the person apart: what they conclude is shown to the others.
 *
 * @module
 */

import { batteryLow, chargeFirst } from './battery-charge.ts'
import { boardThrottled, underVoltage } from './board.ts'
import { call } from './call.ts'
import { cpuBusy } from './cpu-busy.ts'
import { diskLow } from './disk-low.ts'
import { exclusiveApp } from './exclusive-app.ts'
import { fullscreen } from './fullscreen.ts'
import { gpuBusy, gpuDisplay } from './gpu-busy.ts'
import { quietHours, timeWindow } from './hours.ts'
import { inhibitor } from './inhibitor.ts'
import { isolation } from './isolation.ts'
import { leaseLength } from './lease-length.ts'
import { media } from './media.ts'
import { metered, networkQuota } from './network.ts'
import { onBattery } from './on-battery.ts'
import { disabled, ownerWish } from './owner-wish.ts'
import { memoryShort, pressureCpu, pressureIo, pressureMemory } from './pressure.ts'
import type { AnyRule } from './rule.ts'
import { screenOn } from './screen-on.ts'
import { shareCaps } from './share-caps.ts'
import { lidClosed, sleepPending } from './sleep.ts'
import { slowCharging } from './slow-charging.ts'
import { temperature } from './temperature.ts'
import { userInput } from './user-input.ts'

/** A cap of one of these on a resource means that somebody is there. */
export const PRESENCE_RULES: readonly AnyRule[] = [
  userInput,
  inhibitor,
  media,
  fullscreen,
  screenOn,
]

export const DEVICE_RULES: readonly AnyRule[] = [
  disabled,
  ownerWish,
  call,
  exclusiveApp,
  isolation,
  cpuBusy,
  pressureCpu,
  pressureIo,
  pressureMemory,
  memoryShort,
  gpuBusy,
  gpuDisplay,
  onBattery,
  batteryLow,
  chargeFirst,
  slowCharging,
  underVoltage,
  boardThrottled,
  temperature,
  timeWindow,
  quietHours,
  metered,
  networkQuota,
  diskLow,
  sleepPending,
  lidClosed,
  shareCaps,
  leaseLength,
]
