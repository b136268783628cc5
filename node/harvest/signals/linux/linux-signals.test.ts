import { describe, expect, it } from 'vitest'
import { VirtualHost } from '../../../../test/fixtures/virtual-host.ts'
import { HostFiles } from '../host-files.ts'
import { boardFlags } from './board-flags.ts'
import { InputInterrupts, inputInterrupts } from './input-interrupts.ts'
import { meminfo, memoryOf } from './memory.ts'
import { power } from './power-supplies.ts'
import { PressureGauge, stallTimes } from './pressure.ts'
import { processStat, processTree, ticksOf } from './process-tree.ts'
import { ProcessorGauge, processorTimes } from './processor-use.ts'
import { temperatures } from './temperatures.ts'
import { lastTerminalInputMs } from './terminals.ts'

const GARBAGE = ['', '\n', 'NaN', '-1', 'cpu', '\0\0\0', '999999999999999999999999', '{}', '%s%n']

describe('processor time', () => {
  const stat = (user: number, idle: number): string =>
    `cpu  ${user} 0 0 ${idle} 0 0 0 50 7 0\ncpu0 1 0 0 1 0 0 0 0 0 0\n`
  const line = (pid: number, name: string, ticks: readonly number[], group = pid): string =>
    `${pid} (${name}) S 1 ${group} 1 0 -1 4194560 1 2 3 4 ${ticks.join(' ')} 20 0 1 0 5 6 7`

  it('is busy time without idle, waiting and stolen time', () => {
    expect(processorTimes(stat(100, 300))).toEqual({
      totalTicks: 450,
      busyTicks: 100,
      nicedTicks: 0,
    })
  })

  it('reads a process whose name tries to look like something else', () => {
    expect(processStat(line(7, 'a) R 9 (x', [1, 2, 3, 4]))).toEqual({
      state: 'S',
      group: 7,
      ticks: 10,
      ownUserTicks: 1,
      childUserTicks: 3,
    })
  })

  it('tells what of it was ours, with children that have ended', () => {
    using host = new VirtualHost({
      'proc/stat': stat(0, 0),
      'proc/10/stat': line(10, 'node', [0, 0, 0, 0]),
      'proc/10/task/10/children': '11 ',
      'proc/11/stat': line(11, 'node', [5, 0, 0, 0]),
      'proc/11/task/11/children': '12 13 ',
      'proc/12/stat': line(12, 'x', [1, 0, 0, 0]),
    })
    const files = new HostFiles(host.roots)
    expect(processTree(files, 10)).toEqual([10, 11, 12, 13])
    expect(ticksOf(files, [10, 11, 12, 13])).toEqual({ all: 6, executorUser: 6 })
    const gauge = new ProcessorGauge(files, { pid: 10, cores: 2 })
    expect(gauge.read()).toBeUndefined()
    host.write('proc/stat', stat(60, 140))
    host.write('proc/10/stat', line(10, 'node', [0, 0, 20, 6]))
    host.remove('proc/11')
    expect(gauge.read()).toEqual({ busyFraction: 0.3, ownFraction: 0.1, cores: 2 })
    files.close()
  })

  it("of programs that are nice is nobody's but the background's", () => {
    const niced = (user: number, nice: number, idle: number): string =>
      `cpu  ${user} ${nice} 0 ${idle} 0 0 0 0 0 0\n`
    using host = new VirtualHost({
      'proc/stat': niced(0, 0, 0),
      'proc/10/stat': line(10, 'node', [0, 0, 0, 0]),
    })
    const files = new HostFiles(host.roots)
    const gauge = new ProcessorGauge(files, { pid: 10, cores: 2 })
    gauge.read()
    host.write('proc/stat', niced(20, 70, 10))
    // Ours: 5 of the daemon, 40 of an executor that has ended, and 30 of somebody else's.
    host.write('proc/10/stat', line(10, 'node', [5, 0, 40, 0]))
    expect(gauge.read()).toEqual({ busyFraction: 0.9, ownFraction: 0.75, cores: 2 })
    files.close()
  })

  it('is not made up from garbage', () => {
    expect(GARBAGE.map(processorTimes)).toEqual(GARBAGE.map(() => undefined))
    expect(GARBAGE.map(processStat)).toEqual(GARBAGE.map(() => undefined))
    using host = new VirtualHost({ 'proc/stat': 'cpu x y z' })
    const gauge = new ProcessorGauge(new HostFiles(host.roots), { pid: 1, cores: 1 })
    expect(() => gauge.read()).toThrow('expected times of processors')
  })
})

