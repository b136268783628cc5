import { describe, expect, it } from 'vitest'
import { nearestName } from './nearest.ts'
import { parseQuantity } from './quantity.ts'

describe('quantities', () => {
  it.each([
    ['512', 'bytes', 512],
    ['4GiB', 'bytes', 4_294_967_296],
    ['4 GB', 'bytes', 4e9],
    ['1_000', 'ms', 1_000],
    ['2.5s', 'ms', 2_500],
    ['1d', 'ms', 86_400_000],
    ['7', undefined, 7],
    ['-1', undefined, undefined],
    ['1e3', undefined, undefined],
    ['', 'ms', undefined],
    ['5 parsecs', 'ms', undefined],
    ['5GiB', 'ms', undefined],
    ['5toString', undefined, undefined],
  ] as const)('reads %j as %s', (text, unit, value) => {
    expect(parseQuantity(text, unit)).toBe(value)
  })
})

describe('nearest name', () => {
  it.each([
    ['tcpprot', 'tcpPort'],
    ['MDNS', 'mdns'],
    ['colour', undefined],
    ['x'.repeat(10_000), undefined],
  ])('of %.20s is %s', (name, nearest) => {
    expect(nearestName(name, ['tcpPort', 'mdns', 'webSocketPort'])).toBe(nearest)
  })
})
