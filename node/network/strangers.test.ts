import type { Connection } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { Admission } from './admission.ts'
import type { Host } from './host.ts'
import { DEFAULT_NETWORK_INIT } from './network-init.ts'
import { Strangers } from './strangers.ts'

const JOIN = '/brume/join/1'

/** A host with connections of make-believe. */
function watched(strangersMax = 2) {
  const clock = new ManualClock()
  const events = new EventTarget()
  const open = new Map<string, Connection>()
  const host = {
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
    getConnections: () => [...open.values()],
  } as unknown as Host
  const admission = new Admission({ heldStreamsPerPeerMax: 1 })
  const expired = new Set<string>()
  admission.useGate({ isMember: (peer) => peer.startsWith('member') && !expired.has(peer) })
  const limits = { ...DEFAULT_NETWORK_INIT.limits, strangersMax, strangerMsMax: 1_000 }
  const strangers = new Strangers({ host, clock, admission, openTo: () => [JOIN] }, limits)
  strangers.start()
  const connect = async (name: string, more: object = {}): Promise<void> => {
    await clock.advance(1)
    const connection = {
      direction: 'inbound',
      remotePeer: { toString: () => name },
      timeline: { open: clock.wallMs() },
      streams: [],
      abort: () => open.delete(name),
      ...more,
    } as unknown as Connection
    open.set(name, connection)
    events.dispatchEvent(new CustomEvent('connection:open', { detail: connection }))
  }
  return { clock, connect, expired, strangers, names: () => [...open.keys()] }
}

it('closes the oldest of too many strangers, so that they keep nobody else out', async () => {
  const { connect, names, strangers } = watched()
  for (const name of ['a', 'member', 'b', 'c', 'd']) await connect(name)
  await connect('dialled', { direction: 'outbound' })
  expect([names(), strangers.closed]).toEqual([['member', 'c', 'd', 'dialled'], 2])
  await strangers.stop()
})

it('gives a stranger in the middle of an exchange more time, but not for ever', async () => {
  const { clock, connect, names, strangers } = watched()
  await connect('waits')
  await connect('joins', { streams: [{ protocol: JOIN }] })
  await clock.advance(1_500)
  expect(names()).toEqual(['joins'])
  await clock.advance(1_000)
  expect(names()).toEqual([])
  await strangers.stop()
})

it('closes the connection of a member whose certificate has expired', async () => {
  const { clock, connect, expired, names, strangers } = watched()
  await connect('member', { direction: 'outbound' })
  await clock.advance(5_000)
  expect(names()).toEqual(['member'])
  expired.add('member')
  await clock.advance(250)
  expect(names()).toEqual([])
  await strangers.stop()
})
