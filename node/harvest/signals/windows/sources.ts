/**
 * Sources of signals of a Windows machine that are asked; the rest comes from one script.
 *
 * @module
 */

import type { DeviceFacts } from '../device-facts.ts'
import { diskSpace } from '../disk-space.ts'
import { exclusivePrograms, namesOfTasklist } from '../exclusive-programs.ts'
import { OsProcessorGauge } from '../os-processors.ts'
import type { SignalSource } from '../source.ts'

export function windowsSources(facts: DeviceFacts): readonly SignalSource[] {
  const { run, exclusiveApps } = facts
  const processors = new OsProcessorGauge(() => facts.ownMs())
  return [
    diskSpace(facts.stateDir),
    {
      name: 'windows/processors',
      cadence: { workingMs: 500, restingMs: 5_000 },
      read: () => {
        const cpu = processors.read()
        return cpu === undefined ? {} : { cpu }
      },
    },
    {
      name: 'windows/programs',
      cadence: { workingMs: 10_000, restingMs: 15_000 },
      read: async () => {
        const text = exclusiveApps.length === 0 ? '' : await run('tasklist', ['/fo', 'csv', '/nh'])
        return { exclusiveApps: exclusivePrograms(exclusiveApps, namesOfTasklist(text)) }
      },
    },
  ]
}
