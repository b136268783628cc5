/**
 * How fast the simulator is: its core alone, and ten thousand devices with what they say.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { SimulatorReport } from '../../test/fixtures/simulator-program.ts'
import type { Claim } from '../claim.ts'

const EVENTS_PER_SECOND_MIN = 500_000
const SCENARIO_MS_MAX = 120_000
const BYTES_MAX = 1e9
const ROUNDS = 3

export const claim: Claim = {
  sentence:
    'The simulator does half a million events a second, and ten thousand devices in two minutes.',
  goal: `≥ ${EVENTS_PER_SECOND_MIN / 1_000} k events/s a core; 10 k devices in ≤ ${SCENARIO_MS_MAX / 1_000} s and ≤ ${BYTES_MAX / 1e9} GB`,
  run: async ({ say, signal }) => {
    const run = async (name: string): Promise<SimulatorReport> => {
      const words = ['test/fixtures/simulator-program.ts', name]
      const { stdout } = await promisify(execFile)(process.execPath, words, { signal })
      return JSON.parse(stdout) as SimulatorReport
    }
    const rates: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const { events, elapsedMs, processorMs } = await run('flood')
      rates.push((1_000 * events) / processorMs)
      const [seconds, cores] = [elapsedMs, processorMs].map((ms) => (ms / 1_000).toFixed(1))
      say(`${events} events of a flood in ${seconds} s, ${cores} s of a core`)
    }
    const large = await run('ten-thousand-devices')
    const { events, elapsedMs, memoryBytes, violations } = large
    for (const violation of violations) say(violation)
    const rate = rates.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
    const fits = elapsedMs <= SCENARIO_MS_MAX && memoryBytes <= BYTES_MAX
    return {
      met: rate >= EVENTS_PER_SECOND_MIN && fits && violations.length === 0,
      figure:
        `${Math.round(rate / 1_000)} k events in a second of a core; 10 k devices, ${(events / 1e6).toFixed(1)} M events ` +
        `in ${(elapsedMs / 1_000).toFixed(0)} s and ${Math.round(memoryBytes / 1e6)} MB`,
      facts: { rates, large },
    }
  },
}
