import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { chainOf, type EpochDevice, EpochMesh } from '../../test/fixtures/epoch-mesh.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { auditOf } from '../../test/fixtures/told-audits.ts'
import { decodeEpochRecord, encodeParameters } from '../../protocols/epoch/index.ts'
import { MemoryRows } from '../ledger/memory-rows.ts'
import { EpochChain } from './epoch-chain.ts'
import { EpochStore } from './epoch-store.ts'
import { decodeSnapshot, encodeSnapshot, type FoldSnapshot } from './fold-snapshot.ts'

const [DECIDED, SNAPSHOT, PARTS] = ['D', 'M', 'N'].map((letter) => toHex(utf8(letter)))
/** The snapshot is of epoch 15; two more follow it. */
const EPOCHS = 18.5

const topOf = (device: EpochDevice): string => toHex(chainOf(device).top?.id ?? new Uint8Array())

/** Rows of a device whose key begins with a letter. */
function rowsOf(
  device: EpochDevice,
  letter = '',
): readonly (readonly [Map<string, Uint8Array>, string])[] {
  return [...device.machine.folders.values()].flatMap((disk) =>
    [...disk.keys()].filter((key) => key.startsWith(letter)).map((key) => [disk, key] as const),
  )
}

/** Loses the first epochs of a device: only a snapshot leads on from there. */
function forgetEpochs(device: EpochDevice, count = 12): void {
  for (const [disk, key] of rowsOf(device, DECIDED)
    .toSorted((a, b) => (a[1] < b[1] ? -1 : 1))
    .slice(0, count)) {
    disk.delete(key)
  }
}

interface Kept {
  readonly world: EpochMesh
  readonly device: EpochDevice
  readonly snapshot: FoldSnapshot
  /** Whose audit failed. */
  readonly provider: PeerId
}

/** One device that certified, with an audit in it, and what it keeps. */
async function kept(): Promise<Kept> {
  const world = await EpochMesh.of(4)
  await world.pass(6.5)
  const [device, provider, ...others] = world.devices as unknown as [
    EpochDevice,
    EpochDevice,
    EpochDevice,
    EpochDevice,
  ]
  const { fold, context, top } = chainOf(device)
  device.epochs.opened.pools.reportAudit(
    auditOf({
      network: context.network,
      epoch: fold.epoch,
      beacon: top?.header.beacon ?? context.network,
      provider: provider.signer,
      requester: device.signer,
      auditors: others.map(({ signer }) => signer),
    }),
  )
  await world.pass(EPOCHS - 6.5)
  const store = rowsOf(device, PARTS).map(([disk, key]) => disk.get(key))
  const snapshot = decodeSnapshot(store[0] ?? new Uint8Array())
  invariant(snapshot !== undefined && store.length === 1, 'a snapshot was kept')
  return { world, device, snapshot, provider: provider.signer.peer }
}

/** Parts of `whole`, and copies with a bit changed. */
function damages(whole: Uint8Array): readonly Uint8Array[] {
  const places = Array.from({ length: 64 }, (_, at) => Math.floor((at * whole.length) / 64))
  return [
    ...places.map((length) => whole.subarray(0, length)),
    ...places.map((at) => whole.with(at, (whole[at] ?? 0) ^ (1 << (at % 8)))),
    whole.with(whole.length - 1, (whole.at(-1) ?? 0) ^ 1),
  ]
}

/** Starts a device again, and waits until it has read all that it keeps. */
async function started(world: EpochMesh, { machine }: EpochDevice): Promise<EpochDevice> {
  const device = await world.start(machine)
  while (!device.epochs.opened.ready) await settle()
  return device
}

/** What a new chain comes to with a snapshot. */
function resumed(
  device: EpochDevice,
  snapshot: FoldSnapshot,
  change: object = {},
): EpochChain | undefined {
  const { context } = chainOf(device)
  const chain = new EpochChain({ ...context, ...change })
  const [disk, key] =
    rowsOf(device, DECIDED).toSorted((a, b) => (a[1] < b[1] ? -1 : 1))[snapshot.epoch] ?? []
  invariant(disk !== undefined && key !== undefined, 'the epoch is kept')
  const record = decodeEpochRecord(disk.get(key) ?? new Uint8Array())
  invariant(record.type === 'value', 'the epoch is whole')
  return chain.resume(snapshot, record.value) ? chain : undefined
}

