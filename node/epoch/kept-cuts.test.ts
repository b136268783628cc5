import { afterEach, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'
import { type Logger, SILENT_LOGGER } from '../../core/logger.ts'
import { decodeVoteRecord, encodeCutBody, proposerOrder } from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  chainOf,
  EMPTY_CUT,
  type EpochDevice,
  type EpochMachine,
  EpochMesh,
  headersOf,
} from '../../test/fixtures/epoch-mesh.ts'
import { MemoryRows, type WriteFault } from '../ledger/memory-rows.ts'
import type { RowChange } from '../ledger/rows.ts'
import { EpochStore } from './epoch-store.ts'
import { decodeKeptCut, encodeKeptCut, type KeptCut, KeptCuts } from './kept-cuts.ts'

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

const { sha256 } = nodeCrypto
const VOTES = toHex(utf8('V'))

/** A cut that differs from others by a word of owners. */
const cutOf = (number: number): KeptCut => ({
  value: utf8(`header ${number}`),
  body: { ...EMPTY_CUT, owners: [Uint8Array.of(number)] },
})
const idOf = ({ value }: KeptCut): Uint8Array => sha256(value)

/** The rows of cuts on the disks of a device. */
const cutRows = ({ folders }: EpochMachine): readonly string[] =>
  [...folders.values()].flatMap((disk) => [...disk.keys()].filter((key) => /^42.{8}$/.test(key)))

function storeOf(rows = new MemoryRows()): {
  readonly rows: MemoryRows
  readonly store: EpochStore
} {
  void rows.open()
  return { rows, store: new EpochStore(rows, sha256) }
}

/** Whether a write holds the first precommit of a value: the device dies once it is on the disk. */
function diesLocked(changes: readonly RowChange[]): WriteFault {
  const votes = changes.find(({ key }) => toHex(key) === VOTES)
  const record = votes?.type === 'put' ? decodeVoteRecord(votes.value.subarray(32)) : undefined
  return record?.precommit?.value === undefined ? 'none' : 'unanswered'
}

/** Four that have a seat each, the next proposer last. */
async function byTurn(): Promise<{
  world: EpochMesh
  voters: EpochDevice[]
  proposer: EpochDevice
}> {
  const world = await EpochMesh.of(4)
  mesh = world
  await world.pass(6.5)
  const [one] = world.devices
  invariant(one !== undefined, 'there are four')
  const { committee, absent, top } = chainOf(one)
  invariant(top !== undefined, 'epochs were decided')
  const [first = 0] = proposerOrder(sha256, top.header.beacon, committee, absent)
  const isNext = ({ signer }: EpochDevice): boolean => signer.peer === committee[first]
  const proposer = world.devices.find(isNext)
  invariant(proposer !== undefined, 'each has a seat')
  return { world, voters: world.devices.filter((device) => device !== proposer), proposer }
}

