/**
 * What kind of device this is, to choose the numbers that it is lent by.
 *
 * Wrong is never dangerous here: every class stops for heat, battery and load. It is the owner's
 * patience that differs, and `harvest.template` says it better.
 *
 * @module
 */

import type { HarvestTemplateName } from '../../config/index.ts'
import type { HostFiles } from './signals/host-files.ts'
import { power } from './signals/linux/power-supplies.ts'

/** Classes that a device can be found to be of. */
export type DeviceClass = Extract<
  HarvestTemplateName,
  'desktop' | 'laptop' | 'server' | 'phone' | 'sbc' | 'container'
>

/** Chassis types of SMBIOS (DSP0134, 7.4.1). */
const LAPTOP_CHASSIS: ReadonlySet<number> = new Set([8, 9, 10, 11, 14, 30, 31, 32])
const SERVER_CHASSIS: ReadonlySet<number> = new Set([17, 23, 25, 28, 29])
const DESKTOP_CHASSIS: ReadonlySet<number> = new Set([3, 4, 5, 6, 7, 13, 15, 16, 24, 34, 35, 36])

/** @param model - Product name, as the inventory has it. */
export function deviceClass(
  platform: NodeJS.Platform,
  model: string,
  files: HostFiles,
): DeviceClass {
  if (platform === 'android') return 'phone'
  if (platform !== 'linux') return /book|laptop|notebook/i.test(model) ? 'laptop' : 'desktop'
  if (inContainer(files)) return 'container'
  if (power(files).batteries.length > 0) return 'laptop'
  if (files.has('proc', 'device-tree/model')) return 'sbc'
  const chassis = files.integer('sys', 'class/dmi/id/chassis_type') ?? 0
  if (LAPTOP_CHASSIS.has(chassis)) return 'laptop'
  if (SERVER_CHASSIS.has(chassis)) return 'server'
  // Virtual machines say nothing of use: who has a display is sat at.
  return DESKTOP_CHASSIS.has(chassis) || hasDisplay(files) ? 'desktop' : 'server'
}

function inContainer(files: HostFiles): boolean {
  const marked = files.has('proc', '../.dockerenv') || files.has('run', '.containerenv')
  return marked || /(?:^|\0)container=/.test(files.maybe('proc', '1/environ') ?? '')
}

function hasDisplay(files: HostFiles): boolean {
  const connectors = files.names('sys', 'class/drm').filter((name) => name.includes('-'))
  return connectors
    .slice(0, 64)
    .some((name) => files.maybe('sys', `class/drm/${name}/status`)?.trim() === 'connected')
}
