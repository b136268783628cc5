import { describe, expect, it } from 'vitest'
import { exclusivePrograms, namesOfPs, namesOfTasklist } from './exclusive-programs.ts'
import { hidIdleMs } from './macos/idle-time.ts'
import { macMemory } from './macos/memory.ts'
import { macInhibitors, macPower, macThrottled } from './macos/power-settings.ts'
import { NvidiaCards } from './nvidia-cards.ts'
import { windowsState } from './windows/system-script.ts'

const GARBAGE = ['', '\n', '{', '[]', 'null', '"x"', 'error: no such device', '\0']

describe('a Mac', () => {
  it('tells when it was last touched', () => {
    const text = '  | {\n  |   "HIDIdleTime" = 132458333\n  |   "HIDParameters" = {}\n  | }\n'
    expect(hidIdleMs(text)).toBeCloseTo(132.458)
    expect(GARBAGE.map(hidIdleMs)).toEqual(GARBAGE.map(() => undefined))
  })

  it('tells where its power comes from', () => {
    const battery =
      ' -InternalBattery-0 (id=4522083)\t85%; charging; 1:05 remaining present: true\n'
    expect(macPower(`Now drawing from 'AC Power'\n${battery}`)).toEqual({
      supplies: [{ name: 'AC Power', type: 'mains', online: true }],
      batteries: [{ name: 'InternalBattery-0', chargeFraction: 0.85, status: 'charging' }],
    })
    const drained = battery.replace('charging', 'discharging')
    expect(macPower(`Now drawing from 'Battery Power'\n${drained}`)).toEqual({
      supplies: [{ name: 'Battery Power', type: 'mains', online: false }],
      batteries: [{ name: 'InternalBattery-0', chargeFraction: 0.85, status: 'discharging' }],
    })
    expect(macPower("Now drawing from 'AC Power'\n")?.batteries).toEqual([])
    expect(GARBAGE.map(macPower)).toEqual(GARBAGE.map(() => undefined))
  })

  it('tells who keeps its display awake', () => {
    const text = (held: number): string => `2025-11-02 13:20:57 -0600
Assertion status system-wide:
   BackgroundTask                 0
   UserIsActive                   1
   PreventUserIdleDisplaySleep    ${held}
   PreventUserIdleSystemSleep     1
Listed by owning process:
   pid 321(Google Chrome): [0x0004] 00:01:23 NoDisplaySleepAssertion named: "Video Wake Lock"
   pid 80(powerd): [0x00044f2f00019216] 00:22:34 PreventUserIdleSystemSleep named: "Powerd"
`
    expect(macInhibitors(text(1))).toEqual([{ what: 'idle', by: 'Google Chrome' }])
    expect(macInhibitors(text(0))).toEqual([])
    expect(GARBAGE.map(macInhibitors)).toEqual(GARBAGE.map(() => undefined))
  })

  it('tells heat and memory', () => {
    expect(macThrottled('CPU_Scheduler_Limit = 100\nCPU_Speed_Limit \t= 63\n')).toBe(true)
    expect(macThrottled('Note: No thermal warning level has been recorded\n')).toBe(false)
    expect(GARBAGE.map(macThrottled)).toEqual(GARBAGE.map(() => undefined))
    const pages = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                                1000.
Pages active:                            900000.
Pages inactive:                            2000.
Pages purgeable:                             10.
`
    expect(macMemory(pages, 1e9)).toEqual({ totalBytes: 1e9, availableBytes: 3_010 * 16_384 })
    expect(GARBAGE.map((text) => macMemory(text, 1))).toEqual(GARBAGE.map(() => undefined))
  })
})

describe('a Windows machine', () => {
  it('tells of itself in one line', () => {
    const line = JSON.stringify({
      line: 'Offline',
      percent: 0.42,
      charge: '0',
      zones: [3_182, 0, 'x'],
      gpu: 12.5,
      freeKb: 100,
      totalKb: 400,
    })
    const state = windowsState(line)
    expect(state).toEqual({
      supplies: [{ name: 'system', type: 'mains', online: false }],
      batteries: [{ name: 'battery', chargeFraction: 0.42, status: 'discharging' }],
      thermal: [{ name: 'zone 0', part: 'cpu', celsius: expect.closeTo(45.05, 3) as number }],
      gpus: [
        {
          name: 'GPU',
          busyByOthersFraction: 0.125,
          usedByOthersBytes: 0,
          totalBytes: 0,
          display: true,
        },
      ],
      memory: { totalBytes: 409_600, availableBytes: 102_400 },
    })
  })

  it('without a battery, and without what it cannot tell, tells the rest', () => {
    const line = JSON.stringify({
      line: 'Online',
      percent: 1,
      charge: 'NoSystemBattery',
      zones: [null],
    })
    expect(windowsState(line)).toEqual({
      supplies: [{ name: 'system', type: 'mains', online: true }],
      batteries: [],
      thermal: [],
      gpus: [],
      memory: undefined,
    })
    expect(GARBAGE.map(windowsState)).toEqual(GARBAGE.map(() => undefined))
  })
})

describe('NVIDIA cards', () => {
  const dmon = [
    '# gpu    pwr  gtemp  mtemp     sm    mem    enc    dec    jpg    ofa   mclk   pclk     fb   bar1   ccpm ',
    '# Idx      W      C      C      %      %      %      %      %      %    MHz    MHz     MB     MB     MB ',
    '    0     26     41      -     60      8      0      0      -      -   7000   1410   2000     10      0 ',
  ]
  const pmon = [
    '# gpu         pid   type     sm    mem    enc    dec    jpg    ofa     fb   ccpm    command ',
    '# Idx           #    C/G      %      %      %      %      %      %     MB     MB    name ',
    '    0       1234     C     50      5      -      -      -      -   1500      0    node           ',
    '    0       2210     G      4      1      -      -      -      -    300      0    Xorg           ',
    '    0          -     -      -      -      -      -      -      -      -      -    -              ',
  ]

  it('are used by others for what is left when ours is taken off', () => {
    const cards = new NvidiaCards(() => new Set([1234]))
    expect(dmon.map((line) => cards.onCardLine(line))).toEqual([false, false, true])
    for (const line of pmon) cards.onProcessLine(line, 0)
    expect(cards.values()).toEqual({
      gpus: [
        {
          name: 'nvidia 0',
          busyByOthersFraction: expect.closeTo(0.1, 9) as number,
          usedByOthersBytes: 500 * 1024 * 1024,
          totalBytes: 0,
          display: true,
        },
      ],
      thermal: [{ name: 'nvidia 0', part: 'gpu', celsius: 41 }],
    })
  })

  it('are not made up from garbage, and a process that has ended is forgotten', () => {
    const cards = new NvidiaCards(() => new Set())
    for (const line of [...GARBAGE, dmon[2] ?? '']) expect(cards.onCardLine(line)).toBe(false)
    for (const line of dmon) cards.onCardLine(line)
    for (const line of pmon) cards.onProcessLine(line, 0)
    cards.onProcessLine(pmon[4] ?? '', 60_000)
    expect(cards.values().gpus[0]).toMatchObject({ busyByOthersFraction: 0.6, display: false })
  })
})

describe('exclusive programs', () => {
  it('are found by name on every platform', () => {
    const wanted = ['blender', 'a-very-long-program-name', 'factorio']
    expect(exclusivePrograms(wanted, namesOfPs('Blender\nzsh\n'))).toEqual(['blender'])
    expect(exclusivePrograms(wanted, new Set(['a-very-long-pro']))).toEqual([
      'a-very-long-program-name',
    ])
    const tasks = '"System","4","Services","0","144 K"\n"Factorio.exe","4212","Console","1","9 K"\n'
    expect(exclusivePrograms(wanted, namesOfTasklist(tasks))).toEqual(['factorio'])
    expect(exclusivePrograms([], namesOfPs('Blender\n'))).toEqual([])
  })
})
