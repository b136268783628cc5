import { expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { LinkTable } from './link-table.ts'

const [self, peer, other] = ['self', 'peer', 'other'] as [PeerId, PeerId, PeerId]

function frame(bytes: number, ms: number, from = self, to = peer) {
  return { from, to, bytes, ms }
}

it('takes a link that carried nothing yet for a wired home network', () => {
  const links = new LinkTable(self)
  expect(links.estimate(peer)).toEqual({ rttMs: 1, mbps: 1_000 })
  expect(links.measured()).toEqual([])
})

it('learns the delay from small frames and the rate from large ones', () => {
  const links = new LinkTable(self)
  for (let sample = 0; sample < 200; sample++) {
    links.note(frame(1_250_000, 104))
    links.note(frame(1_250, 4.1))
  }
  const [link] = links.measured()
  expect([link?.delayMs, link?.mbps].map((each) => Math.round(each ?? 0))).toEqual([4, 100])
  expect(Math.round(links.estimate(peer).rttMs)).toBe(8)
})

it('keeps both ways of a link apart, and links between others', () => {
  const links = new LinkTable(self)
  links.note(frame(0, 2))
  links.note(frame(0, 6, peer, self))
  links.note(frame(0, 30, peer, other))
  expect(links.measured().map(({ from, to, delayMs }) => [from, to, delayMs])).toEqual([
    [self, peer, 2],
    [peer, self, 6],
    [peer, other, 30],
  ])
  expect(links.estimate(peer).rttMs).toBe(8)
})

it('believes a ping until the first frame has come', () => {
  const links = new LinkTable(self)
  links.notePing(peer, 40)
  expect(links.estimate(peer).rttMs).toBe(40)
  links.note(frame(0, 25))
  expect(links.estimate(peer).rttMs).toBe(50)
})

it('learns nothing from a frame that took no time, or none that is a number', () => {
  const links = new LinkTable(self)
  links.note(frame(1_250_000, 0))
  links.note(frame(10, Number.NaN))
  links.note(frame(10, -1))
  expect(links.estimate(peer)).toEqual({ rttMs: 1, mbps: 1_000 })
})

it('forgets the link that was used longest ago when it knows too many', () => {
  const links = new LinkTable(self)
  const name = (index: number) => `peer${index}` as PeerId
  for (let index = 0; index < 1_024; index++) links.note(frame(100, 50, self, name(index)))
  links.note(frame(100, 50, self, name(0)))
  links.note(frame(100, 50))
  const known = [name(0), name(1), name(2), peer].map((each) => links.estimate(each).rttMs > 1)
  expect(known).toEqual([true, false, true, true])
})
