/**
 * Whether keyboards, mice and touchpads were touched, from counts in /proc/interrupts.
 *
 * Who may not look into a user's session still sees these: they are of the machine. A USB
 * controller also counts for disks, cameras and network cards, so that a line which never rests is
 * taken for such a thing until it does.
 *
 * @module
 */

import type { HostFiles } from '../host-files.ts'

/** Lines that input devices raise: PS/2, HID over I2C, touchpads, USB controllers. */
const INPUT_LINE = /i8042|i2c[-_]hid|\bhid|elan|synaptics|touchpad|touchscreen|xhci|ehci|uhci|ohci/i

/** Lines of one machine that are looked at. */
const LINES_MAX = 64

/** Nobody types or points this long without a rest of one look, in ms. */
const NEVER_RESTS_MS = 120_000

/** Counts of input lines since the boot, by the name of the line. */
export function inputInterrupts(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => INPUT_LINE.test(line))
  return new Map(
    lines.slice(0, LINES_MAX).map((line) => {
      const [name = '', ...fields] = line.trim().split(/\s+/)
      const end = fields.findIndex((field) => !/^\d{1,12}$/.test(field))
      const counts = fields.slice(0, end === -1 ? fields.length : end).map(Number)
      return [name, counts.reduce((sum, count) => sum + count, 0)]
    }),
  )
}

interface Line {
  count: number
  /** Since when it counted at every look; undefined when it did not at the last one. */
  busySinceMs: number | undefined
}

export class InputInterrupts {
  readonly #files: HostFiles
  readonly #lines = new Map<string, Line>()
  #lastInputAtMs: number | undefined

  constructor(files: HostFiles) {
    this.#files = files
  }

  /**
   * When an input line was last seen to count; the first look counts as such. Undefined on a machine
   * without such lines.
   *
   * @throws {Error} when the counts cannot be read.
   */
  read(nowMs: number): number | undefined {
    const counts = inputInterrupts(this.#files.again('proc', 'interrupts'))
    if (counts.size === 0) return undefined
    const touched = [...counts].filter(([name, count]) => this.#touched(name, count, nowMs))
    if (touched.length > 0 || this.#lastInputAtMs === undefined) this.#lastInputAtMs = nowMs
    return this.#lastInputAtMs
  }

  #touched(name: string, count: number, nowMs: number): boolean {
    const line = this.#lines.get(name)
    if (line === undefined) {
      this.#lines.set(name, { count, busySinceMs: undefined })
      return false
    }
    const counted = count !== line.count
    line.count = count
    if (!counted) line.busySinceMs = undefined
    else line.busySinceMs ??= nowMs
    return counted && nowMs - (line.busySinceMs ?? nowMs) < NEVER_RESTS_MS
  }
}
