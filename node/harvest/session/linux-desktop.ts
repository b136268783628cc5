/**
 * Sessions of Linux desktops: GNOME, KDE, swayidle and X11 for input, the sound server for films and
 * calls, the login manager for the lock, the compositor or X11 for windows that cover a display. On
 * Wayland neither GNOME nor KDE tells which window does; that a film holds off the idle screen both tell.
 *
 * @module
 */

import type { DesktopProbe } from './desktop.ts'
import type { SessionReport } from './session-report.ts'
import { hyprlandCovers, swayCovers } from './wayland-desktop.ts'

/** Ways to learn when the session was last used, best first; the first that works is kept. */
export const LINUX_IDLE_PROBES: readonly DesktopProbe[] = [
  {
    name: 'mutter',
    look: async (run) => {
      const name = 'org.gnome.Mutter.IdleMonitor'
      return idleReport(
        await run(
          'gdbus',
          dbusCall(name, '/org/gnome/Mutter/IdleMonitor/Core', `${name}.GetIdletime`),
        ),
      )
    },
  },
  {
    name: 'screensaver',
    look: async (run) => {
      const name = 'org.freedesktop.ScreenSaver'
      return idleReport(
        await run('gdbus', dbusCall(name, '/ScreenSaver', `${name}.GetSessionIdleTime`)),
      )
    },
  },
  { name: 'xprintidle', look: async (run) => idleReport(await run('xprintidle', [])) },
]

/** The rest of a session; those that do not work are left out. */
export const LINUX_STATE_PROBES: readonly DesktopProbe[] = [
  {
    name: 'sound',
    everyMs: 2_000,
    look: async (run) => ({
      media: plays(await run('pactl', ['list', 'sink-inputs'])),
      call: records(await run('pactl', ['list', 'source-outputs'])),
    }),
  },
  {
    name: 'lock',
    everyMs: 4_000,
    look: async (run) => {
      const session = process.env['XDG_SESSION_ID'] ?? 'self'
      return lockReport(await run('loginctl', ['show-session', session, '-p', 'LockedHint']))
    },
  },
  {
    name: 'gnome-inhibitors',
    everyMs: 2_000,
    look: async (run) => {
      const name = 'org.gnome.SessionManager'
      const call = dbusCall(name, '/org/gnome/SessionManager', `${name}.IsInhibited`)
      return inhibitorReport(await run('gdbus', [...call, GNOME_IDLE]))
    },
  },
  {
    name: 'kde-inhibitors',
    everyMs: 2_000,
    look: async (run) => {
      const name = 'org.kde.Solid.PowerManagement.PolicyAgent'
      const path = '/org/kde/Solid/PowerManagement/PolicyAgent'
      const call = dbusCall(name, path, `${name}.HasInhibition`)
      return inhibitorReport(await run('gdbus', [...call, KDE_SCREEN]))
    },
  },
  {
    name: 'window',
    everyMs: 2_000,
    look: async (run) => {
      // X11 programs on Wayland are only some of the windows, so its own word comes first.
      if (process.env['SWAYSOCK'] !== undefined) {
        return { fullscreen: swayCovers(await run('swaymsg', ['-r', '-t', 'get_tree'])) }
      }
      if (process.env['HYPRLAND_INSTANCE_SIGNATURE'] !== undefined) {
        return { fullscreen: hyprlandCovers(await run('hyprctl', ['-j', 'activewindow'])) }
      }
      const active = await run('xprop', ['-root', '_NET_ACTIVE_WINDOW'])
      const window = activeWindow(active)
      if (window === undefined) return { fullscreen: false }
      return { fullscreen: coversDisplay(await run('xprop', ['-id', window, '_NET_WM_STATE'])) }
    },
  },
]

/** What is held off, as a bit: of GNOME that the session is marked idle, of KDE that the screen is dimmed or locked. */
const GNOME_IDLE = '8'
const KDE_SCREEN = '4'

function dbusCall(name: string, path: string, method: string): readonly string[] {
  return ['call', '--session', '--dest', name, '--object-path', path, '--method', method]
}

/** `(uint64 1234,)`, `(uint32 1234,)` or `1234`. */
export function idleReport(text: string): SessionReport {
  const found = /^\(?(?:uint(?:32|64) )?(\d{1,13}),?\)?$/.exec(text.trim())
  if (found === null) throw new Error('expected an idle time, got something else')
  return { idleMs: Number(found[1]) }
}

/** `(true,)`. */
export function inhibitorReport(text: string): SessionReport {
  const found = /^\((true|false),\)$/.exec(text.trim())
  if (found === null) throw new Error('expected whether idle is held off, got something else')
  return { inhibited: found[1] === 'true' }
}

/** True when a stream of `pactl list sink-inputs` is not corked, which is the sound server's word for paused. */
export function plays(text: string): boolean {
  return /^\s*Corked: no$/m.test(text)
}

/** True when some program records, its own echo of the speakers apart. */
export function records(text: string): boolean {
  return text
    .split(/^Source Output #/m)
    .some((output) => plays(output) && !/\.monitor/.test(output))
}

/** `LockedHint=yes`. */
export function lockReport(text: string): SessionReport {
  const found = /^LockedHint=(yes|no)$/m.exec(text)
  if (found === null) throw new Error('expected a hint of the lock, got something else')
  return { locked: found[1] === 'yes' }
}

/** `_NET_ACTIVE_WINDOW(WINDOW): window id # 0x3a00007`. */
export function activeWindow(text: string): string | undefined {
  const window = /window id # (0x[0-9a-f]{1,8})/.exec(text)?.[1]
  return window === '0x0' ? undefined : window
}

/** `_NET_WM_STATE(ATOM) = _NET_WM_STATE_FULLSCREEN`. */
export function coversDisplay(text: string): boolean {
  return text.includes('_NET_WM_STATE_FULLSCREEN')
}
