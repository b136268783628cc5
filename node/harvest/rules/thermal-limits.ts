/**
 * At which temperatures a zone throttles and stops work.
 *
 * @module
 */

import type { ThermalZone } from '../signals.ts'
import { powerState } from './power-state.ts'
import type { View } from './rule.ts'

export interface ThermalLimits {
  readonly softCelsius: number
  readonly hardCelsius: number
  readonly resumeCelsius: number
}

/** Distances to its hard limit, in °C, of a zone that only says where the system slows down. */
const OTHER_SOFT_CELSIUS = 10
const OTHER_RESUME_CELSIUS = 15

/**
 * The limits of `zone`, or undefined for one that says nothing.
 *
 * Where the system tells at which temperature it slows down by itself, work stays clear of that:
 * the limits of the policy move down together.
 */
export function thermalLimits(zone: ThermalZone, view: View): ThermalLimits | undefined {
  const { tripMarginCelsius } = view.policy
  const tripCelsius = (zone.passiveCelsius ?? Number.POSITIVE_INFINITY) - tripMarginCelsius
  const limits = policyLimits(zone, view)
  if (limits === undefined) {
    if (!Number.isFinite(tripCelsius)) return undefined
    return below(tripCelsius, OTHER_SOFT_CELSIUS, OTHER_RESUME_CELSIUS)
  }
  const { softCelsius, hardCelsius, resumeCelsius } = limits
  if (tripCelsius >= hardCelsius) return limits
  return below(tripCelsius, hardCelsius - softCelsius, hardCelsius - resumeCelsius)
}

function below(hard: number, soft: number, resume: number): ThermalLimits {
  return { hardCelsius: hard, softCelsius: hard - soft, resumeCelsius: hard - resume }
}

function policyLimits(zone: ThermalZone, view: View): ThermalLimits | undefined {
  const { policy } = view
  switch (zone.part) {
    case 'cpu':
      return powerState(view).source === 'battery'
        ? {
            softCelsius: policy.batteryCpuSoftCelsius,
            hardCelsius: policy.batteryCpuHardCelsius,
            resumeCelsius: policy.batteryCpuResumeCelsius,
          }
        : {
            softCelsius: policy.cpuSoftCelsius,
            hardCelsius: policy.cpuHardCelsius,
            resumeCelsius: policy.cpuResumeCelsius,
          }
    case 'gpu':
      return {
        softCelsius: policy.gpuSoftCelsius,
        hardCelsius: policy.gpuHardCelsius,
        resumeCelsius: policy.gpuResumeCelsius,
      }
    case 'battery':
      return {
        softCelsius: policy.packSoftCelsius,
        hardCelsius: policy.packHardCelsius,
        resumeCelsius: policy.packResumeCelsius,
      }
    case 'other':
      return undefined
  }
}
