import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/fixtures/manual-clock.ts'
import {
  activeWindow,
  coversDisplay,
  idleReport,
  inhibitorReport,
  LINUX_STATE_PROBES,
  lockReport,
  plays,
  records,
} from './linux-desktop.ts'
import {
  parseReport,
  parseWish,
  reportLine,
  type SessionReport,
  wishLine,
} from './session-report.ts'
import { SessionWatch } from './session-watch.ts'
import { windowsSession } from './windows-desktop.ts'

describe('a report', () => {
  const report: SessionReport = {
    idleMs: 12.5,
    locked: false,
    fullscreen: true,
    call: false,
    inhibited: true,
  }

  it('comes out as it went in, without what a later version may add', () => {
    expect(parseReport(reportLine(report))).toEqual(report)
    expect(parseReport('{"mood":"good","media":true}')).toEqual({ media: true })
    expect(parseWish(wishLine({ everyMs: 250 }))).toEqual({ everyMs: 250 })
  })

  it('is refused whole when any of it is wrong', () => {
    const wrong = [
      '',
      '{',
      'null',
      '[]',
      '7',
      '{"idleMs":-1}',
      '{"idleMs":"1"}',
      '{"idleMs":null}',
      '{"idleMs":1e300}',
      '{"locked":1}',
      '{"idleMs":5,"media":"yes"}',
      `{"idleMs":5,"x":"${'y'.repeat(2_000)}"}`,
    ]
    expect(wrong.map(parseReport)).toEqual(wrong.map(() => undefined))
    expect(
      ['', '{}', '{"everyMs":1}', '{"everyMs":1e9}', '{"everyMs":"9"}'].map(parseWish),
    ).toEqual(Array.from({ length: 5 }, () => undefined))
  })

  it('is a report or refused, whatever bit of it is flipped', () => {
    const line = Buffer.from(reportLine(report))
    for (let bit = 0; bit < line.length * 8; bit++) {
      const flipped = Buffer.from(line)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => parseReport(flipped.toString())).not.toThrow()
    }
  })
})

describe('a desktop', () => {
  it('tells when it was last used, in its own words', () => {
    expect(['(uint64 1234,)\n', '(uint32 7,)', '99\n'].map(idleReport)).toEqual([
      { idleMs: 1234 },
      { idleMs: 7 },
      { idleMs: 99 },
    ])
    expect(() => idleReport('Error: GDBus.Error')).toThrow('expected an idle time')
  })

  it('tells of films, calls, locks and windows', () => {
    const output = (corked: string, source: string): string =>
      `Source Output #12\n\tDriver: PipeWire\n\tSource: ${source}\n\tCorked: ${corked}\n`
    expect([
      plays('Sink Input #5\n\tCorked: no\n'),
      plays('Sink Input #5\n\tCorked: yes\n'),
    ]).toEqual([true, false])
    expect(records(output('no', 'alsa_input.usb'))).toBe(true)
    expect(records(output('no', 'alsa_output.pci.monitor') + output('yes', 'mic'))).toBe(false)
    expect(lockReport('LockedHint=yes\n')).toEqual({ locked: true })
    expect(() => lockReport('')).toThrow('expected a hint')
    expect(activeWindow('_NET_ACTIVE_WINDOW(WINDOW): window id # 0x3a00007\n')).toBe('0x3a00007')
    expect(activeWindow('_NET_ACTIVE_WINDOW(WINDOW): window id # 0x0\n')).toBeUndefined()
    expect(coversDisplay('_NET_WM_STATE(ATOM) = _NET_WM_STATE_FULLSCREEN\n')).toBe(true)
  })

  it.each([
    ['gnome-inhibitors', 'org.gnome.SessionManager.IsInhibited 8'],
    ['kde-inhibitors', 'org.kde.Solid.PowerManagement.PolicyAgent.HasInhibition 4'],
  ])('of Wayland tells whether a film holds off its idle screen: %s', async (name, asked) => {
    const probe = LINUX_STATE_PROBES.find((each) => each.name === name)
    const look = (answer: string) =>
      probe?.look(async (command, words) => {
        expect([command, words.slice(-2).join(' ')]).toEqual(['gdbus', asked])
        return answer
      })
    expect(await look('(true,)\n')).toEqual({ inhibited: true })
    expect(await look('(false,)\n')).toEqual({ inhibited: false })
    // Another desktop, where gdbus itself has failed, and an answer of another kind.
    await expect(look('(uint32 1,)')).rejects.toThrow('expected whether idle is held off')
    expect(() => inhibitorReport('')).toThrow('expected whether idle is held off')
  })

  it('of Windows tells it in one line', () => {
    expect(windowsSession('1500 3\r')).toEqual({ idleMs: 1500, locked: false, fullscreen: true })
    expect(windowsSession('9 1')).toEqual({ idleMs: 9, locked: true, fullscreen: false })
    expect(['', '1', 'a b', '5 9', '-1 5'].map(windowsSession)).toEqual(
      Array.from({ length: 5 }, () => undefined),
    )
  })
})

describe('a watch', () => {
  it('tells input at once, and else just that it is still there', async () => {
    const clock = new ManualClock()
    const reports: (readonly [number, SessionReport])[] = []
    let inputMs = 0
    const watch = new SessionWatch({
      clock,
      run: () => Promise.reject(new Error('no such program')),
      idle: [
        { name: 'absent', look: (run) => run('x', []).then(idleReport) },
        { name: 'works', look: async () => ({ idleMs: clock.monotonicMs() - inputMs }) },
      ],
      state: [],
      onReport: (report) => reports.push([clock.monotonicMs(), report]),
    })
    const stop = new AbortController()
    const running = watch.run(stop.signal)
    await clock.advance(0)
    watch.pace(250)
    await clock.advance(10_000)
    expect(reports.map(([atMs]) => atMs)).toEqual([0, 4_000, 8_000])
    inputMs = clock.monotonicMs()
    await clock.advance(1_000)
    expect(reports.at(-1)).toEqual([10_250, { idleMs: 250 }])
    stop.abort()
    await running
  })
})
