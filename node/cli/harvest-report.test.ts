import { describe, expect, it } from 'vitest'
import { policyOf } from '../../test/fixtures/scripted-device.ts'
import type { ReplayHour, ReplayScore } from '../harvest/traces/replay.ts'
import { simulationLines } from './harvest-report.ts'

const SCORE: ReplayScore = {
  days: 1,
  harvestedFraction: 0.725,
  harvestedCoreMs: 725,
  idleCoreMs: 1_000,
  inputMinutes: 0,
  mediaMinutes: 0,
  busyMinutes: 0.2,
  batteryMinutes: 0,
  stops: 15.5,
  shortRuns: 0.4,
  yieldP95Ms: 1_000,
  peakCelsius: 71.6,
  zeroSeconds: 3_600,
  unexplainedSeconds: 0,
}

const hour = (level: number, inputFraction = 0, mediaFraction = 0): ReplayHour => ({
  level,
  inputFraction,
  mediaFraction,
  asleepFraction: 0,
})

describe('a simulation', () => {
  it('is a picture of the day, then a table, then what it comes to', () => {
    const hours = [undefined, hour(1), hour(1), hour(0.25, 0.4), hour(0.25, 0, 1), hour(0)]
    const rows = [
      { name: 'Brume, desktop', score: SCORE },
      { name: 'BOINC, defaults', score: { ...SCORE, mediaMinutes: 62, yieldP95Ms: 60_000 } },
    ]

    expect(
      simulationLines({ about: 'a day', policy: policyOf('desktop'), rows, hours }, 90),
    ).toEqual([
      'a day',
      '',
      'hour    0     3     6     9     12    15    18    21',
      'lent      ████▂▂▂▂',
      'people        ∙∙♪♪',
      '        █ lent whole  ▁ a little  ∙ typing  ♪ films  z asleep',
      '',
      'policy           harvested  min in use  min in films  stops  runs < 60 s  yields within',
      'Brume, desktop      72.5 %         0.0           0.0   15.5          0.4            1 s',
      'BOINC, defaults     72.5 %         0.0          62.0   15.5          0.4          never',
      '',
      'minutes, stops and runs are per day, of a day',
      'Brume lent nothing for 60 minutes, every second of them with a reason',
      'hottest: 72 °C',
    ])
  })
})
