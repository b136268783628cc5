import { expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { LinkTable } from './link-table.ts'

const peer = 'peer' as PeerId

it('takes a link that carried nothing yet for a wired home network', () => {
  expect(new LinkTable().estimate(peer)).toEqual({ rttMs: 1, mbps: 1_000 })
})

it('learns the rate from large transfers and the delay from small ones', () => {
  const links = new LinkTable()
  for (let sample = 0; sample < 60; sample++) {
    links.note(peer, 1_250_000, 100)
    links.note(peer, 100, 4)
  }
  const { rttMs, mbps } = links.estimate(peer)
  expect([Math.round(rttMs), Math.round(mbps)]).toEqual([8, 100])
})

it('takes no rate from a transfer that took no time', () => {
  const links = new LinkTable()
  links.note(peer, 1_250_000, 0)
  expect(links.estimate(peer)).toEqual({ rttMs: 0.7, mbps: 1_000 })
})

it('forgets the link that was used longest ago when it knows too many', () => {
  const links = new LinkTable()
  const name = (index: number) => `peer${index}` as PeerId
  for (let index = 0; index < 1_024; index++) links.note(name(index), 100, 50)
  links.note(name(0), 100, 50)
  links.note(peer, 100, 50)
  const known = [name(0), name(1), name(2), peer].map((each) => links.estimate(each).rttMs > 1)
  expect(known).toEqual([true, false, true, true])
})
