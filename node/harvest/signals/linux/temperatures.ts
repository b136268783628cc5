/**
 * How hot the parts of this machine are, from thermal zones and hardware monitors.
 *
 * Documentation/driver-api/thermal/sysfs-api.rst and Documentation/hwmon/sysfs-interface.rst of
 * the kernel: thousandths of a degree Celsius.
 *
 * @module
 */

import type { ThermalZone } from '../../signals.ts'
import type { HostFiles } from '../host-files.ts'

/** Sensors of one machine that are looked at. */
const SENSORS_MAX = 64
const TRIP_POINTS_MAX = 12

/** No part of a machine that runs is colder or hotter: such a reading is of a broken sensor. */
const CELSIUS_MIN = -40
const CELSIUS_MAX = 150

const PARTS: readonly (readonly [ThermalZone['part'], RegExp])[] = [
  ['gpu', /gpu|nouveau|radeon|^i915$|^xe$/i],
  ['battery', /batt?ery|^bat\d?$/i],
  ['cpu', /pkg_temp|cpu|coretemp|k10temp|k8temp|zenpower|soc[-_]?thermal|^acpitz$/i],
]

export function temperatures(files: HostFiles): readonly ThermalZone[] {
  return [...zones(files), ...monitors(files)].slice(0, SENSORS_MAX)
}

function zones(files: HostFiles): readonly ThermalZone[] {
  const names = files
    .names('sys', 'class/thermal')
    .filter((name) => name.startsWith('thermal_zone'))
  return names.slice(0, SENSORS_MAX).flatMap((zone) => {
    const folder = `class/thermal/${zone}`
    const celsius = degrees(files.integer('sys', `${folder}/temp`))
    if (celsius === undefined) return []
    const name = label(files.maybe('sys', `${folder}/type`) ?? zone)
    return { name, part: partOf(name), celsius, ...tripPoints(files, folder) }
  })
}

function tripPoints(
  files: HostFiles,
  folder: string,
): Pick<ThermalZone, 'passiveCelsius' | 'criticalCelsius'> {
  const points = new Map<string, number>()
  for (let point = 0; point < TRIP_POINTS_MAX; point++) {
    const type = files.maybe('sys', `${folder}/trip_point_${point}_type`)?.trim()
    if (type === undefined) break
    const celsius = degrees(files.integer('sys', `${folder}/trip_point_${point}_temp`))
    // Firmware that leaves a point out sets it to zero.
    if (celsius !== undefined && celsius > 0 && !points.has(type)) points.set(type, celsius)
  }
  const [passive, critical] = [points.get('passive'), points.get('critical')]
  return {
    ...(passive === undefined ? {} : { passiveCelsius: passive }),
    ...(critical === undefined ? {} : { criticalCelsius: critical }),
  }
}

function monitors(files: HostFiles): readonly ThermalZone[] {
  const names = files.names('sys', 'class/hwmon').slice(0, SENSORS_MAX)
  return names.flatMap((monitor) => {
    const folder = `class/hwmon/${monitor}`
    const name = label(files.maybe('sys', `${folder}/name`) ?? monitor)
    const part = partOf(name)
    // A disk or a network card that is hot is not what this machine computes with.
    if (part === 'other') return []
    const inputs = files.names('sys', folder).filter((file) => /^temp\d{1,2}_input$/.test(file))
    return inputs.flatMap((input) => {
      const celsius = degrees(files.integer('sys', `${folder}/${input}`))
      if (celsius === undefined) return []
      const critical = degrees(files.integer('sys', `${folder}/${input.replace('input', 'crit')}`))
      const limit = critical === undefined || critical <= 0 ? {} : { criticalCelsius: critical }
      return { name, part, celsius, ...limit }
    })
  })
}

function degrees(thousandths: number | undefined): number | undefined {
  const celsius = thousandths === undefined ? Number.NaN : thousandths / 1000
  return celsius > CELSIUS_MIN && celsius < CELSIUS_MAX ? celsius : undefined
}

function partOf(name: string): ThermalZone['part'] {
  return PARTS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other'
}

/** Names come from firmware: printable, and short. */
function label(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, 64)
}