describe('cuts that were voted for', () => {
  it('are on the disk before anybody is told, eight of an epoch, those that were asked about last', async () => {
    const { rows, store } = storeOf()
    const kept = new KeptCuts({ sha256, logger: SILENT_LOGGER, store })
    for (let number = 0; number < 20; number++) {
      await kept.keep(cutOf(number))
      await kept.keep(cutOf(0))
      expect(rows.disk.size).toBeLessThanOrEqual(8)
    }
    const again = new KeptCuts({ sha256, logger: SILENT_LOGGER, store })
    await again.restore(() => undefined)
    for (const number of [0, 14, 19]) {
      expect(again.get(idOf(cutOf(number)))).toEqual(cutOf(number).body)
    }
    expect(again.get(idOf(cutOf(5)))).toBeUndefined()
    // What comes next takes the place of none of them.
    await again.keep(cutOf(21))
    expect(rows.disk.size).toBe(8)
  })

  it('are not told while the disk takes its time, to nobody who asks about the same', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const kept = new KeptCuts({
      sha256,
      logger: SILENT_LOGGER,
      store: { cuts: async () => [], keepCut: () => promise, dropCuts: async () => undefined },
    })
    const told: number[] = []
    const both = [1, 2].map((who) => kept.keep(cutOf(1)).then(() => told.push(who)))
    await new Promise(setImmediate)
    expect(told).toEqual([])
    resolve()
    await Promise.all(both)
    expect(new Set(told)).toEqual(new Set([1, 2]))
  })

  it('leave nothing on the disk where the epoch is decided meanwhile', async () => {
    const { rows, store } = storeOf()
    const kept = new KeptCuts({ sha256, logger: SILENT_LOGGER, store })
    const keeping = kept.keep(cutOf(1))
    await store.dropCuts(kept.forget())
    await keeping
    expect(rows.disk.size).toBe(0)
  })

  it('are refused where the disk changed a bit of them, or lost their end', () => {
    const whole = encodeKeptCut(sha256, cutOf(1))
    expect(decodeKeptCut(sha256, whole)).toEqual(cutOf(1))
    for (let length = 0; length < whole.length; length++) {
      expect(decodeKeptCut(sha256, whole.subarray(0, length))).toBeUndefined()
    }
    for (const [at, byte] of whole.entries()) {
      const changed = whole.with(at, byte ^ (1 << (at % 8)))
      expect(decodeKeptCut(sha256, changed)).toBeUndefined()
    }
  })

  it('that are damaged, or do not hold, are given up with a code', async () => {
    const { rows, store } = storeOf()
    const first = new KeptCuts({ sha256, logger: SILENT_LOGGER, store })
    for (const number of [1, 2, 3, 4]) await first.keep(cutOf(number))
    const [damaged, bytes] = [...rows.disk][1] ?? []
    invariant(damaged !== undefined && bytes !== undefined, 'four are kept')
    rows.disk.set(
      damaged,
      bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
    )
    const codes: unknown[] = []
    const warn: Logger['warn'] = (_, facts) => void codes.push(facts?.['code'])
    const logger = { ...SILENT_LOGGER, warn }
    const again = new KeptCuts({ sha256, logger, store })
    const problems = new Map<string, 'EPOCH_MISMATCH' | 'EPOCH_FOLD_MISMATCH'>([
      [toHex(cutOf(3).value), 'EPOCH_MISMATCH'],
      [toHex(cutOf(4).value), 'EPOCH_FOLD_MISMATCH'],
    ])
    expect(await again.restore(({ value }) => problems.get(toHex(value)))).toBe(1)
    expect(codes).toEqual(['EPOCH_CUT_DAMAGED', 'EPOCH_FOLD_MISMATCH'])
    expect([1, 2, 3, 4].map((number) => again.get(idOf(cutOf(number))) !== undefined)).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(rows.disk.size).toBe(1)
  })
})

describe('four devices', () => {
  it('decide though all voters lose their power while they are locked, and the proposer its disk', async () => {
    const { world, voters, proposer } = await byTurn()
    const epoch = chainOf(proposer).next
    for (const { machine } of voters) machine.fault = diesLocked
    await world.pass(0.6)
    expect(voters.map((device) => chainOf(device).next)).toEqual([epoch, epoch, epoch])
    const sizes = voters.map(({ machine }) => cutRows(machine).length)
    expect(sizes).toEqual([1, 1, 1])
    for (const device of [...voters, proposer]) await world.stop(device)
    const back: EpochDevice[] = []
    for (const { machine } of voters) {
      delete machine.fault
      back.push(await world.start(machine))
    }
    await world.connectAll()
    await world.pass(0.2)
    expect(headersOf(back)).toBe(1)
    const [one] = back
    invariant(one !== undefined, 'three are back')
    const { top } = chainOf(one)
    expect(top?.header.epoch).toBe(epoch)
    // What the proposer said is in, which nobody but it could tell any more.
    expect(top?.header.statements).toBe(4)
    expect(back.flatMap(({ machine }) => cutRows(machine))).toEqual([])
    await world.pass(1)
    expect(back.flatMap(({ failures }) => failures)).toEqual([])
    expect(chainOf(one).next).toBeGreaterThan(epoch + 1)
  })

  it('give what is in a header to whoever lacks it, also after a start', async () => {
    const { world, voters, proposer } = await byTurn()
    const [one, ...others] = voters
    invariant(one !== undefined, 'there are three')
    one.machine.fault = diesLocked
    for (const device of [...others, proposer]) device.machine.fault = diesLocked
    await world.pass(0.6)
    const votes = [...one.machine.folders.values()].flatMap((disk) => disk.get(VOTES) ?? [])
    const record = votes[0] && decodeVoteRecord(votes[0].subarray(32))
    const value = record?.locked?.value
    invariant(value !== undefined, 'it died locked')
    await world.stop(one)
    delete one.machine.fault
    const back = await world.start(one.machine)
    const cut = await back.epochs.opened.cutOf(sha256(value))
    expect(cut).toBeDefined()
    expect(cut?.length).toBeGreaterThan(encodeCutBody(EMPTY_CUT).length)
  })
})
