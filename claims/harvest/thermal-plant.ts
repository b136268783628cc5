/**
 * The governor heats a device that would be far too hot under full load, for hours.
 *
 * The plant is an RC model with a time constant of a processor package, a laptop and a
 * board without a fan; its sensor is rounded and noisy, and read every 2 s.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import type { HarvestPolicy, HarvestTemplateName } from '../../config/index.ts'
import { Governor } from '../../node/harvest/governor/governor.ts'
import { known } from '../../node/harvest/reading.ts'
import { ThermalPlant } from '../../node/harvest/traces/thermal-plant.ts'
import { defaultPolicy } from './default-policy.ts'
import type { Claim } from '../claim.ts'

const TAUS_MS = [10_000, 60_000, 600_000]
const TEMPLATES = ['desktop', 'laptop', 'sbc'] as const
const AMBIENT_CELSIUS = 30
const RISE_CELSIUS = 90
const HOURS = 3
const TICK_MS = 500
const READ_MS = 2_000
/** Half of the width of the sensor's noise. */
const NOISE_CELSIUS = 1

const ABOVE_MAX = 2
const TO_ZERO_MS_MAX = 5_000
const THROUGHPUT_MIN = 0.8

export const claim: Claim = {
  sentence: 'Heat never passes the limit of the owner, and costs little of what could be computed.',
  goal: 'never above hard + 2 °C, ≤ 5 s to zero, ≥ 80 % of the best constant level',
  quick: true,
  run: async ({ say }) => {
    const loops = TEMPLATES.flatMap((template) =>
      TAUS_MS.map((tauMs) => ({ template, tauMs, ...closedLoop(template, tauMs) })),
    )
    for (const { template, tauMs, aboveCelsius, throughput, toZeroMs } of loops) {
      say(
        `${template}, τ ${tauMs / 1_000} s: ${signed(aboveCelsius)} °C of the limit, ${percent(throughput)} of the best constant level, ${toZeroMs / 1_000} s to zero at the limit`,
      )
    }
    const above = Math.max(...loops.map(({ aboveCelsius }) => aboveCelsius))
    const throughput = Math.min(...loops.map((loop) => loop.throughput))
    const toZeroMs = Math.max(...loops.map((loop) => loop.toZeroMs))
    return {
      met: above <= ABOVE_MAX && throughput >= THROUGHPUT_MIN && toZeroMs <= TO_ZERO_MS_MAX,
      figure: `hottest ${signed(above)} °C of the limit, ${toZeroMs / 1_000} s to zero, at least ${percent(throughput)}`,
      facts: { loops },
    }
  },
}

interface Loop {
  /** Highest temperature, above the hard limit when positive. */
  readonly aboveCelsius: number
  /** Mean level, as a share of the highest constant one that stays below the limit in the end. */
  readonly throughput: number
  /** From the moment at which the sensor would show the limit to a level of 0; it is read every 2 s. */
  readonly toZeroMs: number
}

function closedLoop(template: HarvestTemplateName, tauMs: number): Loop {
  const policy = defaultPolicy(template)
  const device = new HeatedDevice(policy, tauMs)
  const ticks = (HOURS * 3_600_000) / TICK_MS
  let [sum, peak] = [0, 0]
  for (let tick = 0; tick < ticks; tick++) {
    sum += device.tick()
    peak = Math.max(peak, device.plant.celsius)
  }
  const best = Math.min(
    policy.awayCpuPercent / 100,
    (policy.cpuHardCelsius - AMBIENT_CELSIUS) / RISE_CELSIUS,
  )
  return {
    aboveCelsius: peak - policy.cpuHardCelsius,
    throughput: sum / ticks / best,
    toZeroMs: device.timeToZeroMs(),
  }
}

class HeatedDevice {
  readonly plant: ThermalPlant
  readonly #policy: HarvestPolicy
  readonly #governor: Governor
  readonly #random = SeededRandom.fromInteger(1)
  #nowMs = 0
  #level = 0
  #read = { celsius: AMBIENT_CELSIUS, atMs: 0 }

  constructor(policy: HarvestPolicy, tauMs: number) {
    this.#policy = policy
    this.#governor = new Governor(policy)
    this.plant = new ThermalPlant({
      ambientCelsius: AMBIENT_CELSIUS,
      riseCelsius: RISE_CELSIUS,
      tauMs,
    })
  }

  /** One tick; returns the level from then on. */
  tick(sensorCelsius = (): number => this.plant.celsius): number {
    this.#nowMs += TICK_MS
    const nowMs = this.#nowMs
    this.plant.step(this.#level, TICK_MS)
    if (nowMs % READ_MS === 0) {
      const noise = NOISE_CELSIUS * (2 * this.#random.fraction() - 1)
      this.#read = { celsius: Math.round(sensorCelsius() + noise), atMs: nowMs }
    }
    const { celsius, atMs } = this.#read
    const use = { busyFraction: this.#level, ownFraction: this.#level, cores: 8 }
    this.#level = this.#governor.decide({
      nowMs,
      // Noon: hours in which fans should be quiet would hide what heat does.
      wallMs: Date.UTC(2026, 0, 5, 12),
      zoneMinutes: 0,
      readings: {
        lastInputAtMs: known(-1e9, nowMs),
        cpu: known(use, nowMs),
        thermal: known([{ name: 'package', part: 'cpu', celsius }], atMs),
        batteries: known([], nowMs),
        gpus: known([], nowMs),
        isolation: known({ backgroundFraction: 0 }, nowMs),
      },
    }).levels.cpu
    return this.#level
  }

  /** The sensor shows the hard limit from now on, whatever the plant does. */
  timeToZeroMs(): number {
    const beganMs = this.#nowMs
    const hot = this.#policy.cpuHardCelsius + NOISE_CELSIUS + 1
    while (this.tick(() => hot) > 0) {
      if (this.#nowMs - beganMs > 10 * TO_ZERO_MS_MAX) return Number.POSITIVE_INFINITY
    }
    return this.#nowMs - beganMs
  }
}

function signed(celsius: number): string {
  return `${celsius > 0 ? '+' : '−'}${Math.abs(celsius).toFixed(1)}`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
