/**
 * How full a battery is: work drains it faster, a charger fills it with what is left.
 *
 * @module
 */

import type { Battery } from '../signals.ts'

export interface BatteryModelInit {
  readonly capacityWattHours: number
  /** What the device draws with nothing to do, and with all processors busy. */
  readonly idleWatts: number
  readonly fullWatts: number
  /** What the charger gives, for the device and the battery together. */
  readonly chargerWatts: number
}

const HOUR_MS = 3_600_000
/** What a sleeping device draws, as a share of one that idles. */
const ASLEEP_SHARE = 0.05

export class BatteryModel {
  readonly #init: BatteryModelInit
  #chargeFraction: number

  /** @param chargeFraction - Charge to begin with, from 0 to 1. */
  constructor(init: BatteryModelInit, chargeFraction: number) {
    this.#init = init
    this.#chargeFraction = chargeFraction
  }

  /** The battery after `ms` at a load from 0 to 1; `asleep` in place of a load while the device sleeps. */
  step(load: number | 'asleep', charger: boolean, ms: number): Battery {
    const { capacityWattHours, idleWatts, fullWatts, chargerWatts } = this.#init
    const drawn =
      load === 'asleep' ? ASLEEP_SHARE * idleWatts : idleWatts + (fullWatts - idleWatts) * load
    const watts = (charger ? chargerWatts : 0) - drawn
    const charge = this.#chargeFraction + (watts * ms) / HOUR_MS / capacityWattHours
    this.#chargeFraction = Math.min(1, Math.max(0, charge))
    const full = this.#chargeFraction === 1
    return {
      name: 'BAT0',
      chargeFraction: this.#chargeFraction,
      status: watts < 0 ? 'discharging' : full ? 'full' : 'charging',
      watts: full && watts > 0 ? 0 : watts,
    }
  }
}
