/**
 * Every source of signals of a Mac, and how often each is looked at.
 *
 * Each look starts a program, so that they are rarer than on Linux; a session helper is what tells
 * of input at once.
 *
 * @module
 */

import type { DeviceFacts } from '../device-facts.ts'
import { diskSpace } from '../disk-space.ts'
import { exclusivePrograms, namesOfPs } from '../exclusive-programs.ts'
import { OsProcessorGauge } from '../os-processors.ts'
import type { SignalSource, SignalValues } from '../source.ts'
import { hidIdleMs, IOREG_IDLE } from './idle-time.ts'
import { macMemory } from './memory.ts'
import { macInhibitors, macPower, macThrottled } from './power-settings.ts'

export function macSources(facts: DeviceFacts): readonly SignalSource[] {
  const { run, memoryBytes, exclusiveApps } = facts
  const processors = new OsProcessorGauge(() => facts.ownMs())
  const pmset = async (what: string): Promise<string> => run('pmset', ['-g', what])
  return [
    diskSpace(facts.stateDir),
    {
      name: 'macos/processors',
      cadence: { workingMs: 500, restingMs: 5_000 },
      read: () => {
        const cpu = processors.read()
        return cpu === undefined ? {} : { cpu }
      },
    },
    {
      name: 'macos/idle-time',
      cadence: { workingMs: 1_000, restingMs: 5_000 },
      read: async ({ nowMs }) => {
        const idleMs = expected(hidIdleMs(await run('ioreg', IOREG_IDLE)), 'HIDIdleTime')
        return { lastInputAtMs: nowMs - idleMs }
      },
    },
    {
      name: 'macos/power',
      cadence: { workingMs: 2_000, restingMs: 5_000 },
      read: async (): Promise<SignalValues> => ({
        ...expected(macPower(await pmset('batt')), 'a power source'),
      }),
    },
    {
      name: 'macos/assertions',
      cadence: { workingMs: 5_000, restingMs: 5_000 },
      read: async () => ({
        inhibitors: expected(macInhibitors(await pmset('assertions')), 'assertions'),
      }),
    },
    {
      name: 'macos/thermal',
      cadence: { workingMs: 5_000, restingMs: 5_000 },
      read: async () => {
        const throttled = expected(macThrottled(await pmset('therm')), 'a thermal state')
        return { board: { underVoltage: false, throttled } }
      },
    },
    {
      name: 'macos/memory',
      cadence: { workingMs: 5_000, restingMs: 5_000 },
      read: async () => ({
        memory: expected(macMemory(await run('vm_stat', []), memoryBytes), 'counts of pages'),
      }),
    },
    {
      name: 'macos/programs',
      cadence: { workingMs: 5_000, restingMs: 5_000 },
      read: async () => {
        const text = exclusiveApps.length === 0 ? '' : await run('ps', ['-axco', 'comm='])
        return { exclusiveApps: exclusivePrograms(exclusiveApps, namesOfPs(text)) }
      },
    },
  ]
}

function expected<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`expected ${what}, got something else`)
  return value
}
