/**
 * What the login manager knows: whether sessions are idle, who keeps the machine awake, and
 * whether it is about to sleep (org.freedesktop.login1(5)).
 *
 * `busctl` prints one property a line; the manager's idle hint is that of all sessions together.
 * Its age is as coarse as the desktop's own delay, of minutes.
 *
 * @module
 */

import type { Inhibitor } from '../../signals.ts'
import type { RunCommand } from '../command-output.ts'

export interface LoginState {
  /** True when every session says that nobody is there; false also where no session says it ever. */
  readonly idle: boolean
  /** Wall time since when, in ms; undefined when it never changed. */
  readonly idleSinceMs: number | undefined
  /** Who holds back the screen saver, as a film, a call or a talk does. */
  readonly inhibitors: readonly Inhibitor[]
  readonly sleepPending: boolean
  readonly lidClosed: boolean
}

const PROPERTIES = [
  'IdleHint',
  'IdleSinceHint',
  'BlockInhibited',
  'PreparingForSleep',
  'PreparingForShutdown',
  'LidClosed',
] as const

/** The socket of the bus that logind and NetworkManager are asked on, below /run. */
export const SYSTEM_BUS = 'dbus/system_bus_socket'

/** Asks logind once. Rejects where there is none. */
export async function loginState(run: RunCommand): Promise<LoginState | undefined> {
  const object = ['org.freedesktop.login1', '/org/freedesktop/login1']
  const words = ['--system', '--json=short', 'get-property', ...object]
  const text = await run('busctl', [...words, 'org.freedesktop.login1.Manager', ...PROPERTIES])
  return parseLoginState(text)
}

/** Undefined when `text` is not what busctl prints for these properties. */
export function parseLoginState(text: string): LoginState | undefined {
  const lines = text.trim().split('\n')
  if (lines.length !== PROPERTIES.length) return undefined
  const [hint, since, blocked, sleep, shutdown, lid] = lines.map(dataOf)
  if (typeof hint !== 'boolean' || typeof blocked !== 'string') return undefined
  // Microseconds; 0 before the first change.
  const sinceMs = typeof since === 'number' && since > 0 ? since / 1000 : undefined
  return {
    idle: hint,
    idleSinceMs: sinceMs,
    // The property does not say who does it; asking for that would cost another call each time.
    inhibitors: blocked.split(':').includes('idle') ? [{ what: 'idle', by: 'logind' }] : [],
    sleepPending: sleep === true || shutdown === true,
    lidClosed: lid === true,
  }
}

function dataOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { readonly data?: unknown }).data
  } catch {
    // Not what busctl prints: the caller sees that a property is missing.
    return undefined
  }
}

/** True or false when `line` of `gdbus monitor` tells that the machine falls asleep or woke up. */
export function sleepAnnouncement(line: string): boolean | undefined {
  const found = /\.PrepareFor(?:Sleep|Shutdown) \((true|false),?\)/.exec(line)
  return found === null ? undefined : found[1] === 'true'
}

/** Prints every signal of logind for as long as it runs. */
export const LOGIND_MONITOR = [
  'gdbus',
  'monitor',
  '--system',
  '--dest',
  'org.freedesktop.login1',
  '--object-path',
  '/org/freedesktop/login1',
] as const
