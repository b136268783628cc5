import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ENTRY_KINDS } from '../../ledger/index.ts'
import { CHUNK_MS, SETTLE_WAIT_MS } from '../../protocols/receipt/index.ts'
import { hashOf, ledgerContext } from '../../test/fixtures/ledgers.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { Customer, end, pass, run } from '../../test/fixtures/ordered-work.ts'
import { ReceiptDevice, sendsRaw } from '../../test/fixtures/receipt-devices.ts'
import { ownHalf } from '../ledger/entry-rows.ts'

const { order: ORDER, accept: ACCEPT, result: RESULT, settle: SETTLE } = ENTRY_KINDS

let hub: LinkHub
let alice: ReceiptDevice
let bob: ReceiptDevice
let customer: Customer

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  hub = new LinkHub()
  alice = await new ReceiptDevice(hub, 1).start()
  bob = await new ReceiptDevice(hub, 2).start()
  customer = new Customer(alice, bob.peer)
})

afterEach(() => vi.useRealTimers())

describe('a receipt', () => {
  it('comes to stand in both ledgers, where a stranger finds it', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await customer.order()
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)

    expect(await alice.halves()).toEqual([ORDER, SETTLE])
    expect(await bob.halves()).toEqual([ACCEPT, RESULT])
    expect(customer.heard.map(({ stage }) => stage)).toEqual([
      'ordered',
      'accepted',
      'delivered',
      'settled',
    ])
    expect(customer.heard.at(-1)?.work).toEqual({
      mflop: 1_500_000,
      mfuel: 0,
      cpuMs: 2,
      gpuMs: 0,
      bytesIn: 4,
      bytesOut: 4,
      elapsedMs: expect.any(Number) as number,
      levelPermille: 500,
    })
    for (const [owner, other, key] of [
      [alice, bob, 'spentMilliCredits'],
      [bob, alice, 'earnedMilliCredits'],
    ] as const) {
      const { status, log } = await owner.found()
      expect([status, log?.receipts]).toEqual([
        'ok',
        { orders: 1, settled: 1, disputed: 0, unmatched: 0 },
      ])
      expect(log?.peers.get(other.peer)).toMatchObject({ [key]: 1_500, settled: 1 })
    }
    expect(bob.receipts.deliveries.open).toBe(0)
  })

  it('is settled every 1,000 tokens and every 30 s while a stream goes on', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await customer.order({ mode: 'stream', milliCreditsMax: 10_000_000 })
    await pass(50)
    work.ran(run(999))
    await pass(50)
    expect(await bob.halves()).toEqual([ACCEPT])
    work.ran(run(1))
    await pass(50)
    expect(await bob.halves()).toEqual([ACCEPT, RESULT])
    work.ran(run(1))
    await pass(CHUNK_MS)
    work.ended(end)
    await pass(50)
    expect(await bob.halves()).toEqual([ACCEPT, RESULT, RESULT, RESULT])
    expect(await alice.halves()).toEqual([ORDER, SETTLE, SETTLE, SETTLE])
    expect(customer.heard.at(-1)).toMatchObject({
      stage: 'settled',
      rounds: 3,
      milliCredits: 1_501_500 - 500_000,
    })
    expect([bob.unsettled, (await bob.found()).status]).toEqual([0, 'ok'])
  })

  it('grants no more than the requester counts, and nothing for what is refused', async () => {
    customer.appraisal = { verdict: 'accepted', milliCreditsMax: 1_200 }
    const first = bob.hosts(alice.peer, 'work')
    await customer.order()
    first.ran(run(1))
    first.ended(end)
    await pass(50)
    customer.appraisal = { verdict: 'refused', milliCreditsMax: 1_200 }
    const second = bob.hosts(alice.peer, 'more work')
    await customer.order({ spec: hashOf('more work') })
    second.ran(run(1))
    second.ended(end)
    await pass(50)
    expect(
      customer.heard.filter(({ stage }) => stage === 'settled').map((one) => one.milliCredits),
    ).toEqual([1_200, 0])
    expect((await bob.found()).log?.receipts).toMatchObject({ settled: 2 })
  })

  it('waits for a stage that comes after its order', async () => {
    await customer.order()
    await pass(1_000)
    const work = bob.hosts(alice.peer, 'work')
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    expect(customer.heard.at(-1)?.stage).toBe('settled')
  })

  it('stays open when the stage is unknown, and that is no fault', async () => {
    await customer.order()
    await pass(10_000)
    expect(customer.heard.map(({ stage }) => stage)).toEqual(['ordered'])
    expect(bob.receipts.faultsOf(alice.peer)).toBe(0)
    expect((await alice.found()).log?.receipts).toMatchObject({ unmatched: 1 })
  })

  it('is told again when its link broke, and stands once', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await customer.order()
    await pass(50)
    bob.network.cut()
    work.ran(run(1))
    work.ended(end)
    await settle()
    alice.network.cut()
    await pass(5_000)
    expect(customer.heard.at(-1)?.stage).toBe('settled')
    expect(await bob.halves()).toEqual([ACCEPT, RESULT])
    expect(bob.receipts.faultsOf(alice.peer) + alice.receipts.faultsOf(bob.peer)).toBe(0)
  })

  it('is settled though the provider died after it had delivered', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await customer.order()
    await pass(50)
    const disk = Promise.withResolvers<void>()
    work.ran(run(1))
    alice.rows.held = disk.promise
    work.ended(end)
    await pass(50)
    bob = await bob.killed()
    disk.resolve()
    await pass(5_000)
    expect(customer.heard.at(-1)?.stage).toBe('settled')
    expect((await bob.found()).log?.receipts).toMatchObject({ settled: 1, unmatched: 0 })
    expect(bob.receipts.faultsOf(alice.peer)).toBe(0)
  })

  it('takes a settlement again whose answer died with the provider', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await customer.order()
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    bob = await bob.killed()
    const { order: ordered, tip } = customer.heard.at(-1) ?? {}
    const { reader } = alice.ledger.opened.store
    const own = await reader.entriesOf(ordered?.body.task ?? new Uint8Array(), 1)
    const half = own[0] && ownHalf(ledgerContext, own[0].entry)
    expect(half?.id).toEqual(tip)
    expect(half && (await sendsRaw(alice.network, bob.peer, [half]))).toHaveLength(1)
    expect(bob.receipts.faultsOf(alice.peer)).toBe(0)
    expect((await bob.found()).log?.receipts).toMatchObject({ settled: 1, unmatched: 0 })
  })

  it('shows nothing to a peer that is not on the disk', async () => {
    const work = bob.hosts(alice.peer, 'work')
    const disk = Promise.withResolvers<void>()
    bob.rows.held = disk.promise
    await customer.order()
    work.ran(run(1))
    await pass(1_000)
    expect(customer.heard.map(({ stage }) => stage)).toEqual(['ordered'])
    disk.resolve()
    await pass(50)
    expect(customer.heard.map(({ stage }) => stage)).toEqual(['ordered', 'accepted'])
  })
})

describe('a provider', () => {
  it('works no more for whoever does not order', async () => {
    const work = bob.hosts(alice.peer, 'work')
    work.ran(run(1))
    await pass(SETTLE_WAIT_MS - 1)
    expect(bob.unsettled).toBe(0)
    await pass(2)
    expect(bob.unsettled).toBe(1)
  })

  it('works no more for whoever does not settle, and takes a settlement that comes late', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await customer.order({ mode: 'stream' })
    await pass(50)
    const disk = Promise.withResolvers<void>()
    alice.rows.held = disk.promise
    work.ran(run(1_000))
    await pass(SETTLE_WAIT_MS + 1)
    expect(bob.unsettled).toBe(1)
    disk.resolve()
    await pass(50)
    expect((await bob.found()).log?.peers.get(alice.peer)?.earnedMilliCredits ?? 0).toBe(0)
    expect(customer.heard.at(-1)).toMatchObject({ stage: 'accepted', rounds: 1 })
    expect(bob.receipts.faultsOf(alice.peer)).toBe(0)
  })
})
