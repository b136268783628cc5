import { expect, it } from 'vitest'
import { device } from '../../test/fixtures/devices.ts'
import { AttemptLimiter } from './attempt-limiter.ts'
import { JOIN_ATTEMPT_WINDOW_MS, JOIN_ATTEMPTS_MAX, JOIN_ATTEMPTS_PER_PEER_MAX } from './limits.ts'

const { peer } = device(1)

it('allows a device its attempts, and again in the next window', () => {
  const limiter = new AttemptLimiter()
  const allowed = (nowMs: number): number =>
    Array.from({ length: 10 }, () => limiter.allow(peer, nowMs)).filter(Boolean).length
  expect(allowed(0)).toBe(JOIN_ATTEMPTS_PER_PEER_MAX)
  expect(allowed(JOIN_ATTEMPT_WINDOW_MS - 1)).toBe(0)
  expect(allowed(JOIN_ATTEMPT_WINDOW_MS)).toBe(JOIN_ATTEMPTS_PER_PEER_MAX)
})

it('allows all devices together no more than their number', () => {
  const limiter = new AttemptLimiter()
  const peers = Array.from({ length: 100 }, (_, number) => device(number).peer)
  expect(peers.filter((each) => limiter.allow(each, 0)).length).toBe(JOIN_ATTEMPTS_MAX)
})
