/**
 * When a Mac's owner last touched keyboard, mouse or trackpad, from the registry of I/O devices.
 *
 * @module
 */

/** Words of `ioreg` that print the one object that knows it. */
export const IOREG_IDLE = ['-r', '-d', '1', '-c', 'IOHIDSystem'] as const

/** Time since the last input in ms; undefined when `text` does not tell it. */
export function hidIdleMs(text: string): number | undefined {
  const found = /"HIDIdleTime"\s*=\s*(\d{1,19})/.exec(text)
  // Nanoseconds.
  return found === null ? undefined : Number(found[1]) / 1e6
}
