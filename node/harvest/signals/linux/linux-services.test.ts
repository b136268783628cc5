import { describe, expect, it } from 'vitest'
import { VirtualHost } from '../../../../test/fixtures/virtual-host.ts'
import { HostFiles } from '../host-files.ts'
import { gpuClient, GpuGauge } from './gpu-files.ts'
import { parseLoginState, sleepAnnouncement } from './logind.ts'
import { parseMetered } from './metered.ts'
import { runningPrograms } from './running-programs.ts'

const GARBAGE = ['', '\n', 'NaN', '-1', 'cpu', '\0\0\0', '999999999999999999999999', '{}', '%s%n']

describe('the login manager', () => {
  const state = (...data: readonly unknown[]): string =>
    data.map((value) => `${JSON.stringify({ type: 'x', data: value })}\n`).join('')

  it('tells idle sessions, who keeps the machine awake, and that it falls asleep', () => {
    expect(
      parseLoginState(state(true, 1_700_000_000_000_000, 'sleep:idle', false, false, true)),
    ).toEqual({
      idle: true,
      idleSinceMs: 1_700_000_000_000,
      inhibitors: [{ what: 'idle', by: 'logind' }],
      sleepPending: false,
      lidClosed: true,
    })
    expect(parseLoginState(state(false, 0, 'shutdown', true, false, false))).toEqual({
      idle: false,
      idleSinceMs: undefined,
      inhibitors: [],
      sleepPending: true,
      lidClosed: false,
    })
    const line = '/org/freedesktop/login1: org.freedesktop.login1.Manager.PrepareForSleep'
    expect([`${line} (true,)`, `${line} (false,)`, line].map(sleepAnnouncement)).toEqual([
      true,
      false,
      undefined,
    ])
  })

  it('is not believed when it says something else', () => {
    const broken = [...GARBAGE, state(true), state('x', 'y', 1, 2, 3, 4), 'a\nb\nc\nd\ne\nf']
    expect(broken.map(parseLoginState)).toEqual(broken.map(() => undefined))
  })

  it('has a colleague that knows what the network costs', () => {
    expect(['u 1\n', 'u 2', 'u 3', 'u 4', 'u 0', 's "x"', ''].map(parseMetered)).toEqual([
      true,
      false,
      true,
      false,
      undefined,
      undefined,
      undefined,
    ])
  })
})

it('knows the names of programs that run', () => {
  using host = new VirtualHost({
    'proc/1/comm': 'systemd\n',
    'proc/22/comm': 'Blender\n',
    'proc/self/comm': 'x\n',
    'proc/uptime': '5',
  })
  expect([...runningPrograms(new HostFiles(host.roots))]).toEqual(['systemd', 'blender'])
})

describe('graphics processors', () => {
  const client = (number: number, ns: number): string =>
    `pos:\t0\nflags:\t02\ndrm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t${number}\n` +
    `drm-engine-render:\t${ns} ns\ndrm-engine-copy:\t5 ns\ndrm-engine-capacity-video:\t2\n`

  it('are busy with clients of others, by the engine that each used most', () => {
    expect(gpuClient(client(7, 9_288_864_723))).toEqual({
      card: '0000:00:02.0',
      number: 7,
      busyNs: 9_288_864_723,
    })
    using host = new VirtualHost({
      'sys/class/drm/card0/device/uevent': 'DRIVER=i915\nPCI_SLOT_NAME=0000:00:02.0\n',
      'sys/class/drm/card0-HDMI-A-1/status': 'connected\n',
      'proc/50/fdinfo/9': client(7, 1_000_000_000),
      'proc/60/fdinfo/9': client(8, 0),
    })
    host.link('proc/50/fd/9', '/dev/dri/renderD128')
    host.link('proc/50/fd/1', '/dev/null')
    host.link('proc/60/fd/9', '/dev/dri/renderD128')
    const gauge = new GpuGauge(new HostFiles(host.roots), () => new Set([60]))
    const use = { name: 'card0', usedByOthersBytes: 0, totalBytes: 0, display: true }
    expect(gauge.read(0)).toEqual([{ ...use, busyByOthersFraction: 0 }])
    host.write('proc/50/fdinfo/9', client(7, 1_500_000_000))
    host.write('proc/60/fdinfo/9', client(8, 2_000_000_000))
    expect(gauge.read(2_000)).toEqual([{ ...use, busyByOthersFraction: 0.25 }])
  })

  it('of AMD have gauges of their own', () => {
    using host = new VirtualHost({
      'sys/class/drm/card1/device/uevent': 'PCI_SLOT_NAME=0000:03:00.0\n',
      'sys/class/drm/card1/device/gpu_busy_percent': '37\n',
      'sys/class/drm/card1/device/mem_info_vram_used': '1000\n',
      'sys/class/drm/card1/device/mem_info_vram_total': '9000\n',
    })
    expect(new GpuGauge(new HostFiles(host.roots), () => new Set()).read(0)).toEqual([
      {
        name: 'card1',
        busyByOthersFraction: 0.37,
        usedByOthersBytes: 1_000,
        totalBytes: 9_000,
        display: false,
      },
    ])
  })

  it('are not made up from garbage', () => {
    expect(GARBAGE.map(gpuClient)).toEqual(GARBAGE.map(() => undefined))
    using host = new VirtualHost()
    expect(new GpuGauge(new HostFiles(host.roots), () => new Set()).read(0)).toEqual([])
  })
})
