/**
 * What one PowerShell that is kept running tells of a Windows machine, a line of JSON every two seconds.
 *
 * Starting PowerShell for each look would cost more than all that is looked for. Input of the
 * user's session is not seen from a service: the session helper tells it.
 *
 * @module
 */

import type { Battery, GpuUse, MemoryUse, PowerSupply, ThermalZone } from '../../signals.ts'

/** GetSystemPowerStatus, thermal zones in tenths of a kelvin, and the busiest engine of the GPU. */
export const WINDOWS_SCRIPT = `
$ErrorActionPreference = 'SilentlyContinue'
Add-Type -AssemblyName System.Windows.Forms
while ($true) {
  $p = [System.Windows.Forms.SystemInformation]::PowerStatus
  $z = (Get-CimInstance -Namespace root/wmi -ClassName MSAcpi_ThermalZoneTemperature).CurrentTemperature
  $g = (Get-Counter '\\GPU Engine(*engtype_3D)\\Utilization Percentage').CounterSamples.CookedValue
  $o = Get-CimInstance Win32_OperatingSystem
  [Console]::Out.WriteLine((@{
    line = "$($p.PowerLineStatus)"; percent = $p.BatteryLifePercent; charge = "$($p.BatteryChargeStatus)"
    zones = @($z); gpu = ($g | Measure-Object -Sum).Sum
    freeKb = $o.FreePhysicalMemory; totalKb = $o.TotalVisibleMemorySize
  } | ConvertTo-Json -Compress))
  Start-Sleep -Milliseconds 2000
}`

export const WINDOWS_COMMAND = [
  'powershell.exe',
  '-NoLogo',
  '-NoProfile',
  '-NonInteractive',
  '-Command',
  WINDOWS_SCRIPT,
] as const

export interface WindowsState {
  readonly supplies: readonly PowerSupply[]
  readonly batteries: readonly Battery[]
  readonly thermal: readonly ThermalZone[]
  readonly gpus: readonly GpuUse[]
  readonly memory: MemoryUse | undefined
}

/** Zones of firmware that are looked at. */
const ZONES_MAX = 32

/** Undefined when `line` is not one of the script. */
export function windowsState(line: string): WindowsState | undefined {
  const told = parse(line)
  const source = told?.['line']
  if (told === undefined || typeof source !== 'string') return undefined
  const online = source === 'Online'
  const battery = batteryOf(told, online)
  const total = numberIn(told['totalKb'], 1, 1e12)
  const free = numberIn(told['freeKb'], 0, 1e12)
  return {
    supplies: source === 'Unknown' ? [] : [{ name: 'system', type: 'mains', online }],
    batteries: battery === undefined ? [] : [battery],
    thermal: zonesOf(told['zones']),
    gpus: gpusOf(told['gpu']),
    memory:
      total === undefined || free === undefined
        ? undefined
        : { totalBytes: total * 1024, availableBytes: Math.min(free, total) * 1024 },
  }
}

/** Tenths of a kelvin. */
function zonesOf(zones: unknown): readonly ThermalZone[] {
  if (!Array.isArray(zones)) return []
  return zones.slice(0, ZONES_MAX).flatMap((zone, index) => {
    const tenths = numberIn(zone, 2_331, 4_231)
    if (tenths === undefined) return []
    return { name: `zone ${index}`, part: 'cpu', celsius: tenths / 10 - 273.15 } as const
  })
}

/** Windows adds the engines of all programs up; those of executors are among them. */
function gpusOf(percent: unknown): readonly GpuUse[] {
  const busy = numberIn(percent, 0, 1e6)
  if (busy === undefined) return []
  return [
    {
      name: 'GPU',
      busyByOthersFraction: Math.min(1, busy / 100),
      usedByOthersBytes: 0,
      totalBytes: 0,
      display: true,
    },
  ]
}

function batteryOf(told: Readonly<Record<string, unknown>>, online: boolean): Battery | undefined {
  const charge = String(told['charge'])
  // A charge that is not known comes as 255 percent.
  const chargeFraction = numberIn(told['percent'], 0, 1)
  if (/NoSystemBattery/.test(charge) || chargeFraction === undefined) return undefined
  const charging = /Charging/.test(charge)
  const resting = chargeFraction >= 0.99 ? 'full' : 'not-charging'
  const status = charging ? 'charging' : online ? resting : 'discharging'
  return { name: 'battery', chargeFraction, status }
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    // PowerShell says something of its own: no state.
    return undefined
  }
}

function numberIn(value: unknown, min: number, max: number): number | undefined {
  return typeof value === 'number' && value >= min && value <= max ? value : undefined
}
