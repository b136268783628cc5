import { describe, expect, it } from 'vitest'
import { hyprlandCovers, IdleNotices, swayCovers } from './wayland-desktop.ts'

/** As swaymsg prints it, cut to what matters: a workspace with a terminal and a film beside it. */
function swayTree(film: { readonly focused: boolean; readonly fullscreen_mode: number }): string {
  const terminal = { type: 'con', focused: !film.focused, fullscreen_mode: 0, nodes: [] }
  const mpv = { type: 'floating_con', name: 'film.mkv - mpv', nodes: [], ...film }
  const workspace = {
    type: 'workspace',
    focused: false,
    // The workspace itself is said to be fullscreen, always.
    fullscreen_mode: 1,
    nodes: [terminal],
    floating_nodes: [mpv],
  }
  return JSON.stringify({ type: 'root', nodes: [{ type: 'output', nodes: [workspace] }] })
}

describe('a Wayland session', () => {
  it('is idle from a second before swayidle says so, until it says otherwise', () => {
    const notices = new IdleNotices()
    expect(() => notices.report(0)).toThrow('expected a notice')
    notices.onLine('idle', 5_000)
    expect(notices.report(65_000)).toEqual({ idleMs: 61_000 })
    notices.onLine('active', 70_000)
    expect(notices.report(70_200)).toEqual({ idleMs: 0 })
    notices.forget()
    expect(() => notices.report(71_000)).toThrow('expected a notice')
  })

  it('of sway says whether the focused window covers the display', () => {
    expect(swayCovers(swayTree({ focused: true, fullscreen_mode: 1 }))).toBe(true)
    expect(swayCovers(swayTree({ focused: true, fullscreen_mode: 0 }))).toBe(false)
    expect(swayCovers(swayTree({ focused: false, fullscreen_mode: 1 }))).toBe(false)
    expect(['null', '7', '{}', '{"nodes":[null,3]}'].map(swayCovers)).toEqual(
      Array.from({ length: 4 }, () => false),
    )
    expect(() => swayCovers('Unable to connect')).toThrow('not valid JSON')
  })

  it('of Hyprland does, by whether its mode covers more than the work area', () => {
    const texts = [0, 1, 2, 3, true, '"2"'].map((mode) => `{"class":"mpv","fullscreen":${mode}}`)
    expect(texts.map(hyprlandCovers)).toEqual([false, false, true, true, true, false])
    expect(hyprlandCovers('{}')).toBe(false)
  })
})
