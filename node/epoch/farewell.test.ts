import { afterEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import { encodeEvidenceItem, signFarewell } from '../../protocols/epoch/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  chainOf,
  EMPTY_CUT,
  type EpochDevice,
  EpochMesh,
  headersOf,
} from '../../test/fixtures/epoch-mesh.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { bodyProblem } from './cut-check.ts'
import { evidenceItem } from './evidence-kinds.ts'

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

async function meshOf(count: number): Promise<EpochMesh> {
  mesh = await EpochMesh.of(count)
  await mesh.pass(6.5)
  return mesh
}

const foldOf = (one: EpochDevice) => chainOf(one).fold
const seatsOf = (one: EpochDevice): readonly PeerId[] => chainOf(one).committee
const firstOf = (world: EpochMesh): EpochDevice => {
  const [first] = world.devices
  if (first === undefined) throw new Error('nobody is left')
  return first
}

/** A device leaves for good; returns how many were told, or why it stays. */
async function leave(world: EpochMesh, one: EpochDevice): Promise<number | string> {
  try {
    const told = await one.epochs.farewell(false)
    await world.stop(one)
    return told
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a mesh that devices leave', () => {
  it('goes on without an epoch of waiting while seven become two, and nobody is blamed', async () => {
    const world = await meshOf(7)
    const told: (number | string)[] = []
    while (world.devices.length > 2) {
      const last = world.devices.at(-1)
      if (last === undefined) break
      told.push(await leave(world, last))
      await world.pass(3)
      const first = firstOf(world)
      expect(first.epochs.opened.isFresh).toBe(true)
      expect(seatsOf(first).length).toBe(world.devices.length)
    }
    expect(told).toEqual([6, 5, 4, 3, 2])
    expect(headersOf(world.devices)).toBe(1)
    // Every epoch was certified: none was waited for.
    expect(foldOf(firstOf(world)).epoch).toBe(20)
    const scores = chainOf(firstOf(world)).top?.scores.scores ?? []
    expect(scores.filter(({ faulted }) => faulted)).toEqual([])
    expect(world.devices.flatMap(({ failures }) => failures)).toEqual([])
  })

  it('stands still where as many fall silent and do not say so', async () => {
    const world = await meshOf(4)
    for (let count = 0; count < 2; count++) {
      await world.stop(world.devices.at(-1) ?? firstOf(world))
      await world.pass(2)
    }
    await world.pass(1.5)
    expect(firstOf(world).epochs.opened.isFresh).toBe(false)
    expect(seatsOf(firstOf(world)).length).toBe(4)
  })

  it('keeps a device whose seat is needed until another epoch can do without it', async () => {
    const world = await meshOf(2)
    const [first, second] = world.devices as readonly [EpochDevice, EpochDevice]
    // The founder may go like anybody else.
    expect(await leave(world, first)).toBe('TRUST_SEAT_NEEDED')
    await world.pass(3)
    expect(seatsOf(second)).toEqual([second.signer.peer])
    expect(foldOf(second).departures.hasLeft(first.signer.peer)).toBe(true)
    expect(await leave(world, first)).toBe(1)
    await world.pass(3)
    expect(second.epochs.opened.isFresh).toBe(true)
    // Alone, nobody is there to be told.
    expect(await leave(world, second)).toBe(0)
  })

  it('has it back once it speaks again, whatever it had said before', async () => {
    const world = await meshOf(4)
    const [first, , , last] = world.devices
    if (first === undefined || last === undefined) throw new Error('four were there')
    const { peer } = last.signer
    const auditorsOf = (): readonly PeerId[] =>
      foldOf(first).audits.drawn(foldOf(first).epoch, nodeCrypto.sha256(utf8('task')), [])
    expect(auditorsOf()).toContain(peer)
    expect(await leave(world, last)).toBe(3)
    const [waiting] = first.epochs.opened.pools.farewells.all()
    if (waiting === undefined) throw new Error('its word waits')
    await world.pass(2)
    expect(foldOf(first).departures.hasLeft(peer)).toBe(true)
    expect(foldOf(first).hasSpoken(peer)).toBe(false)
    expect(auditorsOf()).not.toContain(peer)
    expect(first.epochs.opened.pools.farewells.all()).toEqual([])
    await world.start(last.machine)
    await world.connectAll()
    await world.pass(4)
    expect(foldOf(first).departures.hasLeft(peer)).toBe(false)
    expect(auditorsOf()).toContain(peer)
    expect(seatsOf(first)).toContain(peer)
    // The old word is over: nobody takes it, and no epoch may hold it.
    const { chain, pools } = first.epochs.opened
    expect(pools.takeEvidence(peer, waiting.encoded)).toBe('known')
    expect(pools.farewells.all()).toEqual([])
    const judge = { chain, pools, floorOf: () => undefined }
    const again = { ...EMPTY_CUT, evidence: [waiting.item] }
    expect(bodyProblem(judge, again)).toBe('EPOCH_FAREWELL_INVALID')
    // Should a committee certify it all the same, everybody passes over it.
    expect(chain.try(again).fold.departures.hasLeft(peer)).toBe(false)
    expect(headersOf(world.devices)).toBe(1)
  })

  it('keeps the word over starts of those who heard it, and when it goes on from a snapshot', async () => {
    const world = await meshOf(5)
    const [first, second, third, fourth, last] = world.devices
    if (first === undefined || last === undefined || second === undefined) throw new Error('five')
    // Too few are there to decide, so that the word waits.
    for (const one of [third, fourth]) if (one !== undefined) await world.stop(one)
    expect(await leave(world, last)).toBe(2)
    await world.stop(first)
    await world.stop(second)
    const back = await world.start(first.machine)
    const other = await world.start(second.machine)
    while (!back.epochs.opened.ready || !other.epochs.opened.ready) await settle()
    expect(back.epochs.opened.pools.farewells.all().length).toBe(1)
    for (const one of [third, fourth]) if (one !== undefined) await world.start(one.machine)
    await world.connectAll()
    await world.pass(12)
    expect(foldOf(back).departures.hasLeft(last.signer.peer)).toBe(true)
    expect(back.epochs.opened.isFresh).toBe(true)
    await world.stop(back)
    const resumed = await world.start(first.machine)
    while (!resumed.epochs.opened.ready) await settle()
    expect(foldOf(resumed).departures.hasLeft(last.signer.peer)).toBe(true)
    await world.connectAll()
    await world.pass(2)
    expect(headersOf(world.devices)).toBe(1)
  })

  it('lets a device of somebody else go, whose owner may still tell of it', async () => {
    const world = await meshOf(3)
    const [first, owner, last] = world.devices
    if (first === undefined || owner === undefined || last === undefined) throw new Error('three')
    const tie = { owner: owner.signer.peer, device: last.signer.peer, binds: true }
    for (const one of [owner, last]) await one.epochs.opened.commands.tie(tie)
    await world.pass(TRUST_LIMITS.OWNER_EPOCHS + 2)
    expect(foldOf(first).owners.speakerOf(last.signer.peer, chainOf(first).next)).toBe(tie.owner)
    const spoken = chainOf(first).next
    expect(await leave(world, last)).toBe(2)
    // An epoch more than it would name of itself.
    expect(first.epochs.opened.pools.farewells.all().map(({ word }) => word.epoch)).toEqual([
      spoken,
    ])
    await world.pass(4)
    expect(foldOf(first).departures.hasLeft(last.signer.peer)).toBe(true)
    expect(headersOf(world.devices)).toBe(1)
  })

  it('hears nobody say it of others, of epochs to come, of another mesh, or without having been there', async () => {
    const world = await meshOf(2)
    const [first, second] = world.devices as readonly [EpochDevice, EpochDevice]
    const { chain, pools } = first.epochs.opened
    const { network } = chain.context
    const epoch = chain.fold.epoch
    const told = (word: Uint8Array) =>
      pools.takeEvidence(second.signer.peer, encodeEvidenceItem(evidenceItem('farewell', word)))
    const good = signFarewell(second.signer, { network, epoch })
    const fates = [
      good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1),
      new Uint8Array(257),
      signFarewell(second.signer, { network: nodeCrypto.sha256(network), epoch }),
      signFarewell(second.signer, { network, epoch: epoch - 1 }),
      signFarewell(second.signer, { network, epoch: epoch + 99 }),
      signFarewell(device(77), { network, epoch }),
      good,
      good,
    ].map(told)
    expect(fates.join(' ')).toBe('invalid invalid invalid known known known new known')
    expect(pools.farewells.all().length).toBe(1)
    const judge = { chain, pools, floorOf: () => undefined }
    const problemOf = (...words: readonly Uint8Array[]): unknown =>
      bodyProblem(judge, {
        ...EMPTY_CUT,
        evidence: words.map((word) => evidenceItem('farewell', word)),
      })
    expect(problemOf(good)).toBeUndefined()
    const early = signFarewell(second.signer, { network, epoch: chain.next + 1 })
    expect([problemOf(good, good), problemOf(early)]).toEqual([
      'EPOCH_FAREWELL_INVALID',
      'EPOCH_FAREWELL_INVALID',
    ])
  })
})
