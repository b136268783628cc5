import { afterEach, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import {
  certificateOf,
  EPOCH_LIMITS,
  openRestart,
  signBallot,
  signRestart,
} from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  chainOf,
  type EpochDevice,
  EpochMesh,
  type FourDevices,
} from '../../test/fixtures/epoch-mesh.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

const headerOf = (device: EpochDevice): string => toHex(chainOf(device).top?.id ?? new Uint8Array())
const headers = (devices: readonly EpochDevice[]): number => new Set(devices.map(headerOf)).size
const seatsOf = (device: EpochDevice): readonly string[] => chainOf(device).committee.toSorted()

/** Why a device does not begin again from a header; undefined when it does. */
async function refusal(device: EpochDevice, header = headerOf(device)): Promise<unknown> {
  try {
    await device.epochs.opened.commands.beginAgain(header)
  } catch (error) {
    return (error as { code: string }).code
  }
  return undefined
}

/** What a device alone decides. */
function decidedBy(device: EpochDevice, value: Uint8Array, epoch: number) {
  const { network } = chainOf(device).context
  const ballot = { kind: 'precommit' as const, round: 0, value: nodeCrypto.sha256(value) }
  const signature = signBallot(device.signer, { network, epoch }, ballot)
  const vote = { ...ballot, seat: 0, signature }
  return { value, certificate: certificateOf([vote], [device.signer.peer]) }
}

/** Four that had a seat each, of which two are gone for good. */
async function halved(): Promise<{ world: EpochMesh; four: FourDevices }> {
  const world = await EpochMesh.of(4)
  mesh = world
  await world.pass(6.5)
  const four = world.devices as unknown as FourDevices
  await world.stop(four[2])
  await world.stop(four[3])
  return { world, four }
}

describe('a mesh that lost half of its seats', () => {
  it('begins again by the word of its founder, from its last header, once it stands still', async () => {
    const { world, four } = await halved()
    const [founder, other] = four
    const before = headerOf(founder)
    await world.pass(5)
    expect(await refusal(founder)).toBe('TRUST_RESTART_EARLY')
    await world.pass(9)
    expect(founder.epochs.opened.isFresh).toBe(false)
    expect(await refusal(other)).toBe('TRUST_RESTART_FOREIGN')
    expect(await refusal(founder, '0'.repeat(64))).toBe('TRUST_RESTART_ELSEWHERE')
    expect(await refusal(founder)).toBeUndefined()
    await world.pass(3)
    expect(headers([founder, other])).toBe(1)
    expect(headerOf(founder)).not.toBe(before)
    expect([founder, other].map(({ epochs }) => epochs.opened.isFresh)).toEqual([true, true])
    // Those who are there have seats again, and nobody else.
    expect(seatsOf(other)).toEqual([founder.signer.peer, other.signer.peer].toSorted())
    const scores = chainOf(other).top?.scores.scores ?? []
    expect(scores.filter(({ faulted }) => faulted)).toEqual([])
    expect(world.devices.flatMap(({ failures }) => failures)).toEqual([])
  })

  it('is followed by who was away, by newcomers and after starts, also of the founder in between', async () => {
    const { world, four } = await halved()
    const [founder, other, third] = four
    await world.pass(14)
    expect(await refusal(founder)).toBeUndefined()
    await world.stop(founder)
    const back = await world.start(founder.machine)
    await world.connectAll()
    await world.pass(4)
    expect(back.epochs.opened.isFresh).toBe(true)
    const missing = chainOf(back).fold.epoch
    await world.stop(other)
    const again = await world.start(other.machine)
    while (!again.epochs.opened.ready) await settle()
    expect(chainOf(again).fold.epoch).toBe(missing)
    await world.start(third.machine)
    await world.newcomer(back, 9)
    await world.connectAll()
    await world.pass(3)
    expect(headers(world.devices)).toBe(1)
    expect(world.devices.length).toBe(4)
    expect(world.devices.flatMap(({ epochs }) => epochs.opened.problems)).toEqual([])
    // The founder voted twice in nothing.
    expect(back.epochs.opened.pools.evidence.all()).toEqual([])
  })

  it('says so where the others had gone on without its founder', async () => {
    const world = await EpochMesh.of(4)
    mesh = world
    await world.pass(6.5)
    const [founder, ...others] = world.devices as unknown as FourDevices
    const peers = others.map(({ signer }) => signer.peer)
    await world.members.world.cut([founder.signer.peer], peers)
    await world.pass(14)
    expect(await refusal(founder)).toBeUndefined()
    await world.pass(2)
    world.members.world.heal()
    await world.connectAll()
    await world.pass(3)
    expect(headers(others)).toBe(1)
    for (const { epochs } of others) {
      expect(epochs.opened.problems.map(({ facts }) => Object.keys(facts))).toContainEqual([
        'restartedEpoch',
      ])
    }
    expect(others.flatMap(({ epochs }) => epochs.opened.pools.evidence.all())).toEqual([])
  })

  it('does not begin again by anybody else, from another header, or in an epoch that may be decided', async () => {
    const { four } = await halved()
    const [founder, other] = four
    const chain = chainOf(other)
    const { network } = chain.context
    const parent = chain.top?.id ?? network
    const epoch = chain.next + 1
    const wrong = [
      signRestart(other.signer, { network, epoch, parent }),
      signRestart(founder.signer, { network, epoch, parent: network }),
      signRestart(founder.signer, { network: parent, epoch, parent }),
      signRestart(founder.signer, { network, epoch: epoch - 1, parent }),
    ]
    expect(wrong.map((one) => chain.beginAgain(one))).toEqual(wrong.map(() => false))
    expect(chain.next).toBe(epoch - 1)
    const right = signRestart(founder.signer, { network, epoch, parent })
    for (let length = 0; length < right.length; length++) {
      expect(chain.beginAgain(right.subarray(0, length))).toBe(false)
    }
    expect(openRestart(nodeCrypto.verify, founder.signer.peer, right).type).toBe('value')
    // A founder cannot take over a mesh that goes on: the header says when it was cut.
    const body = {
      statements: [],
      floors: [],
      evidence: [],
      audits: [],
      owners: [],
      restart: right,
      change: undefined,
    }
    const tried = chain.try(body)
    const soon = (chain.top?.header.cutWallMs ?? 0) + 60_000
    expect(chain.append(decidedBy(founder, chain.headerOf(tried, soon), epoch), body)).toBe(
      'EPOCH_TIME_INVALID',
    )
    const later = soon + EPOCH_LIMITS.RESTART_EPOCHS_MIN * EPOCH_LIMITS.EPOCH_MS_DEFAULT
    const appended = chain.append(decidedBy(founder, chain.headerOf(tried, later), epoch), body)
    expect(typeof appended).toBe('object')
  })
})
