import { afterEach, describe, expect, it } from 'vitest'
import { invariant } from '../../core/invariant.ts'
import {
  encodeEpochMessage,
  EPOCH_LIMITS,
  proposerOrder,
  signBallot,
  signProposal,
  type VoteKind,
} from '../../protocols/epoch/index.ts'
import { onionLayer, signStatement } from '../../trust/index.ts'
import { domainIdOf } from '../../trust/index.ts'
import { encodeToldStatement } from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  chainOf,
  type EpochDevice,
  EpochMesh,
  type FourDevices,
  headersOf,
} from '../../test/fixtures/epoch-mesh.ts'

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

/** Four devices that have a seat each, half an epoch after the last cut. */
async function seated(): Promise<{ readonly world: EpochMesh; readonly four: FourDevices }> {
  const world = await EpochMesh.of(4)
  mesh = world
  await world.pass(8.5)
  const [a, b, c, d] = world.devices
  invariant(
    a !== undefined && b !== undefined && c !== undefined && d !== undefined,
    'there are four',
  )
  return { world, four: [a, b, c, d] }
}

const epochOf = (device: EpochDevice): number => chainOf(device).next - 1
const networkOf = (device: EpochDevice): Uint8Array => chainOf(device).context.network

/** Who has no score any more, as `device` sees it. */
function faulted(device: EpochDevice): readonly string[] {
  const scores = chainOf(device).top?.scores.scores ?? []
  return scores.filter((score) => score.faulted).map((score) => score.device)
}

/** A statement about `epoch` that its device would not make. */
function otherStatement(device: EpochDevice, epoch: number): Uint8Array {
  const [network, owner] = [networkOf(device), device.signer.peer]
  const domain = domainIdOf(nodeCrypto.sha256, { network, owner })
  const onion = onionLayer(nodeCrypto.sha256, domain, epoch)
  const statement = { network, epoch, domain, heads: [], provided: [], consumed: [], onion }
  const stated = { owner, signed: signStatement(device.signer, statement) }
  return encodeToldStatement({ stated, credential: device.mesh.credential() })
}

