import { afterEach, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { openHeaderCosignature } from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { chainOf, type EpochDevice, EpochMesh } from '../../test/fixtures/epoch-mesh.ts'
import { type Disk, MemoryRows } from '../ledger/memory-rows.ts'
import { NearMembers } from '../witness/near-members.ts'
import { HeaderWitness, type HeaderWitnessInit } from './header-witness.ts'

let world = new EpochMesh()
const parts: HeaderWitness[] = []

afterEach(async () => {
  for (const part of parts.splice(0)) await part.stop()
  await world.end()
  world = new EpochMesh()
})

/** A device with a mesh of its own. */
async function founded(number: number): Promise<EpochDevice> {
  const device = await world.start(number)
  await device.mesh.create(`mesh ${number}`)
  return device
}

async function cosigning(
  device: EpochDevice,
  init: Partial<HeaderWitnessInit>,
  disk: Disk = new Map(),
): Promise<HeaderWitness> {
  const { network, mesh, epochs, signer, failures } = device
  const part = new HeaderWitness(
    {
      network,
      mesh,
      near: new NearMembers({ network, mesh, sha256: nodeCrypto.sha256 }),
      epochs,
      signer,
      crypto: nodeCrypto,
      clock: world.members.clock,
      logger: SILENT_LOGGER,
      openRows: () => new MemoryRows({ disk }),
      madeFolder: (path: string) => Promise.resolve(utf8(path)),
      onFailure: (error) => void failures.push(error),
    },
    { stateDir: '/state', witnesses: [], witnessFor: [], ...init },
  )
  await part.start()
  parts.push(part)
  return part
}

const named = ({ network }: EpochDevice) => ({
  peer: network.self,
  address: network.addresses()[0] ?? '',
})
const epochsOf = (part: HeaderWitness): readonly number[] =>
  part.cosignatures.map(({ held }) => held.epoch)

describe('the headers of a mesh of one device', () => {
  it('are cosigned, each after the one before, by a device of another mesh that knows it', async () => {
    const [home, friend] = [await founded(1), await founded(9)]
    await cosigning(friend, { witnessFor: [home.network.self] })
    const shower = await cosigning(home, { witnesses: [named(friend)] })
    await world.pass(3.5)
    const { epoch } = chainOf(home).top?.header ?? {}
    expect(epochsOf(shower)).toEqual([epoch])
    const [kept] = shower.current
    const { verify } = nodeCrypto
    expect(kept && openHeaderCosignature(verify, friend.network.self, kept.signed)).toMatchObject({
      value: { epoch, header: chainOf(home).top?.id },
    })
    expect([shower.problems, home.failures, friend.failures]).toEqual([[], [], []])
  })

  it('are cosigned again after the witness was away, all in between', async () => {
    const [home, friend] = [await founded(1), await founded(9)]
    const disk: Disk = new Map()
    const witness = await cosigning(friend, { witnessFor: [home.network.self] }, disk)
    const shower = await cosigning(home, { witnesses: [named(friend)] })
    await world.pass(2.5)
    await witness.stop()
    const before = epochsOf(shower)
    await world.pass(3)
    expect([epochsOf(shower), shower.current]).toEqual([before, []])
    await cosigning(friend, { witnessFor: [home.network.self] }, disk)
    await world.pass(1)
    expect(epochsOf(shower)).toEqual([chainOf(home).top?.header.epoch])
  })

  it('are cosigned by nobody whose owner has not named the device', async () => {
    const [home, friend] = [await founded(1), await founded(9)]
    const disk: Disk = new Map()
    await cosigning(friend, {}, disk)
    const shower = await cosigning(home, { witnesses: [named(friend)] })
    await world.pass(3.5)
    expect([shower.cosignatures, disk.size]).toEqual([[], 0])
  })

  it('are cosigned by a member that has no seat yet', async () => {
    const home = await founded(1)
    await world.pass(3.5)
    const shower = await cosigning(home, {})
    const guest = await world.newcomer(home, 2)
    await cosigning(guest, {})
    await world.pass(1)
    expect(shower.current.map(({ witness }) => witness)).toEqual([guest.network.self])
  })
})

describe('a device whose disk was restored', () => {
  it('is told that it decided an epoch twice, and the witness keeps both headers', async () => {
    const [home, friend] = [await founded(1), await founded(9)]
    const disk: Disk = new Map()
    const witness = await cosigning(friend, { witnessFor: [home.network.self] }, disk)
    const shower = await cosigning(home, { witnesses: [named(friend)] })
    await world.pass(2.5)
    const folders = new Map([...home.machine.folders].map(([path, rows]) => [path, new Map(rows)]))
    await world.pass(2)
    await shower.stop()
    await world.stop(home)
    const restored = await world.start({ ...home.machine, folders })
    const again = await cosigning(restored, { witnesses: [named(friend)] })
    await world.pass(3)
    expect(again.problems).toEqual([
      { code: 'EPOCH_HEADER_FORKED', facts: { forkedEpoch: expect.any(Number) } },
    ])
    const key = toHex(utf8('F')) + (restored.mesh.current()?.id ?? '')
    expect([...disk.keys()].filter((one) => one.startsWith(toHex(utf8('F'))))).toEqual([key])
    // In its own mesh the witness has nothing to complain about.
    expect(witness.problems).toEqual([])
  })
})