describe('pressure', () => {
  const psi = (someUs: number, fullUs: number): string =>
    `some avg10=0.00 avg60=0.00 avg300=0.00 total=${someUs}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=${fullUs}\n`

  it('is the part of the time between two looks in which work waited', () => {
    using host = new VirtualHost()
    const write = (us: number): void => {
      for (const name of ['cpu', 'memory', 'io'])
        host.write(`proc/pressure/${name}`, psi(us, us / 2))
    }
    write(1_000)
    const files = new HostFiles(host.roots)
    const gauge = new PressureGauge(files)
    expect(gauge.read(1_000, false)).toBeUndefined()
    write(101_000)
    expect(gauge.read(1_500, true)).toEqual({
      cpuSomeFraction: 0.2,
      memorySomeFraction: 0.2,
      memoryFullFraction: 0.1,
      ioSomeFraction: 0.2,
      ofOthersOnly: false,
    })
    files.close()
  })

  it('is refused where the kernel keeps none, or something else', () => {
    expect(stallTimes('some avg10=0.00 avg60=0.00 avg300=0.00 total=5')).toEqual({
      someUs: 5,
      fullUs: 0,
    })
    expect(GARBAGE.map(stallTimes)).toEqual(GARBAGE.map(() => undefined))
    using host = new VirtualHost()
    expect(() => new PressureGauge(new HostFiles(host.roots)).read(0, false)).toThrow('ENOENT')
  })
})

describe('memory', () => {
  const text = 'MemTotal:        8000 kB\nMemFree:          100 kB\nMemAvailable:    5000 kB\n'

  it('is that of the machine, or of a smaller control group', () => {
    using host = new VirtualHost({ 'proc/meminfo': text })
    const files = new HostFiles(host.roots)
    expect(memoryOf(files)).toEqual({ totalBytes: 8_192_000, availableBytes: 5_120_000 })
    host.write('proc/self/cgroup', '0::/work\n')
    host.write('sys/fs/cgroup/work/memory.max', '1000000\n')
    host.write('sys/fs/cgroup/work/memory.current', '400000\n')
    expect(memoryOf(files)).toEqual({ totalBytes: 1_000_000, availableBytes: 600_000 })
    host.write('sys/fs/cgroup/work/memory.max', 'max\n')
    expect(memoryOf(files)?.totalBytes).toBe(8_192_000)
    files.close()
  })

  it('is not made up from garbage', () => {
    expect(GARBAGE.map(meminfo)).toEqual(GARBAGE.map(() => undefined))
  })
})

describe('temperatures', () => {
  it('come from zones and monitors of what computes, with trip points', () => {
    using host = new VirtualHost({
      'sys/class/thermal/thermal_zone0/type': 'x86_pkg_temp\n',
      'sys/class/thermal/thermal_zone0/temp': '61500\n',
      'sys/class/thermal/thermal_zone0/trip_point_0_type': 'passive\n',
      'sys/class/thermal/thermal_zone0/trip_point_0_temp': '95000\n',
      'sys/class/thermal/thermal_zone0/trip_point_1_type': 'critical\n',
      'sys/class/thermal/thermal_zone0/trip_point_1_temp': '105000\n',
      'sys/class/thermal/thermal_zone1/type': 'iwlwifi_1\n',
      'sys/class/thermal/thermal_zone1/temp': '45000\n',
      'sys/class/thermal/cooling_device0/type': 'Fan\n',
      'sys/class/hwmon/hwmon0/name': 'k10temp\n',
      'sys/class/hwmon/hwmon0/temp1_input': '70250\n',
      'sys/class/hwmon/hwmon0/temp1_crit': '100000\n',
      'sys/class/hwmon/hwmon1/name': 'nvme\n',
      'sys/class/hwmon/hwmon1/temp1_input': '80000\n',
      'sys/class/hwmon/hwmon2/name': 'amdgpu\n',
      'sys/class/hwmon/hwmon2/temp1_input': '55000\n',
    })
    expect(temperatures(new HostFiles(host.roots))).toEqual([
      {
        name: 'x86_pkg_temp',
        part: 'cpu',
        celsius: 61.5,
        passiveCelsius: 95,
        criticalCelsius: 105,
      },
      { name: 'iwlwifi_1', part: 'other', celsius: 45 },
      { name: 'k10temp', part: 'cpu', celsius: 70.25, criticalCelsius: 100 },
      { name: 'amdgpu', part: 'gpu', celsius: 55 },
    ])
  })

  it('of broken sensors are left out', () => {
    const files = Object.fromEntries(
      [...GARBAGE, '-274000', '200000'].flatMap((text, index) => [
        [`sys/class/thermal/thermal_zone${index}/type`, 'cpu-thermal'],
        [`sys/class/thermal/thermal_zone${index}/temp`, text],
      ]),
    )
    using host = new VirtualHost(files)
    const left = temperatures(new HostFiles(host.roots))
    // A thousandth below zero is cold, but possible.
    expect(left).toEqual([{ name: 'cpu-thermal', part: 'cpu', celsius: -0.001 }])
  })

  it('and supply of a Raspberry Pi are in one word of flags', () => {
    expect(boardFlags('throttled=0x50005')).toEqual({ underVoltage: true, throttled: true })
    expect(boardFlags('50000\n')).toEqual({ underVoltage: false, throttled: false })
    expect(boardFlags('0x8')).toEqual({ underVoltage: false, throttled: true })
    expect(['', 'throttled=', 'xyz', '0x123456789'].map(boardFlags)).toEqual(
      Array.from({ length: 4 }, () => undefined),
    )
  })
})

