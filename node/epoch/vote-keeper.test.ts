import { expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { decodeVoteRecord, encodeVoteRecord, type VoteRecord } from '../../protocols/epoch/index.ts'
import { MemoryRows } from '../ledger/memory-rows.ts'
import { EpochStore } from './epoch-store.ts'
import { VoteKeeper } from './vote-keeper.ts'

/** A vote for a header of its fifth epoch. */
const VOTES: VoteRecord = {
  network: new Uint8Array(32),
  epoch: 5,
  round: 0,
  locked: undefined,
  valid: undefined,
  proposed: undefined,
  prevote: { value: new Uint8Array(32).fill(7) },
  precommit: undefined,
  answers: [],
  way: [],
}

/** What a device finds on its disks at each of its starts. */
async function disks() {
  const rows = new MemoryRows()
  const store = new EpochStore(rows, nodeCrypto.sha256)
  await store.open()
  const memory = new MemoryStore()
  const network = new Uint8Array(32)
  return { rows, store, keeper: () => new VoteKeeper({ mesh: 'mesh', network, store, memory }) }
}

it('votes in its second epoch with a seat, when the first was decided before its vote', async () => {
  const { keeper } = await disks()
  const life = keeper()
  expect(await life.standpoint(4)).toEqual({ type: 'free' })
  await life.seated(4)
  expect(await life.standpoint(5)).toEqual({ type: 'free' })
})

it('abstains after a start that finds no votes of a device that had a seat', async () => {
  const { keeper } = await disks()
  await keeper().seated(4)
  const lost = { type: 'abstains', until: 7, code: 'EPOCH_VOTES_LOST' }
  const life = keeper()
  expect(await life.standpoint(5)).toEqual(lost)
  expect(await life.standpoint(6)).toEqual(lost)
  expect(await life.standpoint(7)).toEqual({ type: 'free' })
  await life.seated(7)
  expect(await life.standpoint(8)).toEqual({ type: 'free' })
  expect(await keeper().standpoint(9)).toEqual({ ...lost, until: 11 })
})

it('abstains when what it finds of its votes is damaged', async () => {
  const { keeper, store } = await disks()
  await store.keepVotes(utf8('no votes'))
  expect((await keeper().standpoint(5)).type).toBe('abstains')
})

it('knows its votes again, and abstains when a bit of them was turned round', async () => {
  const { keeper, store, rows } = await disks()
  const record = encodeVoteRecord(VOTES)
  await keeper().seated(5)
  await store.keepVotes(record)
  expect(await keeper().standpoint(5)).toEqual({ type: 'bound', record: VOTES })
  const key = utf8('V')
  const [value = new Uint8Array()] = await rows.get([key])
  for (const at of value.keys()) {
    const turned = value.with(at, (value[at] ?? 0) ^ (1 << (at % 8)))
    await rows.write([{ type: 'put', key, value: turned }])
    expect(decodeVoteRecord((await store.votes()) ?? record)).toBe(undefined)
  }
  expect((await keeper().standpoint(5)).type).toBe('abstains')
})

it('abstains beyond the last epoch that it had a seat in, when its epochs are gone as well', async () => {
  const { keeper } = await disks()
  await keeper().seated(40)
  const life = keeper()
  expect(await life.standpoint(0)).toMatchObject({ type: 'abstains', until: 42 })
  expect(await life.standpoint(41)).toMatchObject({ type: 'abstains', until: 42 })
  expect(await life.standpoint(42)).toEqual({ type: 'free' })
})