describe('a mesh of four', () => {
  it('finds who votes twice, and goes on without it', async () => {
    const { world, four } = await seated()
    const [liar, ...honest] = [...four].toReversed() as unknown as FourDevices
    const epoch = chainOf(liar).next
    const context = { network: networkOf(liar), epoch }
    // The moment at which the next epoch is decided on.
    await world.pass(0.6 - 1e-4)
    const seat = chainOf(liar).committee.indexOf(liar.signer.peer)
    for (const byte of [1, 2]) {
      const ballot = { kind: 'prevote' as VoteKind, round: 0, value: new Uint8Array(32).fill(byte) }
      const vote = { ...ballot, seat, signature: signBallot(liar.signer, context, ballot) }
      const message = encodeEpochMessage(context, { type: 'vote', vote })
      await liar.network.publish(EPOCH_LIMITS.VOTES_TOPIC, message)
    }
    await world.pass(2)
    expect(headersOf(honest)).toBe(1)
    for (const device of honest) expect(faulted(device)).toEqual([liar.signer.peer])
    expect(epochOf(honest[0])).toBe(epoch + 1)
  })

  it('finds who proposes twice in one round, and goes on without it', async () => {
    const { world, four } = await seated()
    const { committee, absent, top, next: epoch } = chainOf(four[0])
    const beacon = top?.header.beacon ?? networkOf(four[0])
    const [first = 0] = proposerOrder(nodeCrypto.sha256, beacon, committee, absent)
    const isFirst = ({ signer }: EpochDevice): boolean => signer.peer === committee[first]
    const liar = four.find(isFirst)
    invariant(liar !== undefined, 'each has a seat')
    const honest = four.filter((device) => device !== liar)
    const context = { network: networkOf(liar), epoch }
    await world.pass(0.6 - 1e-4)
    for (const byte of [1, 2]) {
      const proposed = { round: 0, value: Uint8Array.of(byte), validRound: undefined }
      const signature = signProposal(liar.signer, context, proposed)
      const proposal = { ...proposed, seat: first, signature }
      const message = encodeEpochMessage(context, { type: 'proposal', proposal })
      await liar.network.publish(EPOCH_LIMITS.VOTES_TOPIC, message)
    }
    await world.pass(2)
    expect(headersOf(honest)).toBe(1)
    for (const device of honest) expect(faulted(device)).toEqual([liar.signer.peer])
    const explained = chainOf(honest[0] as EpochDevice).fold.explain(liar.signer.peer)
    expect(explained?.faults.map(({ kind }) => kind)).toEqual(['double-proposal'])
  })

  it('finds who says two things of one epoch', async () => {
    const { world, four } = await seated()
    const [, , , liar] = four
    const epoch = chainOf(liar).next
    await world.pass(0.55)
    await liar.network.publish(EPOCH_LIMITS.STATEMENTS_TOPIC, otherStatement(liar, epoch))
    await world.pass(2)
    expect(headersOf(four)).toBe(1)
    for (const device of four) expect(faulted(device)).toEqual([liar.signer.peer])
  })

  it('gives a device that was away what it missed, before the next cut', async () => {
    const { world, four } = await seated()
    const [, second, third, liar] = four
    await world.stop(second)
    const epoch = chainOf(liar).next
    await world.pass(0.52)
    await liar.network.publish(EPOCH_LIMITS.STATEMENTS_TOPIC, otherStatement(liar, epoch))
    const back = await world.start(second.machine)
    await world.connectAll()
    const [held, told] = [back, third].map((device) => device.epochs.opened)
    await world.pass(0.01)
    const proofs = [held, told].map((room) =>
      room?.pools.evidence.all().map(({ encoded }) => encoded),
    )
    expect(proofs[0]?.length).toBe(1)
    expect(proofs[0]).toEqual(proofs[1])
    expect(held?.pools.statements.size).toBe(told?.pools.statements.size)
  })

  it('stands still while it is cut in two, says so, and goes on as one', async () => {
    const { world, four } = await seated()
    const [a] = four
    const peers = four.map(({ signer }) => signer.peer)
    await world.members.world.cut(peers.slice(0, 2), peers.slice(2))
    const before = epochOf(a)
    await world.pass(5)
    expect(four.map(epochOf)).toEqual([before, before, before, before])
    expect(four.map(({ epochs }) => epochs.opened.isFresh)).toEqual([false, false, false, false])
    world.members.world.heal()
    await world.connectAll()
    await world.pass(1)
    expect(headersOf(four)).toBe(1)
    expect(epochOf(a)).toBeGreaterThanOrEqual(before + 5)
    expect(a.epochs.opened.isFresh).toBe(true)
    expect(four.flatMap(faulted)).toEqual([])
  })

  it('lets a device that lost its votes abstain, which says so, and accuses nobody', async () => {
    const { world, four } = await seated()
    const [, second, ...others] = four
    await world.stop(second)
    for (const disk of second.machine.folders.values()) {
      for (const key of disk.keys()) if (key.startsWith('56')) disk.delete(key)
    }
    const back = await world.start(second.machine)
    await world.connectAll()
    await world.pass(1)
    expect(back.epochs.opened.problems.map(({ code }) => code)).toEqual(['EPOCH_VOTES_LOST'])
    await world.pass(3)
    expect(back.epochs.opened.problems).toEqual([])
    expect(headersOf([back, ...others])).toBe(1)
    expect([back, ...others].flatMap(faulted)).toEqual([])
  })

  it.each([
    ['fast', 3_600_000],
    ['slow', -3_600_000],
  ])(
    'follows with a clock that is an hour too %s, and says whose clock is wrong',
    async (_, off) => {
      const { world, four } = await seated()
      const [wrong, ...right] = four
      wrong.clock.offMs = off
      await world.pass(4)
      expect(headersOf(four)).toBe(1)
      const [problem] = wrong.epochs.opened.problems
      expect(problem?.code).toBe('EPOCH_TIME_INVALID')
      expect(Math.abs((problem?.facts['clockAheadMs'] ?? 0) - off)).toBeLessThan(60_000)
      expect(right.flatMap(({ epochs }) => epochs.opened.problems)).toEqual([])
      expect(four.flatMap(faulted)).toEqual([])
    },
  )

  it('hears a device again at once, whose clock was an hour too fast and is set right', async () => {
    const { world, four } = await seated()
    const [wrong, other] = four
    wrong.clock.offMs = 3_600_000
    await world.pass(2)
    wrong.clock.offMs = 0
    await world.pass(2)
    expect(chainOf(other).fold.hasSpoken(wrong.signer.peer)).toBe(true)
    expect(headersOf(four)).toBe(1)
  })
})
