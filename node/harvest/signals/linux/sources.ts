/**
 * Every source of signals of a Linux machine, and how often each is looked at.
 *
 * @module
 */

import type { DeviceFacts } from '../device-facts.ts'
import { diskSpace } from '../disk-space.ts'
import { exclusivePrograms } from '../exclusive-programs.ts'
import type { HostFiles } from '../host-files.ts'
import type { SignalSource } from '../source.ts'
import { boardFlagsOf } from './board-flags.ts'
import { GpuGauge } from './gpu-files.ts'
import { InputInterrupts } from './input-interrupts.ts'
import { loginState, SYSTEM_BUS } from './logind.ts'
import { memoryOf } from './memory.ts'
import { metered } from './metered.ts'
import { power } from './power-supplies.ts'
import { PressureGauge } from './pressure.ts'
import { ProcessorGauge } from './processor-use.ts'
import { runningPrograms } from './running-programs.ts'
import { temperatures } from './temperatures.ts'
import { lastTerminalInputMs } from './terminals.ts'

export function linuxSources(facts: DeviceFacts): readonly SignalSource[] {
  return [...ownerSources(facts), ...machineSources(facts), ...accountSources(facts)]
}

/** Whether somebody is there. */
function ownerSources({ files, run }: DeviceFacts): readonly SignalSource[] {
  const interrupts = new InputInterrupts(files)
  return [
    {
      name: 'linux/terminals',
      cadence: { workingMs: 250, restingMs: 5_000 },
      read: ({ nowMs, wallMs }) => {
        const inputMs = lastTerminalInputMs(files)
        return inputMs === undefined ? {} : { lastInputAtMs: nowMs - Math.max(0, wallMs - inputMs) }
      },
    },
    {
      name: 'linux/input-interrupts',
      cadence: { workingMs: 250, restingMs: 5_000 },
      certainty: 'guessed',
      read: ({ nowMs }) => {
        const lastInputAtMs = interrupts.read(nowMs)
        return lastInputAtMs === undefined ? {} : { lastInputAtMs }
      },
    },
    {
      name: 'linux/logind',
      cadence: { workingMs: 2_000, restingMs: 5_000 },
      read: async ({ nowMs, wallMs }) => {
        expectBus(files)
        const state = await loginState(run)
        if (state === undefined) throw new Error('expected properties of logind')
        const { idle, idleSinceMs, inhibitors, sleepPending, lidClosed } = state
        // A desktop that never gives the hint says neither that somebody is there nor that nobody is.
        const sinceMs = idle ? idleSinceMs : idleSinceMs === undefined ? undefined : wallMs
        return {
          ...(sinceMs === undefined
            ? {}
            : { lastInputAtMs: nowMs - Math.max(0, wallMs - sinceMs) }),
          inhibitors,
          sleepPending,
          lidClosed,
        }
      },
    },
  ]
}

/** How the machine is. */
function machineSources(facts: DeviceFacts): readonly SignalSource[] {
  const { files } = facts
  const processors = new ProcessorGauge(files, facts)
  // Long before the first question: it would go without an answer.
  processors.begin()
  const pressure = new PressureGauge(files)
  const gpus = new GpuGauge(files, () => facts.ownPids())
  return [
    {
      name: 'linux/processors',
      cadence: { workingMs: 500, restingMs: 5_000 },
      read: () => {
        const cpu = processors.read()
        return cpu === undefined ? {} : { cpu }
      },
    },
    {
      name: 'linux/pressure',
      cadence: { workingMs: 500, restingMs: 5_000 },
      read: ({ nowMs, working }) => {
        const stalls = pressure.read(nowMs, working)
        return stalls === undefined ? {} : { pressure: stalls }
      },
    },
    {
      name: 'linux/memory',
      cadence: { workingMs: 1_000, restingMs: 5_000 },
      read: () => {
        const memory = memoryOf(files)
        if (memory === undefined) throw new Error('expected /proc/meminfo, got something else')
        return { memory }
      },
    },
    {
      name: 'linux/power-supplies',
      cadence: { workingMs: 1_000, restingMs: 5_000 },
      read: () => power(files),
    },
    {
      name: 'linux/temperatures',
      cadence: { workingMs: 2_000, restingMs: 5_000 },
      read: () => {
        const board = boardFlagsOf(files)
        return { thermal: temperatures(files), ...(board === undefined ? {} : { board }) }
      },
    },
    {
      name: 'linux/gpus',
      cadence: { workingMs: 2_000, restingMs: 5_000 },
      read: ({ nowMs }) => ({ gpus: gpus.read(nowMs) }),
    },
  ]
}

/** What the owner pays for, and what the owner runs. */
function accountSources(facts: DeviceFacts): readonly SignalSource[] {
  const { files, run, exclusiveApps, stateDir } = facts
  return [
    diskSpace(stateDir),
    {
      name: 'linux/network',
      cadence: { workingMs: 30_000, restingMs: 30_000 },
      read: async () => {
        expectBus(files)
        const costs = await metered(run)
        return costs === undefined
          ? {}
          : { network: { metered: costs, todayBytes: facts.bytesToday() } }
      },
    },
    {
      name: 'linux/programs',
      cadence: { workingMs: 5_000, restingMs: 10_000 },
      read: () => {
        // Without a list nothing has to be looked for.
        const running = exclusiveApps.length === 0 ? new Set<string>() : runningPrograms(files)
        return { exclusiveApps: exclusivePrograms(exclusiveApps, running) }
      },
    },
  ]
}

/** Asking a bus that is not there would start a program only to see it fail. */
function expectBus(files: HostFiles): void {
  if (!files.has('run', SYSTEM_BUS)) throw new Error('expected a system bus, found none')
}
