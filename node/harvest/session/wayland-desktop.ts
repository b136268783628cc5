/**
 * Sessions of Wayland compositors that have no service on the session bus: sway and others of its
 * kind tell of input by the protocol ext-idle-notify-v1, through swayidle(1), and of windows by
 * programs of their own. GNOME and KDE tell of input and of inhibitors as in `linux-desktop.ts`; neither
 * tells others which window covers the display, so there a film is known by its inhibitor and its sound.
 *
 * @module
 */

import { CommandLines } from '../signals/command-lines.ts'
import type { DesktopProbe } from './desktop.ts'
import type { SessionReport } from './session-report.ts'

/** Silence after which swayidle says that nobody is there, in s, its finest. */
const IDLE_S = 1

/** Prints `idle` and `active` in turn, `active` at once with the first input. */
export const SWAYIDLE = [
  'swayidle',
  'timeout',
  `${IDLE_S}`,
  'echo idle',
  'resume',
  'echo active',
] as const

/** Time since the last input, from what swayidle prints and when. */
export class IdleNotices {
  #idleSinceMs: number | undefined
  #active = false

  onLine(line: string, nowMs: number): void {
    this.#active = line === 'active'
    this.#idleSinceMs = line === 'idle' ? nowMs - IDLE_S * 1_000 : undefined
  }

  /** Forgets everything: the program has ended. */
  forget(): void {
    this.#active = false
    this.#idleSinceMs = undefined
  }

  /** @throws {Error} while nothing was printed. */
  report(nowMs: number): SessionReport {
    if (this.#idleSinceMs !== undefined) return { idleMs: nowMs - this.#idleSinceMs }
    if (!this.#active) throw new Error('expected a notice of swayidle, got none yet')
    return { idleMs: 0 }
  }
}

/** A probe that starts swayidle at its first look, and keeps it until `signal` aborts. */
export function swayidleProbe(nowMs: () => number, signal: AbortSignal): DesktopProbe {
  const notices = new IdleNotices()
  let lines: CommandLines | undefined
  return {
    name: 'swayidle',
    look: async () => {
      if (process.env['WAYLAND_DISPLAY'] === undefined) throw new Error('expected Wayland')
      if (lines === undefined) {
        const started = new CommandLines(
          SWAYIDLE,
          (line) => notices.onLine(line, nowMs()),
          () => notices.forget(),
        )
        lines = started
        await started.start(signal)
        signal.addEventListener('abort', () => void started.stop(), { once: true })
      }
      return notices.report(nowMs())
    },
  }
}

/** Depth of a tree of windows, and windows in it, that are looked at. */
const TREE_WINDOWS_MAX = 10_000

/** `swaymsg -t get_tree`: true when the focused window covers its display. */
export function swayCovers(text: string): boolean {
  const waiting: unknown[] = [JSON.parse(text)]
  for (let seen = 0; waiting.length > 0 && seen < TREE_WINDOWS_MAX; seen++) {
    const node = waiting.pop() as Partial<Record<string, unknown>> | null
    if (typeof node !== 'object' || node === null) continue
    const { focused, type, fullscreen_mode: mode } = node
    if (focused === true && type !== 'workspace') return typeof mode === 'number' && mode > 0
    for (const children of [node['nodes'], node['floating_nodes']]) {
      if (Array.isArray(children)) waiting.push(...(children as unknown[]))
    }
  }
  return false
}

/** `hyprctl -j activewindow`: 0 and 1 are windows and maximised ones, 2 and 3 cover the display. */
export function hyprlandCovers(text: string): boolean {
  const { fullscreen } = JSON.parse(text) as { readonly fullscreen?: unknown }
  return fullscreen === true || (typeof fullscreen === 'number' && fullscreen >= 2)
}
