import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  encodeEquivocation,
  ENTRY_KINDS,
  type Half,
  type HalfBody,
  type Receipt,
  type SettleVerdict,
  signHalf,
  verifyEquivocation,
} from '../../ledger/index.ts'
import { CHUNK_MS, decodeReceiptMessage, SETTLE_WAIT_MS } from '../../protocols/receipt/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { halvesOf, hashOf, ledgerContext } from '../../test/fixtures/ledgers.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { ReceiptDevice, sendsRaw } from '../../test/fixtures/receipt-devices.ts'
import { ownHalf } from '../ledger/entry-rows.ts'
import type { OrderTerms } from './orders.ts'

const { order: ORDER, accept: ACCEPT, result: RESULT, settle: SETTLE } = ENTRY_KINDS

let hub: LinkHub
let alice: ReceiptDevice
let bob: ReceiptDevice
/** How alice decides, and what she heard. */
let appraisal: { verdict: SettleVerdict; milliCreditsMax: number }
let heard: Receipt[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  hub = new LinkHub()
  alice = await new ReceiptDevice(hub, 1).start()
  bob = await new ReceiptDevice(hub, 2).start()
  appraisal = { verdict: 'accepted', milliCreditsMax: 1_000_000 }
  heard = []
})

afterEach(() => vi.useRealTimers())

/** Lets time go by, and what follows from it. */
async function pass(ms: number): Promise<void> {
  await settle()
  await vi.advanceTimersByTimeAsync(ms)
  await settle()
}

const terms = (changes: Partial<OrderTerms> = {}): OrderTerms => ({
  provider: bob.peer,
  mode: 'simple',
  spec: hashOf('work'),
  input: hashOf('input'),
  milliCreditsMax: 100_000,
  ...changes,
})

async function order(changes: Partial<OrderTerms> = {}): Promise<void> {
  await alice.receipts.orders.order(terms(changes), {
    appraise: () => Promise.resolve(appraisal),
    onChange: (receipt) => heard.push(receipt),
  })
}

/** A run of one row whose cost was measured with two: half of 3 * 10^12 operations for each. */
const run = (rows: number) => ({
  description: { flops: 3e12, receives: [{ name: 'x', type: 'float32' as const, dims: [1, 2] }] },
  received: [tensor],
  sent: [tensor],
  rows,
  computeUs: 2_000,
  accelerated: false,
})
const tensor: Tensor = { name: 'x', type: 'float32', dims: [1, 1], data: new Uint8Array(4) }
const end = { output: hashOf('receipt of the stage'), environment: hashOf('class') }

describe('a receipt', () => {
  it('comes to stand in both ledgers, where a stranger finds it', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await order()
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)

    expect(await alice.halves()).toEqual([ORDER, SETTLE])
    expect(await bob.halves()).toEqual([ACCEPT, RESULT])
    expect(heard.map(({ stage }) => stage)).toEqual(['ordered', 'accepted', 'delivered', 'settled'])
    expect(heard.at(-1)?.work).toEqual({
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
    await order({ mode: 'stream', milliCreditsMax: 10_000_000 })
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
    expect(heard.at(-1)).toMatchObject({
      stage: 'settled',
      rounds: 3,
      milliCredits: 1_501_500 - 500_000,
    })
    expect([bob.unsettled, (await bob.found()).status]).toEqual([0, 'ok'])
  })

  it('grants no more than the requester counts, and nothing for what is refused', async () => {
    appraisal = { verdict: 'accepted', milliCreditsMax: 1_200 }
    const first = bob.hosts(alice.peer, 'work')
    await order()
    first.ran(run(1))
    first.ended(end)
    await pass(50)
    appraisal = { verdict: 'refused', milliCreditsMax: 1_200 }
    const second = bob.hosts(alice.peer, 'more work')
    await order({ spec: hashOf('more work') })
    second.ran(run(1))
    second.ended(end)
    await pass(50)
    expect(heard.filter(({ stage }) => stage === 'settled').map((one) => one.milliCredits)).toEqual(
      [1_200, 0],
    )
    expect((await bob.found()).log?.receipts).toMatchObject({ settled: 2 })
  })

  it('waits for a stage that comes after its order', async () => {
    await order()
    await pass(1_000)
    const work = bob.hosts(alice.peer, 'work')
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    expect(heard.at(-1)?.stage).toBe('settled')
  })

  it('stays open when the stage is unknown, and that is no fault', async () => {
    await order()
    await pass(10_000)
    expect(heard.map(({ stage }) => stage)).toEqual(['ordered'])
    expect(bob.receipts.faultsOf(alice.peer)).toBe(0)
    expect((await alice.found()).log?.receipts).toMatchObject({ unmatched: 1 })
  })

  it('is told again when its link broke, and stands once', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await order()
    await pass(50)
    bob.network.cut()
    work.ran(run(1))
    work.ended(end)
    await settle()
    alice.network.cut()
    await pass(5_000)
    expect(heard.at(-1)?.stage).toBe('settled')
    expect(await bob.halves()).toEqual([ACCEPT, RESULT])
    expect(bob.receipts.faultsOf(alice.peer) + alice.receipts.faultsOf(bob.peer)).toBe(0)
  })

  it('is settled though the provider died after it had delivered', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await order()
    await pass(50)
    const disk = Promise.withResolvers<void>()
    work.ran(run(1))
    alice.rows.held = disk.promise
    work.ended(end)
    await pass(50)
    bob = await bob.killed()
    disk.resolve()
    await pass(5_000)
    expect(heard.at(-1)?.stage).toBe('settled')
    expect((await bob.found()).log?.receipts).toMatchObject({ settled: 1, unmatched: 0 })
    expect(bob.receipts.faultsOf(alice.peer)).toBe(0)
  })

  it('takes a settlement again whose answer died with the provider', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await order()
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    bob = await bob.killed()
    const { order: ordered, tip } = heard.at(-1) ?? {}
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
    await order()
    work.ran(run(1))
    await pass(1_000)
    expect(heard.map(({ stage }) => stage)).toEqual(['ordered'])
    disk.resolve()
    await pass(50)
    expect(heard.map(({ stage }) => stage)).toEqual(['ordered', 'accepted'])
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
    await order({ mode: 'stream' })
    await pass(50)
    const disk = Promise.withResolvers<void>()
    alice.rows.held = disk.promise
    work.ran(run(1_000))
    await pass(SETTLE_WAIT_MS + 1)
    expect(bob.unsettled).toBe(1)
    disk.resolve()
    await pass(50)
    expect((await bob.found()).log?.peers.get(alice.peer)?.earnedMilliCredits ?? 0).toBe(0)
    expect(heard.at(-1)).toMatchObject({ stage: 'accepted', rounds: 1 })
    expect(bob.receipts.faultsOf(alice.peer)).toBe(0)
  })
})

