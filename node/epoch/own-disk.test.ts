import { afterEach, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'
import {
  chainOf,
  type EpochDevice,
  EpochMesh,
  type FourDevices,
  headersOf,
} from '../../test/fixtures/epoch-mesh.ts'

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

async function seated(): Promise<{ readonly world: EpochMesh; readonly four: FourDevices }> {
  const world = await EpochMesh.of(4)
  mesh = world
  await world.pass(6.5)
  return { world, four: world.devices as unknown as FourDevices }
}

/** Changes a bit of what a device keeps under a letter about an epoch. */
function damage({ machine }: EpochDevice, letter: string, epoch: number): void {
  const key = toHex(utf8(letter)) + epoch.toString(16).padStart(16, '0')
  const disk = [...machine.folders.values()].find((rows) => rows.has(key))
  const row = disk?.get(key)
  invariant(disk !== undefined && row !== undefined, 'it is there before it is damaged')
  // In the header of an epoch, and in the domain that a statement is of.
  const at = 80
  disk.set(key, row.with(at, (row[at] ?? 0) ^ 4))
}

const problemsOf = ({ epochs }: EpochDevice): readonly unknown[] => epochs.opened.problems

describe('the disk of a device in a mesh of four', () => {
  it('that damaged an epoch is told of, and others have what is lost', async () => {
    const { world, four } = await seated()
    const [, second, ...others] = four
    await world.stop(second)
    damage(second, 'D', 3)
    const back = await world.start(second.machine)
    await world.connectAll()
    await world.pass(2)
    expect(headersOf([back, ...others])).toBe(1)
    expect(problemsOf(back)).toEqual([{ code: 'EPOCH_DISK_DAMAGED', facts: { damagedEpoch: 3 } }])
    expect([back, ...others].flatMap(({ failures }) => failures)).toEqual([])
  })

  it('that damaged what it said is told of, and nothing else is said of that epoch', async () => {
    const { world, four } = await seated()
    const [, second, ...others] = four
    const epoch = chainOf(second).next
    // The epoch is over, and its cut not yet due.
    await world.pass(0.55)
    await world.stop(second)
    damage(second, 'S', epoch)
    const back = await world.start(second.machine)
    await world.connectAll()
    expect(problemsOf(back)).toEqual([
      { code: 'EPOCH_DISK_DAMAGED', facts: { damagedStatement: epoch } },
    ])
    await world.pass(2)
    expect(headersOf([back, ...others])).toBe(1)
    const { scores } = chainOf(back).top ?? {}
    expect(scores?.scores.filter(({ faulted }) => faulted)).toEqual([])
  })

  it('that takes seconds to write is told of, and the mesh goes on', async () => {
    const { world, four } = await seated()
    const [, second, ...others] = four
    await world.stop(second)
    const slow = await world.start({ ...second.machine, writeMs: 8_000 })
    await world.connectAll()
    await world.pass(4)
    expect(problemsOf(slow)).toEqual([
      { code: 'EPOCH_DISK_SLOW', facts: { tookMs: 8_000, waitedMs: expect.any(Number) } },
    ])
    expect(headersOf(others)).toBe(1)
    expect(chainOf(others[0]).next).toBeGreaterThanOrEqual(9)
    expect([slow, ...others].flatMap(({ failures }) => failures)).toEqual([])
  })

  it('that is getting full is told of, and one that is full ends the daemon before it votes', async () => {
    const { world, four } = await seated()
    const [, second, ...others] = four
    second.machine.freeBytes = 5e6
    await world.pass(1)
    expect(problemsOf(second)).toEqual([{ code: 'EPOCH_DISK_FULL', facts: { freeBytes: 5e6 } }])
    second.machine.freeBytes = 0
    second.machine.fault = () => 'ENOSPC'
    await world.pass(1)
    expect(second.failures).not.toEqual([])
    expect(new Set(second.failures.map((error) => (error as { code?: string }).code))).toEqual(
      new Set(['ENOSPC']),
    )
    expect(headersOf(others)).toBe(1)
    expect(chainOf(others[0]).next).toBe(8)
  })
})

describe('the clock of a device in a mesh of four', () => {
  it.each([
    ['behind', -20_000],
    ['ahead', 25_000],
  ])('that is less than a minute %s is told of, and that of nobody else', async (_, offMs) => {
    const { world, four } = await seated()
    const [wrong, ...right] = four
    wrong.clock.offMs = offMs
    await world.pass(14)
    expect(headersOf(four)).toBe(1)
    const [problem] = wrong.epochs.opened.problems
    expect(problem?.code).toBe('EPOCH_TIME_INVALID')
    expect(Math.abs((problem?.facts['clockAheadMs'] ?? 0) - offMs)).toBeLessThan(6_000)
    expect(right.flatMap(problemsOf)).toEqual([])
  })
})
