import { expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { MemoryRows } from '../ledger/memory-rows.ts'
import { EpochStore } from './epoch-store.ts'
import { VoteKeeper } from './vote-keeper.ts'

/** What a device finds on its disks at each of its starts. */
async function disks() {
  const store = new EpochStore(new MemoryRows())
  await store.open()
  const memory = new MemoryStore()
  const network = new Uint8Array(32)
  return { store, keeper: () => new VoteKeeper({ mesh: 'mesh', network, store, memory }) }
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

it('abstains beyond the last epoch that it had a seat in, when its epochs are gone as well', async () => {
  const { keeper } = await disks()
  await keeper().seated(40)
  const life = keeper()
  expect(await life.standpoint(0)).toMatchObject({ type: 'abstains', until: 42 })
  expect(await life.standpoint(41)).toMatchObject({ type: 'abstains', until: 42 })
  expect(await life.standpoint(42)).toEqual({ type: 'free' })
})
