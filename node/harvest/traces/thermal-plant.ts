/**
 * How hot a device gets: heat in by what it computes, heat out by what surrounds it.
 *
 * One resistance and one capacity (RC), stepped exactly: T moves towards
 * `ambient + rise · load` with the time constant τ. Phones and boards without a fan
 * have a τ of minutes, laptops of one to three, a processor package of seconds.
 *
 * @module
 */

export interface ThermalPlantInit {
  readonly ambientCelsius: number
  /** How much hotter than its surroundings the device gets under full load in the end. */
  readonly riseCelsius: number
  /** Time in which 63 % of the way to the end is gone, in ms. */
  readonly tauMs: number
}

export class ThermalPlant {
  readonly #init: ThermalPlantInit
  #celsius: number

  /** Begins at the temperature of its surroundings. */
  constructor(init: ThermalPlantInit) {
    this.#init = init
    this.#celsius = init.ambientCelsius
  }

  get celsius(): number {
    return this.#celsius
  }

  /** The temperature after `ms` at a load from 0 to 1. */
  step(load: number, ms: number): number {
    const { ambientCelsius, riseCelsius, tauMs } = this.#init
    const end = ambientCelsius + riseCelsius * load
    this.#celsius = end + (this.#celsius - end) * Math.exp(-ms / tauMs)
    return this.#celsius
  }
}
