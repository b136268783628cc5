import type { GossipSubComponents } from '@libp2p/gossipsub'
import type { Connection, PeerId, Stream, Topology } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { Admission } from './admission.ts'
import { type MemoryStream, memoryStreamPair } from './testing/memory-stream.ts'

type Registrar = GossipSubComponents['registrar']
type ConnectionManager = GossipSubComponents['connectionManager']

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const peerId = (text: string): PeerId => ({ toString: () => text }) as unknown as PeerId
const connectionOf = (text: string): Connection =>
  ({ remotePeer: peerId(text), status: 'open' }) as unknown as Connection
const inbound = (): MemoryStream => memoryStreamPair()[1]

/** An admission whose gate answers with `answer`, and the streams that it let through. */
function guarded(answer: boolean | Promise<boolean>): {
  readonly admission: Admission
  readonly passed: Stream[]
  readonly arrive: (stream: Stream) => void
} {
  const admission = new Admission({ heldStreamsPerPeerMax: 2 })
  admission.useGate({ isMember: () => answer })
  const passed: Stream[] = []
  const handler = admission.guard((stream) => void passed.push(stream))
  return {
    admission,
    passed,
    arrive: (stream) => void handler(stream, connectionOf('peer')),
  }
}

it('lets a member through at once and resets a stranger', async () => {
  const [member, stranger] = [guarded(true), guarded(false)]
  const streams = [inbound(), inbound()] as const
  member.arrive(streams[0])
  stranger.arrive(streams[1])
  await settle()
  expect(member.passed).toEqual([streams[0]])
  expect([stranger.passed, streams[1].status]).toEqual([[], 'aborted'])
  expect(stranger.admission.counters.streamsRefused).toBe(1)
})

it('takes everyone for a stranger as long as there is no gate', () => {
  const admission = new Admission({ heldStreamsPerPeerMax: 2 })
  expect(admission.isMember(peerId('peer'))).toBe(false)
})

it('holds streams while the gate is undecided, paused, and not too many of them', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const { admission, passed, arrive } = guarded(promise)
  const streams = [inbound(), inbound(), inbound()]
  streams.forEach(arrive)
  await settle()
  expect(streams.map(({ readStatus, status }) => [readStatus, status])).toEqual([
    ['paused', 'open'],
    ['paused', 'open'],
    ['closed', 'aborted'],
  ])
  resolve(true)
  await settle()
  expect(passed).toEqual(streams.slice(0, 2))
  expect(passed.map(({ readStatus }) => readStatus)).toEqual(['readable', 'readable'])
  expect(admission.counters.streamsOverflowed).toBe(1)
})

it('resets held streams when the gate says no, or fails', async () => {
  for (const answer of [async () => false, () => Promise.reject(new Error('no answer'))]) {
    const { passed, arrive } = guarded(answer())
    const stream = inbound()
    arrive(stream)
    await settle()
    expect([passed, stream.status]).toEqual([[], 'aborted'])
  }
})

it('forgets a held stream that its peer gave up', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const { passed, arrive } = guarded(promise)
  const [other, stream] = memoryStreamPair()
  arrive(stream)
  other.abort(new Error('given up'))
  await settle()
  resolve(true)
  await settle()
  expect(passed).toEqual([])
})

it('shows peers to a service from the moment they are members', async () => {
  const members = new Set<string>()
  const admission = new Admission({ heldStreamsPerPeerMax: 2 })
  admission.useGate({ isMember: (peer) => members.has(peer) })
  const log: string[] = []
  let registered: Topology = {}
  const registrar = {
    register: async (_: string, topology: Topology) => {
      registered = topology
      return 'id'
    },
  } as unknown as Registrar
  const view = admission.memberView({
    registrar,
    connectionManager: {} as unknown as ConnectionManager,
  })
  await view.registrar.register('/x/1', {
    onConnect: (peer) => void log.push(`+${peer.toString()}`),
    onDisconnect: (peer) => void log.push(`-${peer.toString()}`),
  })
  members.add('a')
  for (const text of ['a', 'b', 'c']) await registered.onConnect?.(peerId(text), connectionOf(text))
  expect(log).toEqual(['+a'])
  admission.forget('c')
  for (const text of ['b', 'c', 'd']) admission.memberAdmitted(text)
  await registered.onDisconnect?.(peerId('b'))
  expect(log).toEqual(['+a', '+b', '-b'])
})

it('opens streams to members only, and waits for the answer', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const answers = new Map<string, boolean | Promise<boolean>>([['late', promise]])
  const admission = new Admission({ heldStreamsPerPeerMax: 2 })
  admission.useGate({ isMember: (peer) => answers.get(peer) ?? false })
  const manager = {
    openConnection: async (peer: PeerId) => ({
      remotePeer: peer,
      newStream: async () => inbound(),
    }),
  } as unknown as ConnectionManager
  const { connectionManager } = admission.memberView({
    registrar: {} as unknown as Registrar,
    connectionManager: manager,
  })
  await expect(connectionManager.openStream(peerId('stranger'), '/x/1')).rejects.toThrow(
    'no member',
  )
  const late = connectionManager.openStream(peerId('late'), '/x/1')
  resolve(true)
  expect((await late).status).toBe('open')
  answers.set('silent', Promise.withResolvers<boolean>().promise)
  const signal = AbortSignal.timeout(10)
  await expect(connectionManager.openStream(peerId('silent'), '/x/1', { signal })).rejects.toThrow(
    'timeout',
  )
  expect(admission.counters.streamsWithheld).toBe(1)
})
