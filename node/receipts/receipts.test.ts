import { describe, expect, it } from 'vitest'
import { ENTRY_KINDS } from '../../ledger/index.ts'
import { CHUNK_MS, SETTLE_WAIT_MS } from '../../protocols/receipt/index.ts'
import { hashOf, ledgerContext } from '../../test/fixtures/ledgers.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { end, pass, run, useTrade } from '../../test/fixtures/ordered-work.ts'
import { sendsRaw } from '../../test/fixtures/receipt-devices.ts'
import { ownHalf } from '../ledger/entry-rows.ts'

const { order: ORDER, accept: ACCEPT, result: RESULT, settle: SETTLE } = ENTRY_KINDS

const trade = useTrade()

describe('a receipt', () => {
  it('comes to stand in both ledgers, where a stranger finds it', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order()
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)

    expect(await trade.alice.halves()).toEqual([ORDER, SETTLE])
    expect(await trade.bob.halves()).toEqual([ACCEPT, RESULT])
    expect(trade.customer.heard.map(({ stage }) => stage)).toEqual([
      'ordered',
      'accepted',
      'delivered',
      'settled',
    ])
    expect(trade.customer.heard.at(-1)?.work).toEqual({
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
      [trade.alice, trade.bob, 'spentMilliCredits'],
      [trade.bob, trade.alice, 'earnedMilliCredits'],
    ] as const) {
      const { status, log } = await owner.found()
      expect([status, log?.receipts]).toEqual([
        'ok',
        { orders: 1, settled: 1, disputed: 0, unmatched: 0 },
      ])
      expect(log?.peers.get(other.peer)).toMatchObject({ [key]: 1_500, settled: 1 })
    }
    expect(trade.bob.receipts.deliveries.open).toBe(0)
  })

  it('is settled every 1,000 tokens and every 30 s while a stream goes on', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order({ mode: 'stream', milliCreditsMax: 10_000_000 })
    await pass(50)
    work.ran(run(999))
    await pass(50)
    expect(await trade.bob.halves()).toEqual([ACCEPT])
    work.ran(run(1))
    await pass(50)
    expect(await trade.bob.halves()).toEqual([ACCEPT, RESULT])
    work.ran(run(1))
    await pass(CHUNK_MS)
    work.ended(end)
    await pass(50)
    expect(await trade.bob.halves()).toEqual([ACCEPT, RESULT, RESULT, RESULT])
    expect(await trade.alice.halves()).toEqual([ORDER, SETTLE, SETTLE, SETTLE])
    expect(trade.customer.heard.at(-1)).toMatchObject({
      stage: 'settled',
      rounds: 3,
      milliCredits: 1_501_500 - 500_000,
    })
    expect([trade.bob.unsettled, (await trade.bob.found()).status]).toEqual([0, 'ok'])
  })

  it('grants no more than the requester counts, and nothing for what is refused', async () => {
    trade.customer.appraisal = { verdict: 'accepted', milliCreditsMax: 1_200 }
    const first = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order()
    first.ran(run(1))
    first.ended(end)
    await pass(50)
    trade.customer.appraisal = { verdict: 'refused', milliCreditsMax: 1_200 }
    const second = trade.bob.hosts(trade.alice.peer, 'more work')
    await trade.customer.order({ spec: hashOf('more work') })
    second.ran(run(1))
    second.ended(end)
    await pass(50)
    expect(
      trade.customer.heard
        .filter(({ stage }) => stage === 'settled')
        .map((one) => one.milliCredits),
    ).toEqual([1_200, 0])
    expect((await trade.bob.found()).log?.receipts).toMatchObject({ settled: 2 })
  })

  it('waits for a stage that comes after its order', async () => {
    await trade.customer.order()
    await pass(1_000)
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    expect(trade.customer.heard.at(-1)?.stage).toBe('settled')
  })

  it('stays open when the stage is unknown, and that is no fault', async () => {
    await trade.customer.order()
    await pass(10_000)
    expect(trade.customer.heard.map(({ stage }) => stage)).toEqual(['ordered'])
    expect(trade.bob.receipts.faultsOf(trade.alice.peer)).toBe(0)
    expect((await trade.alice.found()).log?.receipts).toMatchObject({ unmatched: 1 })
  })

  it('is told again when its link broke, and stands once', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order()
    await pass(50)
    trade.bob.network.cut()
    work.ran(run(1))
    work.ended(end)
    await settle()
    trade.alice.network.cut()
    await pass(5_000)
    expect(trade.customer.heard.at(-1)?.stage).toBe('settled')
    expect(await trade.bob.halves()).toEqual([ACCEPT, RESULT])
    expect(
      trade.bob.receipts.faultsOf(trade.alice.peer) + trade.alice.receipts.faultsOf(trade.bob.peer),
    ).toBe(0)
  })

  it('is settled though the provider died after it had delivered', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order()
    await pass(50)
    const disk = Promise.withResolvers<void>()
    work.ran(run(1))
    trade.alice.rows.held = disk.promise
    work.ended(end)
    await pass(50)
    trade.bob = await trade.bob.killed()
    disk.resolve()
    await pass(5_000)
    expect(trade.customer.heard.at(-1)?.stage).toBe('settled')
    expect((await trade.bob.found()).log?.receipts).toMatchObject({ settled: 1, unmatched: 0 })
    expect(trade.bob.receipts.faultsOf(trade.alice.peer)).toBe(0)
  })

  it('takes a settlement again whose answer died with the provider', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order()
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    trade.bob = await trade.bob.killed()
    const { order: ordered, tip } = trade.customer.heard.at(-1) ?? {}
    const { reader } = trade.alice.ledger.opened.store
    const own = await reader.entriesOf(ordered?.body.task ?? new Uint8Array(), 1)
    const half = own[0] && ownHalf(ledgerContext, own[0].entry)
    expect(half?.id).toEqual(tip)
    expect(half && (await sendsRaw(trade.alice.network, trade.bob.peer, [half]))).toHaveLength(1)
    expect(trade.bob.receipts.faultsOf(trade.alice.peer)).toBe(0)
    expect((await trade.bob.found()).log?.receipts).toMatchObject({ settled: 1, unmatched: 0 })
  })

  it('shows nothing to a peer that is not on the disk', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    const disk = Promise.withResolvers<void>()
    trade.bob.rows.held = disk.promise
    await trade.customer.order()
    work.ran(run(1))
    await pass(1_000)
    expect(trade.customer.heard.map(({ stage }) => stage)).toEqual(['ordered'])
    disk.resolve()
    await pass(50)
    expect(trade.customer.heard.map(({ stage }) => stage)).toEqual(['ordered', 'accepted'])
  })
})

describe('a provider', () => {
  it('works no more for whoever does not order', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    work.ran(run(1))
    await pass(SETTLE_WAIT_MS - 1)
    expect(trade.bob.unsettled).toBe(0)
    await pass(2)
    expect(trade.bob.unsettled).toBe(1)
  })

  it('works no more for whoever does not settle, and takes a settlement that comes late', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order({ mode: 'stream' })
    await pass(50)
    const disk = Promise.withResolvers<void>()
    trade.alice.rows.held = disk.promise
    work.ran(run(1_000))
    await pass(SETTLE_WAIT_MS + 1)
    expect(trade.bob.unsettled).toBe(1)
    disk.resolve()
    await pass(50)
    expect(
      (await trade.bob.found()).log?.peers.get(trade.alice.peer)?.earnedMilliCredits ?? 0,
    ).toBe(0)
    expect(trade.customer.heard.at(-1)).toMatchObject({ stage: 'accepted', rounds: 1 })
    expect(trade.bob.receipts.faultsOf(trade.alice.peer)).toBe(0)
  })
})