describe('halves that do not hold', () => {
  const mallory = device(3)
  const parties = { requester: mallory, provider: device(2), mode: 'simple' as const }
  const good = halvesOf({ ...parties, word: 'one' })
  const [goodOrder, goodAccept, , goodSettle] = good as [Half, Half, Half, Half]

  const changed = ({ kind, body }: Half, changes: object): Half => {
    const said = { ...body, ...changes } as HalfBody<'order'>
    return signHalf(ledgerContext, mallory, kind as 'order', said)
  }
  const signedAs = (change: Partial<Half['signed']>): Half =>
    ({ ...goodOrder, signed: { ...goodOrder.signed, ...change } }) as unknown as Half
  const cbor = (hex: string): Half => signedAs({ body: fromHex(hex) ?? new Uint8Array() })
  const text = toHex(goodOrder.signed.body)

  it.each<[string, string, readonly Half[]]>([
    ['with a float', 'RECEIPT_HALF_MALFORMED', [cbor(text.replace(/^8c01/, '8cf93c00'))]],
    ['of indefinite length', 'RECEIPT_HALF_MALFORMED', [cbor(`9f${text.slice(2)}ff`)]],
    ['with more behind it', 'RECEIPT_HALF_MALFORMED', [cbor(`${text}00`)]],
    ['in a longer encoding', 'RECEIPT_HALF_MALFORMED', [cbor(text.replace(/^8c01/, '8c1801'))]],
    ['that is a map', 'RECEIPT_HALF_MALFORMED', [cbor('a2020001 00'.replace(' ', ''))]],
    ['of a later version', 'RECEIPT_HALF_UNSUPPORTED', [cbor(text.replace(/^8c01/, '8c02'))]],
    [
      'signed by another',
      'RECEIPT_HALF_FORGED',
      [signedAs({ signature: goodSettle.signed.signature })],
    ],
    ['of another mesh', 'RECEIPT_HALF_FORGED', [otherMesh()]],
    [
      'by somebody who is no party',
      'RECEIPT_HALF_FOREIGN',
      [changed(goodOrder, { requester: device(4).peer })],
    ],
    [
      'for another provider',
      'RECEIPT_HALF_FOREIGN',
      [changed(goodOrder, { provider: device(4).peer })],
    ],
    ['again', 'RECEIPT_HALF_REPLAYED', [goodOrder, goodOrder]],
    [
      'that orders the same work a second time',
      'RECEIPT_HALF_UNLINKED',
      [goodOrder, changed(goodOrder, { nonce: new Uint8Array(16) })],
    ],
    [
      'that settles what was not delivered',
      'RECEIPT_HALF_UNLINKED',
      [goodOrder, changed(goodSettle, {})],
    ],
    ['that asks for a seal', 'RECEIPT_MODE_BROKEN', [changed(goodOrder, { mode: 'sealed' })]],
    ['of the other side', 'RECEIPT_TASK_UNKNOWN', [goodAccept]],
    ['about an unknown task', 'RECEIPT_TASK_UNKNOWN', [goodSettle]],
  ])('%s are refused with %s, and change nothing', async (_, code, halves) => {
    const attacker = hub.device(mallory.peer)
    bob.receipts.deliveries.hosted({
      requester: mallory.peer,
      spec: hashOf('spec one'),
      outputSoFar: () => hashOf('so far'),
      onUnsettled: () => undefined,
    })
    const answers = await sendsRaw(attacker, bob.peer, halves)
    await pass(100)
    expect(decodeReceiptMessage(answers.at(-1) ?? new Uint8Array())).toMatchObject({
      type: 'answer',
      refusal: code,
    })
    expect(bob.receipts.faultsOf(mallory.peer)).toBe(code === 'RECEIPT_TASK_UNKNOWN' ? 0 : 1)
    expect(await bob.halves()).toEqual(halves.length === 1 ? [] : [ACCEPT])
    expect((await bob.found()).status).toBe('ok')
  })

  function otherMesh(): Half {
    const context = { ...ledgerContext, network: hashOf('another mesh') }
    return signHalf(context, mallory, 'order', goodOrder.body as HalfBody<'order'>)
  }

  it('are refused when they settle what another ordered', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await order()
    await pass(50)
    const { task } = heard[0]?.order.body ?? goodOrder.body
    const attacker = hub.device(mallory.peer)
    const [answer] = await sendsRaw(attacker, bob.peer, [changed(goodSettle, { task })])
    await pass(50)
    expect(decodeReceiptMessage(answer ?? new Uint8Array())).toMatchObject({
      refusal: 'RECEIPT_HALF_FOREIGN',
    })
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    expect(heard.at(-1)?.stage).toBe('settled')
  })

  it('are refused when they grant more than was done', async () => {
    const attacker = hub.device(mallory.peer)
    const work = bob.hosts(mallory.peer, 'spec one')
    await sendsRaw(attacker, bob.peer, [goodOrder])
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    const { store } = bob.ledger.opened
    let result: Uint8Array | undefined
    for await (const { entry } of store.reader.entries(1, store.size)) {
      if (entry.kind === RESULT) result = work.receipt?.receipt.tip
    }
    const after = { after: result, result, milliCredits: 1_000_000 }
    const [answer] = await sendsRaw(attacker, bob.peer, [changed(goodSettle, after)])
    await pass(50)
    expect(decodeReceiptMessage(answer ?? new Uint8Array())).toMatchObject({
      refusal: 'RECEIPT_EXCESSIVE',
    })
    expect((await bob.found()).log?.receipts).toMatchObject({ settled: 0, unmatched: 1 })
  })

  it('prove that their author lies when they answer twice what was answered', async () => {
    const attacker = hub.device(mallory.peer)
    const work = bob.hosts(mallory.peer, 'spec one')
    await sendsRaw(attacker, bob.peer, [goodOrder])
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    const tip = work.receipt?.receipt.tip
    const settled = (milliCredits: number): Half =>
      changed(goodSettle, { after: tip, result: tip, milliCredits })
    const answers = await sendsRaw(attacker, bob.peer, [settled(1_000), settled(1), settled(1)])
    await pass(50)
    expect(answers.map(decodeReceiptMessage)).toMatchObject([
      { refusal: undefined },
      { refusal: 'RECEIPT_HALF_UNLINKED' },
      { refusal: 'RECEIPT_HALF_UNLINKED' },
    ])
    const [proof] = bob.proofs
    expect(proof).toMatchObject({ type: 'receipt-contradiction', accused: mallory.peer })
    expect(
      proof && verifyEquivocation(nodeCrypto, encodeEquivocation(ledgerContext, proof)),
    ).toMatchObject({ type: 'value' })
    expect((await bob.found()).log?.receipts).toMatchObject({ settled: 1 })
  })

  it('prove nothing against whose name they bear when another signed them', async () => {
    const attacker = hub.device(mallory.peer)
    const work = bob.hosts(alice.peer, 'work')
    await order()
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    const { task } = heard[0]?.order.body ?? goodOrder.body
    await sendsRaw(attacker, bob.peer, [changed(goodSettle, { task })])
    await pass(50)
    expect(bob.proofs).toEqual([])
  })

  it('of another mesh, or that are no half at all, end the link', async () => {
    const attacker = hub.device(mallory.peer)
    expect(await sendsRaw(attacker, bob.peer, [goodOrder], hashOf('another mesh'))).toEqual([])
    expect(bob.receipts.faultsOf(mallory.peer)).toBe(1)
  })

  it('cost a peer its hearing after many of them', async () => {
    const attacker = hub.device(mallory.peer)
    const forged = signedAs({ signature: new Uint8Array(64) })
    bob.hosts(mallory.peer, 'spec one')
    for (let link = 0; link < 8; link++) {
      await sendsRaw(
        attacker,
        bob.peer,
        Array.from({ length: 20 }, () => forged),
      )
      await pass(10)
    }
    const faults = bob.receipts.faultsOf(mallory.peer)
    expect(faults).toBeGreaterThanOrEqual(64)
    await sendsRaw(attacker, bob.peer, [forged])
    await pass(10)
    expect(bob.receipts.faultsOf(mallory.peer)).toBe(faults)
  })
})