describe('power', () => {
  it('is that of the machine, whatever its charger calls itself', () => {
    using host = new VirtualHost({
      'sys/class/power_supply/ADP1/type': 'Mains\n',
      'sys/class/power_supply/ADP1/online': '0\n',
      'sys/class/power_supply/ucsi-source-psy-USBC000:001/type': 'USB\n',
      'sys/class/power_supply/ucsi-source-psy-USBC000:001/online': '1\n',
      'sys/class/power_supply/BAT0/type': 'Battery\n',
      'sys/class/power_supply/BAT0/present': '1\n',
      'sys/class/power_supply/BAT0/status': 'Discharging\n',
      'sys/class/power_supply/BAT0/capacity': '81\n',
      'sys/class/power_supply/BAT0/current_now': '1500000\n',
      'sys/class/power_supply/BAT0/voltage_now': '12000000\n',
      'sys/class/power_supply/hidpp_battery_0/type': 'Battery\n',
      'sys/class/power_supply/hidpp_battery_0/scope': 'Device\n',
      'sys/class/power_supply/hidpp_battery_0/status': 'Discharging\n',
      'sys/class/power_supply/hidpp_battery_0/capacity': '10\n',
    })
    expect(power(new HostFiles(host.roots))).toEqual({
      supplies: [
        { name: 'ADP1', type: 'mains', online: false },
        { name: 'ucsi-source-psy-USBC000:001', type: 'usb', online: true },
      ],
      batteries: [{ name: 'BAT0', chargeFraction: 0.81, status: 'discharging', watts: -18 }],
    })
  })

  it('of garbage is nothing', () => {
    const files = Object.fromEntries(
      GARBAGE.flatMap((text, index) =>
        ['type', 'online', 'status', 'capacity', 'present', 'power_now'].map((name) => [
          `sys/class/power_supply/X${index}/${name}`,
          name === 'type' ? (index % 2 === 0 ? 'Battery' : 'Mains') : text,
        ]),
      ),
    )
    using host = new VirtualHost(files)
    expect(power(new HostFiles(host.roots))).toEqual({
      // Minus one is a number; what it says is that nothing is online.
      supplies: [{ name: 'X3', type: 'mains', online: false }],
      batteries: [],
    })
  })
})

describe('input', () => {
  it('is the last read of any terminal, sessions that were opened later included', () => {
    using host = new VirtualHost({ 'dev/tty1': '', 'dev/ttyS0': '', 'dev/tty': '' })
    const files = new HostFiles(host.roots)
    host.touch('dev/tty1', 1_000, 1_000)
    expect(lastTerminalInputMs(files)).toBeUndefined()
    host.write('dev/pts/3', '')
    host.touch('dev/pts/3', 50_000, 60_000)
    host.write('dev/pts/ptmx', '')
    expect(lastTerminalInputMs(files)).toBe(50_000)
    host.touch('dev/tty1', 70_000, 1_000)
    expect(lastTerminalInputMs(files)).toBe(70_000)
  })

  const interrupts = (keyboard: number, usb: number): string =>
    `            CPU0       CPU1
   1:          ${keyboard}          1   IO-APIC   1-edge      i8042
  14:          7          0   IO-APIC  14-edge      ata_piix
 131:          ${usb}          0  IR-PCI-MSI 327680-edge      xhci_hcd
 NMI:          9          9   Non-maskable interrupts\n`

  it('is seen in interrupts of keyboards, and not in those of disks', () => {
    expect([...inputInterrupts(interrupts(4, 9))]).toEqual([
      ['1:', 5],
      ['131:', 9],
    ])
    using host = new VirtualHost({ 'proc/interrupts': interrupts(4, 9) })
    const files = new HostFiles(host.roots)
    const input = new InputInterrupts(files)
    expect([input.read(0), input.read(250)]).toEqual([0, 0])
    host.write('proc/interrupts', interrupts(5, 9))
    expect([input.read(500), input.read(750)]).toEqual([500, 500])
    files.close()
  })

  it('is not taken for seen on a line that never rests, such as a camera is on', () => {
    using host = new VirtualHost({ 'proc/interrupts': interrupts(0, 0) })
    const files = new HostFiles(host.roots)
    const input = new InputInterrupts(files)
    let last: number | undefined
    for (let nowMs = 0; nowMs <= 600_000; nowMs += 10_000) {
      host.write('proc/interrupts', interrupts(0, nowMs))
      last = input.read(nowMs)
    }
    expect(last).toBeLessThan(140_000)
    host.write('proc/interrupts', interrupts(1, 600_500))
    expect(input.read(601_000)).toBe(601_000)
    files.close()
  })

  it('cannot be told on a machine without such lines', () => {
    using host = new VirtualHost({ 'proc/interrupts': GARBAGE.join('\n') })
    const files = new HostFiles(host.roots)
    expect(new InputInterrupts(files).read(0)).toBeUndefined()
    files.close()
  })
})