describe('a start with a snapshot', () => {
  let scene: Kept
  beforeAll(async () => {
    scene = await kept()
  })
  afterAll(() => scene.world.end())

  it('believes no snapshot that does not lead to the certified roots, or is of another version', async () => {
    const { device, snapshot } = scene
    const encoded = encodeSnapshot(snapshot)
    expect(encodeSnapshot(decodeSnapshot(encoded) ?? snapshot)).toEqual(encoded)
    expect(decodeSnapshot(encoded.with(1, 1))).toBeUndefined()
    for (let length = 0; length < encoded.length; length += 97) {
      expect(decodeSnapshot(encoded.subarray(0, length))).toBeUndefined()
    }
    expect(resumed(device, snapshot)?.next).toBe(16)
    const { trust, speakers } = snapshot
    const { state } = trust
    const ones = state.passed.sums.map((sum, at) => (at === 0 ? sum + 1 : sum))
    const wrong: readonly FoldSnapshot[] = [
      { ...snapshot, header: new Uint8Array(32) },
      { ...snapshot, epoch: snapshot.epoch - 1 },
      { ...snapshot, next: snapshot.next.toReversed() },
      { ...snapshot, afterNext: snapshot.afterNext.slice(1) },
      { ...snapshot, speakers: speakers.slice(1) },
      { ...snapshot, speakers: speakers.map((one) => ({ ...one, floorMicros: 900_000 })) },
      { ...snapshot, trust: { ...trust, beacon: { ...trust.beacon, value: new Uint8Array(32) } } },
      {
        ...snapshot,
        trust: { ...trust, state: { ...state, passed: { ...state.passed, sums: ones } } },
      },
    ]
    expect(wrong.map((one) => resumed(device, one))).toEqual(wrong.map(() => undefined))
    const elsewhere = { network: nodeCrypto.sha256(utf8('another mesh')) }
    expect(resumed(device, snapshot, elsewhere)).toBeUndefined()
    expect(
      resumed(device, snapshot, { parameters: encodeParameters({ epochMs: 1_000 }) }),
    ).toBeUndefined()
    expect(resumed(device, snapshot, { founder: speakers[1]?.owner })).toBeUndefined()
  })

  it('folds all epochs again where the snapshot is lost, cut short, or changed by a bit', async () => {
    const { world, device } = scene
    const before = topOf(device)
    await world.stop(device)
    const copies = [SNAPSHOT, PARTS]
      .flatMap((letter) => rowsOf(device, letter))
      .map(([disk, key]) => ({ disk, key, whole: disk.get(key) ?? new Uint8Array() }))
    for (const { disk, key, whole } of copies) {
      const store = new EpochStore(new MemoryRows({ disk }), nodeCrypto.sha256)
      await store.open()
      const read = (): Promise<Uint8Array | undefined> => store.snapshot(nodeCrypto.sha256)
      expect(await read()).toBeDefined()
      for (const damaged of damages(whole)) {
        disk.set(key, damaged)
        expect(await read()).toBeUndefined()
      }
      disk.delete(key)
      expect(await read()).toBeUndefined()
      expect(topOf(await started(world, device))).toBe(before)
      await world.stop(world.devices.at(-1) ?? device)
      disk.set(key, whole)
    }
    scene = { ...scene, device: await started(world, device) }
    await world.connectAll()
  })

  it('comes to the same without the epochs before it, and goes on with the others', async () => {
    const { world, device, provider } = scene
    const before = topOf(device)
    const audits = chainOf(device).fold.explain(provider)
    expect(audits?.audits.failed).toBe(1)
    await world.stop(device)
    forgetEpochs(device)
    const back = await started(world, device)
    expect(topOf(back)).toBe(before)
    expect(chainOf(back).fold.explain(provider)).toEqual(audits)
    await world.connectAll()
    await world.pass(3)
    expect(new Set(world.devices.map(topOf)).size).toBe(1)
    expect(chainOf(back).next).toBe(21)
    expect(back.epochs.opened.problems).toEqual([])
    expect(world.devices.flatMap(({ failures }) => failures)).toEqual([])
  })
})
