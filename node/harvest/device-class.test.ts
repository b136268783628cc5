import { expect, it } from 'vitest'
import { VirtualHost } from '../../test/fixtures/virtual-host.ts'
import { deviceClass } from './device-class.ts'
import { HostFiles } from './signals/host-files.ts'

function classOf(files: Readonly<Record<string, string>>, platform: NodeJS.Platform = 'linux') {
  using host = new VirtualHost(files)
  return deviceClass(platform, files['model'] ?? '', new HostFiles(host.roots))
}

it('is told by container, battery, board, chassis and display, in this order', () => {
  const battery = {
    'sys/class/power_supply/BAT0/type': 'Battery',
    'sys/class/power_supply/BAT0/capacity': '80',
    'sys/class/power_supply/BAT0/status': 'Full',
  }
  const chassis = (type: number) => ({ 'sys/class/dmi/id/chassis_type': `${type}\n` })
  expect([
    classOf({ '.dockerenv': '', ...battery }),
    classOf({ 'proc/1/environ': 'PATH=/bin\0container=podman\0' }),
    classOf({ ...battery, ...chassis(3) }),
    classOf({ 'proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0' }),
    classOf(chassis(10)),
    classOf(chassis(3)),
    classOf(chassis(23)),
    classOf({ ...chassis(1), 'sys/class/drm/card0-HDMI-A-1/status': 'connected' }),
    classOf(chassis(1)),
    classOf({ 'sys/class/dmi/id/chassis_type': 'garbage' }),
    classOf({ model: 'MacBookPro18,3' }, 'darwin'),
    classOf({ model: 'Macmini9,1' }, 'darwin'),
    classOf({}, 'android'),
  ]).toEqual([
    'container',
    'container',
    'laptop',
    'sbc',
    'laptop',
    'desktop',
    'server',
    'desktop',
    'server',
    'server',
    'laptop',
    'desktop',
    'phone',
  ])
})
