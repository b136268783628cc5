/**
 * Sizes, durations and names as people read them.
 *
 * @module
 */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/**
 * A size in the unit that leaves one to four digits.
 *
 * @example
 * ```ts
 * bytesText(512) // => '512 B'
 * bytesText(1_536) // => '1.5 KiB'
 * ```
 */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[unit]}`
}

/**
 * A duration in the unit that suits it.
 *
 * @example
 * ```ts
 * msText(0.0034) // => '< 0.01 ms'
 * msText(0.34) // => '0.34 ms'
 * msText(12.3) // => '12 ms'
 * msText(1_500) // => '1.5 s'
 * msText(150_000) // => '2.5 min'
 * ```
 */
export function msText(ms: number): string {
  if (ms > 0 && ms < 0.01) return '< 0.01 ms'
  if (ms < 10) return `${Number(ms.toPrecision(2))} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Number((ms / 1_000).toPrecision(2))} s`
  if (ms < 5_400_000) return `${Number((ms / 60_000).toPrecision(2))} min`
  if (ms < 172_800_000) return `${Number((ms / 3_600_000).toPrecision(2))} h`
  return `${Math.round(ms / 86_400_000)} d`
}

/**
 * How often in a second, to three digits.
 *
 * @example
 * ```ts
 * rateText(12.345) // => '12.3 a second'
 * rateText(28_096.7) // => '28097 a second'
 * rateText(80, 'token') // => '80 tokens a second'
 * ```
 */
export function rateText(perSecond: number, noun?: string): string {
  const value = threeDigits(perSecond)
  return `${value}${noun === undefined ? '' : ` ${noun}s`} a second`
}

/**
 * A number to three digits, or whole.
 *
 * @example
 * ```ts
 * threeDigits(12.345) // => '12.3'
 * ```
 */
export function threeDigits(value: number): string {
  return String(value < 100 ? Number(value.toPrecision(3)) : Math.round(value))
}

/**
 * A peer, hash or id short enough for a table; its end tells peers apart, as all begin alike.
 *
 * @example
 * ```ts
 * shortPeer('12D3KooWBmAwcd4PJNJvfV89HwE48nwkRmAgo8Vy3uQEyNNHBox2') // => '12D3…NNHBox2'
 * ```
 */
export function shortPeer(peer: string): string {
  return peer.length <= 12 ? peer : `${peer.slice(0, 4)}…${peer.slice(-7)}`
}

/** The first 12 characters of an id, which are enough to name it. */
export function shortId(id: string): string {
  return id.slice(0, 12)
}

/**
 * `count` of something, with its noun in the right number.
 *
 * @example
 * ```ts
 * countText(1, 'stage') // => '1 stage'
 * countText(2, 'stage') // => '2 stages'
 * ```
 */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/**
 * Millions of operations in a unit that suits them.
 *
 * @example
 * ```ts
 * operationsText(250_400) // => '250 GFLOP'
 * ```
 */
export function operationsText(megaflops: number): string {
  const units = ['MFLOP', 'GFLOP', 'TFLOP', 'PFLOP'] as const
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, megaflops)) / 3))
  return `${threeDigits(megaflops / 1_000 ** power)} ${units[power]}`
}
