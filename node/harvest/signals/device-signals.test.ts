import { describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import { ManualClock, settle } from '../../../test/fixtures/manual-clock.ts'
import { VirtualHost } from '../../../test/fixtures/virtual-host.ts'
import { DeviceSignals } from './device-signals.ts'
import { HostFiles } from './host-files.ts'

/** A laptop: everything that it has, in files. */
const LAPTOP = {
  'proc/stat': 'cpu  10 0 0 90 0 0 0 0 0 0\ncpu0 10 0 0 90 0 0 0 0 0 0\n',
  'proc/100/stat': '100 (node) S 1 100 100 0 -1 0 0 0 0 0 1 0 0 0 20 0 1 0 5 6 7',
  'proc/meminfo': 'MemTotal: 1000 kB\nMemAvailable: 500 kB\n',
  'proc/interrupts': '  CPU0\n 1:  5  IO-APIC 1-edge i8042\n',
  'dev/pts/0': '',
  'run/dbus/system_bus_socket': '',
  'sys/class/power_supply/AC/type': 'Mains',
  'sys/class/power_supply/AC/online': '1',
}

function signals(host: VirtualHost, clock: ManualClock, platform: NodeJS.Platform = 'linux') {
  const calls: string[] = []
  const device = new DeviceSignals(
    { clock, logger: SILENT_LOGGER, onNews: () => undefined },
    {
      platform,
      socketPath: '/nowhere',
      facts: {
        files: new HostFiles(host.roots),
        run: (file, words) => {
          calls.push([file, ...words].join(' '))
          return words.includes('Metered')
            ? Promise.resolve('u 1\n')
            : Promise.reject(new Error('no such program'))
        },
        pid: 100,
        cores: 1,
        memoryBytes: 1e9,
        stateDir: '/',
        exclusiveApps: ['blender'],
        ownPids: () => new Set([100]),
        ownMs: () => 0,
        bytesToday: () => 7,
      },
    },
  )
  return { device, calls }
}

describe('signals of a device', () => {
  it('are all that it has, by name, and nothing that it has not', async () => {
    using host = new VirtualHost(LAPTOP)
    const clock = new ManualClock()
    host.touch('dev/pts/0', clock.wallMs() - 60_000, clock.wallMs())
    const { device } = signals(host, clock)
    device.look(false)
    await clock.advance(5_000)
    host.write('proc/stat', 'cpu  60 0 0 140 0 0 0 0 0 0\n')
    device.look(false)
    await settle()
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
    const readings = device.readings
    expect(Object.keys(readings).toSorted()).toEqual([
      'batteries',
      'cpu',
      'disk',
      'exclusiveApps',
      'gpus',
      'lastInputAtMs',
      'memory',
      'network',
      'supplies',
      'thermal',
    ])
    expect(readings.cpu).toMatchObject({ value: { busyFraction: 0.5, ownFraction: 0, cores: 1 } })
    expect(readings.network).toMatchObject({ value: { metered: true, todayBytes: 7 } })
    // Interrupts guess that somebody was there when they were first counted.
    expect(readings.lastInputAtMs).toMatchObject({ value: 0 })
  })

  it('are looked at without starting a program where no program would answer', async () => {
    using host = new VirtualHost({ 'proc/stat': LAPTOP['proc/stat'] })
    const clock = new ManualClock()
    const { device, calls } = signals(host, clock)
    for (let second = 0; second < 120; second += 5) {
      device.look(false)
      await clock.advance(5_000)
    }
    expect(calls).toEqual([])
    const mac = signals(host, clock, 'darwin')
    mac.device.look(false)
    await settle()
    expect(mac.calls.map((call) => call.split(' ', 1).join('')).toSorted()).toEqual([
      'ioreg',
      'pmset',
      'pmset',
      'pmset',
      'ps',
      'vm_stat',
    ])
    const windows = signals(host, clock, 'win32')
    windows.device.look(false)
    expect(windows.calls).toEqual(['tasklist /fo csv /nh'])
  })
})
