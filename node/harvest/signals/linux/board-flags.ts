/**
 * What a Raspberry Pi says of its supply and its heat.
 *
 * The firmware's word of flags, as `vcgencmd get_throttled` prints it and as a file of the
 * firmware's driver holds it: bits 0 to 3 are now, bits 16 to 19 since the boot.
 *
 * @module
 */

import type { BoardFlags } from '../../signals.ts'
import type { HostFiles } from '../host-files.ts'

const FILE = 'devices/platform/soc/soc:firmware/get_throttled'

/** `50005`, `0x50005` or `throttled=0x50005`. */
export function boardFlags(text: string): BoardFlags | undefined {
  const found = /^(?:throttled=)?(?:0x)?([0-9a-f]{1,8})$/i.exec(text.trim())
  if (found === null) return undefined
  const bits = Number.parseInt(found[1] ?? '', 16)
  return { underVoltage: (bits & 0b1) !== 0, throttled: (bits & 0b1110) !== 0 }
}

/** Undefined on every other machine. */
export function boardFlagsOf(files: HostFiles): BoardFlags | undefined {
  const text = files.maybe('sys', FILE)
  return text === undefined ? undefined : boardFlags(text)
}
