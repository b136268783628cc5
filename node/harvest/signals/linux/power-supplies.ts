/**
 * Where this machine has its power from (Documentation/ABI/testing/sysfs-class-power).
 *
 * A charger may call itself Mains, USB, USB_C or Wireless; the battery of a mouse, whose scope is
 * a device, is no battery of the machine.
 *
 * @module
 */

import type { Battery, PowerSupply } from '../../signals.ts'
import type { HostFiles } from '../host-files.ts'

/** Supplies of one machine that are looked at. */
const SUPPLIES_MAX = 32

const STATUSES: Readonly<Record<string, Battery['status']>> = {
  Charging: 'charging',
  Discharging: 'discharging',
  Full: 'full',
  'Not charging': 'not-charging',
}

export interface Power {
  readonly supplies: readonly PowerSupply[]
  readonly batteries: readonly Battery[]
}

export function power(files: HostFiles): Power {
  const entries = files
    .names('sys', 'class/power_supply')
    .slice(0, SUPPLIES_MAX)
    .map((name) => ({
      name: name.slice(0, 64),
      folder: `class/power_supply/${name}`,
      type: files.maybe('sys', `class/power_supply/${name}/type`)?.trim() ?? '',
    }))
    .filter(({ folder }) => files.maybe('sys', `${folder}/scope`)?.trim() !== 'Device')
  return {
    supplies: entries.flatMap((entry) => supplyOf(files, entry) ?? []),
    batteries: entries.flatMap((entry) => batteryOf(files, entry) ?? []),
  }
}

interface Entry {
  readonly name: string
  readonly folder: string
  readonly type: string
}

function supplyOf(files: HostFiles, { name, folder, type }: Entry): PowerSupply | undefined {
  const online = files.integer('sys', `${folder}/online`)
  if (online === undefined) return undefined
  const kind = /^(?:Mains|USB|Wireless|UPS)/.exec(type)?.[0].toLowerCase()
  return kind === undefined
    ? undefined
    : { name, type: kind as PowerSupply['type'], online: online > 0 }
}

function batteryOf(files: HostFiles, { name, folder, type }: Entry): Battery | undefined {
  if (type !== 'Battery' || files.integer('sys', `${folder}/present`) === 0) return undefined
  const percent = files.integer('sys', `${folder}/capacity`)
  const status = STATUSES[files.maybe('sys', `${folder}/status`)?.trim() ?? '']
  // A battery of which neither is known tells nothing that a rule could use.
  if (percent === undefined || percent < 0 || percent > 100 || status === undefined)
    return undefined
  const watts = wattsOf(files, folder)
  return {
    name,
    chargeFraction: percent / 100,
    status,
    ...(watts === undefined ? {} : { watts: status === 'discharging' ? -watts : watts }),
  }
}

/** From microwatts, or from microamperes and microvolts. Only some drivers give the sign. */
function wattsOf(files: HostFiles, folder: string): number | undefined {
  const microwatts = files.integer('sys', `${folder}/power_now`)
  if (microwatts !== undefined) return Math.abs(microwatts) / 1e6
  const current = files.integer('sys', `${folder}/current_now`)
  const voltage = files.integer('sys', `${folder}/voltage_now`)
  if (current === undefined || voltage === undefined) return undefined
  return (Math.abs(current) / 1e6) * (voltage / 1e6)
}
