import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { LinkTable } from './link-table.ts'
import { chooseWire } from './wire-choice.ts'

const [self, a, b] = ['s', 'a', 'b'] as [PeerId, PeerId, PeerId]

/** What was measured of links, in Mbit/s. */
function links(
  ...rates: readonly (readonly [from: PeerId, to: PeerId, mbps: number])[]
): LinkTable {
  const table = new LinkTable(self)
  const bytes = 1_000_000
  for (const [from, to, mbps] of rates) table.note({ from, to, bytes, ms: bytes / (125 * mbps) })
  return table
}

describe('the type of floats on the wire', () => {
  it.each([
    ['one stage', [[a]], links([self, a, 5]), 'f32'],
    ['two stages on one device', [[a, a]], links([self, a, 5]), 'f32'],
    ['links of which nothing is known', [[a, b]], links(), 'f32'],
    ['a slow link', [[a, b]], links([a, b, 20]), 'f16'],
    [
      'a slow link to the requester, where nothing else is known',
      [[a, b]],
      links([b, self, 20]),
      'f16',
    ],
    ['a slow link in one of two pipelines', [[a], [a, b]], links([a, b, 20]), 'f16'],
    ['quick links', [[a, b]], links([a, b, 900]), 'f32'],
  ] as const)('for %s', (_, pipelines, table, wire) => {
    expect(chooseWire('auto', pipelines, table).wire).toBe(wire)
  })

  it('is what was asked for', () => {
    expect(chooseWire('f16', [[a, b]], links([a, b, 900])).wire).toBe('f16')
  })

  it('comes with its reason', () => {
    expect(chooseWire('auto', [[a, b]], links([a, b, 20])).why).toBe('a link carries 20 Mbit/s')
  })
})
