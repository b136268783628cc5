/**
 * What a session helper tells the daemon, one line of JSON each time, and what it is told.
 *
 * The daemon may run outside of the session, where no keyboard and no window is seen; the helper
 * is the owner's own program in it. Whoever can write to the socket can make the daemon more
 * careful, never less: reports of several sessions are joined to the most restrictive.
 *
 * @module
 */

/** One session as it is now. What the desktop does not tell is left out. */
export interface SessionReport {
  /** Time since the last input, in ms. */
  readonly idleMs?: number
  readonly locked?: boolean
  readonly screenOn?: boolean
  readonly fullscreen?: boolean
  readonly media?: boolean
  readonly call?: boolean
  /** True while some program of the session holds off its idle screen. */
  readonly inhibited?: boolean
}

/** What the daemon asks: how often to look, in ms. */
export interface SessionWish {
  readonly everyMs: number
}

/** Longest time between two lines of a helper, in ms: one that is silent for longer is taken for dead. */
export const SILENCE_MS_MAX = 15_000

/** Longest idle time that is told, in ms: more than a year says nothing more. */
const IDLE_MS_MAX = 400 * 24 * 3_600_000

/** Characters of one line. */
export const REPORT_LENGTH_MAX = 1_024

const FLAGS = ['locked', 'screenOn', 'fullscreen', 'media', 'call', 'inhibited'] as const

/** The line of a report, its end included. */
export function reportLine(report: SessionReport): string {
  return `${JSON.stringify(report)}\n`
}

/** Undefined when `line` is no report. Fields that a later version may add are passed over. */
export function parseReport(line: string): SessionReport | undefined {
  const told = parseObject(line)
  if (told === undefined) return undefined
  const { idleMs } = told
  if (idleMs !== undefined && !isBetween(idleMs, 0, IDLE_MS_MAX)) return undefined
  const flags = FLAGS.flatMap((name) => (told[name] === undefined ? [] : [[name, told[name]]]))
  if (flags.some(([, value]) => typeof value !== 'boolean')) return undefined
  return { ...(idleMs === undefined ? {} : { idleMs }), ...Object.fromEntries(flags) }
}

export function wishLine(wish: SessionWish): string {
  return `${JSON.stringify(wish)}\n`
}

/** Undefined when `line` is no wish. */
export function parseWish(line: string): SessionWish | undefined {
  const everyMs = parseObject(line)?.['everyMs']
  return isBetween(everyMs, 50, 60_000) ? { everyMs } : undefined
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  if (line.length > REPORT_LENGTH_MAX) return undefined
  try {
    const value: unknown = JSON.parse(line)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    // Not JSON: refused like everything else that is no report.
    return undefined
  }
}

function isBetween(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max
}
