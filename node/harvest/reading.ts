/**
 * One measured value, with how far it may be believed.
 *
 * What cannot be read is never taken for "nothing there": a rule that gets no
 * `known` reading applies its declared default.
 *
 * @module
 */

export type Reading<T> =
  /** Read at `atMs`, on the monotonic clock. */
  | { readonly quality: 'known'; readonly value: T; readonly atMs: number }
  /** The last value, too old to be believed or from a source that has failed since. */
  | { readonly quality: 'stale'; readonly value: T; readonly atMs: number; readonly why?: string }
  /** There never was one: no source on this device, or none that could be read. */
  | { readonly quality: 'unknown'; readonly why?: string }

export type Quality = Reading<unknown>['quality']

/** A value that was read at `atMs`, on the monotonic clock in milliseconds. */
export function known<T>(value: T, atMs: number): Reading<T> {
  return { quality: 'known', value, atMs }
}

/** No value; `why` names the trouble in a few words, for `brume harvest status`. */
export function unknown(why?: string): Reading<never> {
  return why === undefined ? { quality: 'unknown' } : { quality: 'unknown', why }
}
