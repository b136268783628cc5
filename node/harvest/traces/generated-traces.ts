/**
 * Traces to measure a policy with, made from a seed: the same seed gives the same days.
 *
 * They are no recordings. Bursts, pauses and habits are guesses about people that
 * rank policies against one another; they predict the yield of no particular device.
 *
 * @module
 */

import { SeededRandom } from '../../../core/random.ts'
import type { HarvestTemplateName } from '../../../config/index.ts'
import type { Signals } from '../signals.ts'
import type { BatteryModelInit } from './battery-model.ts'
import { DAY_S, DayCanvas, HOUR_S, type Stretch } from './day-canvas.ts'
import { play, talk, watch, work } from './people.ts'
import type { ThermalPlantInit } from './thermal-plant.ts'
import type { Trace } from './trace.ts'

interface Scene {
  readonly meaning: string
  readonly template: HarvestTemplateName
  readonly cores: number
  readonly plant: ThermalPlantInit
  readonly battery?: BatteryModelInit
  /** False for a device without any input to see. */
  readonly seat: boolean
  readonly paint: (canvas: DayCanvas, day: number) => void
}

const DESKTOP = {
  template: 'desktop',
  cores: 8,
  seat: true,
  plant: { ambientCelsius: 24, riseCelsius: 48, tauMs: 60_000 },
} as const

/** Every scene, by the name that commands know it by. */
const SCENES = {
  office: {
    ...DESKTOP,
    meaning: 'a desktop of somebody who works at it by day, and works or watches in the evening',
    paint: (canvas, day) => {
      if (day % 7 < 5) {
        work(canvas, hours(day, 9, 12))
        work(canvas, hours(day, 13, 17.5))
      }
      const evening = canvas.chance(0.6) ? watch : work
      evening(canvas, hours(day, 20, 22))
    },
  },
  evening: {
    ...DESKTOP,
    meaning: 'a desktop in a living room: films most evenings, some browsing',
    paint: (canvas, day) => {
      work(canvas, hours(day, 18, 18.5 + canvas.between(0, 0.5)))
      if (canvas.chance(0.8)) watch(canvas, hours(day, 19.5, 22 + canvas.between(0, 1.5)))
      if (day % 7 >= 5) watch(canvas, hours(day, 15, 17))
    },
  },
  gamer: {
    ...DESKTOP,
    template: 'game-pc',
    meaning: 'a PC for games: long evenings, longer weekends',
    paint: (canvas, day) => {
      if (day % 7 >= 5) play(canvas, hours(day, 13, 17))
      work(canvas, hours(day, 18, 18.5))
      play(canvas, hours(day, 19, 22.5 + canvas.between(0, 1)))
    },
  },
  server: {
    template: 'server',
    cores: 16,
    seat: false,
    plant: { ambientCelsius: 22, riseCelsius: 45, tauMs: 30_000 },
    meaning: 'a server in the cupboard: requests by day, backups at night',
    paint: (canvas, day) => {
      for (let hour = 8; hour < 22; hour++) {
        const from = day * DAY_S + hour * HOUR_S + Math.floor(canvas.between(0, 1_800))
        canvas.use(canvas.between(0.1, 0.3), { from, to: from + 1_200 })
        if (canvas.chance(0.2)) canvas.use(0.85, { from: from + 300, to: from + 540 })
      }
      canvas.use(0.7, hours(day, 3, 3.5 + canvas.between(0, 0.5)))
    },
  },
  laptop: {
    template: 'laptop',
    cores: 8,
    seat: true,
    plant: { ambientCelsius: 26, riseCelsius: 58, tauMs: 90_000 },
    battery: { capacityWattHours: 55, idleWatts: 7, fullWatts: 45, chargerWatts: 65 },
    meaning:
      'a laptop that commutes: on battery in trains and meetings, on a desk by day, asleep at night',
    paint: (canvas, day) => {
      canvas.mark(canvas.asleep, hours(day, 0, 7.5))
      canvas.mark(canvas.asleep, hours(day, 8.5, 9))
      canvas.mark(canvas.asleep, hours(day, 23, 24))
      if (day % 7 >= 5) {
        watch(canvas, hours(day, 20, 22))
        return
      }
      canvas.mark(canvas.onBattery, hours(day, 7.5, 8.5))
      work(canvas, hours(day, 7.6, 8.4))
      work(canvas, hours(day, 9, 12))
      talk(canvas, hours(day, 14, 15))
      canvas.mark(canvas.onBattery, hours(day, 14, 15))
      work(canvas, hours(day, 15, 17.5))
      canvas.mark(canvas.onBattery, hours(day, 18, 19))
      canvas.mark(canvas.asleep, hours(day, 18, 19))
      if (canvas.chance(0.5)) watch(canvas, hours(day, 20, 22))
    },
  },
  sbc: {
    template: 'sbc',
    cores: 4,
    seat: false,
    plant: { ambientCelsius: 32, riseCelsius: 56, tauMs: 240_000 },
    meaning: 'a small board without a fan in a warm corner, with a little to do all day',
    paint: (canvas, day) => {
      for (let second = day * DAY_S; second < (day + 1) * DAY_S; second += 900) {
        const from = second + Math.floor(canvas.between(0, 600))
        canvas.use(canvas.between(0.1, 0.4), { from, to: from + 60 })
      }
    },
  },
} as const satisfies Readonly<Record<string, Scene>>

export type SceneName = keyof typeof SCENES

export const SCENE_NAMES = Object.keys(SCENES) as readonly SceneName[]

/** What a scene is about, as one sentence. */
export function sceneMeaning(name: SceneName): string {
  return SCENES[name].meaning
}

/** 2026-01-05, 00:00 UTC: a Monday. */
const START_WALL_MS = Date.UTC(2026, 0, 5)

export interface GenerateInit {
  readonly days: number
  readonly seed: number
}

/** The trace of `name`: `days` of it, beginning on a Monday. */
export function generateTrace(name: SceneName, { days, seed }: GenerateInit): Trace {
  const scene: Scene = SCENES[name]
  const canvas = new DayCanvas(days, SeededRandom.fromInteger(seed))
  for (let day = 0; day < days; day++) scene.paint(canvas, day)
  canvas.paintBackground()
  const events = canvas.events(scene.cores)
  return {
    header: {
      name,
      wallMs: START_WALL_MS,
      zoneMinutes: 0,
      template: scene.template,
      plant: scene.plant,
      ...(scene.battery !== undefined && { battery: scene.battery }),
    },
    events: [{ atMs: 0, signals: firstSignals(scene) }, ...events],
    lengthMs: 1_000 * canvas.asleep.reduce((awake, asleep) => awake + 1 - asleep, 0),
  }
}

/** What the device says before anything happens. */
function firstSignals({ seat, cores }: Scene): Partial<Signals> {
  return {
    ...(seat && { lastInputAtMs: -HOUR_S * 1_000 }),
    inhibitors: [],
    exclusiveApps: [],
    memory: { totalBytes: 2e9 * cores, availableBytes: 1.4e9 * cores },
    batteries: [],
    gpus: [],
    network: { metered: false, todayBytes: 0 },
    disk: { freeBytes: 100e9 },
    wish: { mode: 'none' },
    isolation: { backgroundFraction: 0.02 },
  }
}

function hours(day: number, from: number, to: number): Stretch {
  const second = (hour: number): number => Math.floor(day * DAY_S + hour * HOUR_S)
  return { from: second(from), to: second(to) }
}
