import { expect, it } from 'vitest'
import type { PeerId } from '../core/ids.ts'
import { device } from '../test/fixtures/devices.ts'
import { deviceName } from './device-name.ts'

it('gives a device the name that it has everywhere and always', () => {
  expect([1, 2, 3].map((number) => deviceName(device(number).peer))).toEqual([
    'brave-alder-d3ab',
    'eager-maple-8f81',
    'grand-maple-e9d4',
  ])
})

it('tells apart the devices of a large mesh', () => {
  const names = Array.from({ length: 2_000 }, (_, index) => deviceName(`peer${index}` as PeerId))
  expect(new Set(names).size).toBe(names.length)
  expect(names.every((name) => /^[a-z]+-[a-z]+-[0-9a-f]{4}$/.test(name))).toBe(true)
})
