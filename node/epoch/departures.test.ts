import { expect, it } from 'vitest'
import { signFarewell } from '../../protocols/epoch/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { Departures } from './departures.ts'
import { evidenceItem } from './evidence-kinds.ts'

const network = new Uint8Array(32)
const leaving = device(1)
const wordOf = (epoch: number) =>
  evidenceItem('farewell', signFarewell(leaving, { network, epoch }))

it('takes the later word of a device that has left, which may have spoken since, and no word twice', () => {
  let latest = 11
  const departures = new Departures({ crypto: nodeCrypto, network, latestOf: () => latest })
  expect(departures.takeAll([wordOf(11)], 11)).toHaveLength(1)
  expect(departures.takeAll([wordOf(11)], 12)).toEqual([])
  expect(departures.takeAll([wordOf(12)], 12)).toHaveLength(1)
  latest = 12
  expect(departures.hasLeft(leaving.peer)).toBe(true)
  expect(departures.takeAll([wordOf(11)], 13)).toEqual([])
})
