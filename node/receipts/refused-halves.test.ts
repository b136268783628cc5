import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import {
  encodeEquivocation,
  ENTRY_KINDS,
  type Half,
  type HalfBody,
  signHalf,
  verifyEquivocation,
} from '../../ledger/index.ts'
import { decodeReceiptMessage } from '../../protocols/receipt/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { halvesOf, hashOf, ledgerContext } from '../../test/fixtures/ledgers.ts'
import { end, pass, run, useTrade } from '../../test/fixtures/ordered-work.ts'
import { sendsRaw } from '../../test/fixtures/receipt-devices.ts'

const { accept: ACCEPT, result: RESULT } = ENTRY_KINDS

const trade = useTrade()

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
    const attacker = trade.hub.device(mallory.peer)
    trade.bob.receipts.deliveries.hosted({
      requester: mallory.peer,
      spec: hashOf('spec one'),
      outputSoFar: () => hashOf('so far'),
      onUnsettled: () => undefined,
    })
    const answers = await sendsRaw(attacker, trade.bob.peer, halves)
    await pass(100)
    expect(decodeReceiptMessage(answers.at(-1) ?? new Uint8Array())).toMatchObject({
      type: 'answer',
      refusal: code,
    })
    expect(trade.bob.receipts.faultsOf(mallory.peer)).toBe(code === 'RECEIPT_TASK_UNKNOWN' ? 0 : 1)
    expect(await trade.bob.halves()).toEqual(halves.length === 1 ? [] : [ACCEPT])
    expect((await trade.bob.found()).status).toBe('ok')
  })

  function otherMesh(): Half {
    const context = { ...ledgerContext, network: hashOf('another mesh') }
    return signHalf(context, mallory, 'order', goodOrder.body as HalfBody<'order'>)
  }

  it('are refused when they settle what another ordered', async () => {
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order()
    await pass(50)
    const { task } = trade.customer.heard[0]?.order.body ?? goodOrder.body
    const attacker = trade.hub.device(mallory.peer)
    const [answer] = await sendsRaw(attacker, trade.bob.peer, [changed(goodSettle, { task })])
    await pass(50)
    expect(decodeReceiptMessage(answer ?? new Uint8Array())).toMatchObject({
      refusal: 'RECEIPT_HALF_FOREIGN',
    })
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    expect(trade.customer.heard.at(-1)?.stage).toBe('settled')
  })

  it('are refused when they grant more than was done', async () => {
    const attacker = trade.hub.device(mallory.peer)
    const work = trade.bob.hosts(mallory.peer, 'spec one')
    await sendsRaw(attacker, trade.bob.peer, [goodOrder])
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    const { store } = trade.bob.ledger.opened
    let result: Uint8Array | undefined
    for await (const { entry } of store.reader.entries(1, store.size)) {
      if (entry.kind === RESULT) result = work.receipt?.receipt.tip
    }
    const after = { after: result, result, milliCredits: 1_000_000 }
    const [answer] = await sendsRaw(attacker, trade.bob.peer, [changed(goodSettle, after)])
    await pass(50)
    expect(decodeReceiptMessage(answer ?? new Uint8Array())).toMatchObject({
      refusal: 'RECEIPT_EXCESSIVE',
    })
    expect((await trade.bob.found()).log?.receipts).toMatchObject({ settled: 0, unmatched: 1 })
  })

  it('prove that their author lies when they answer twice what was answered', async () => {
    const attacker = trade.hub.device(mallory.peer)
    const work = trade.bob.hosts(mallory.peer, 'spec one')
    await sendsRaw(attacker, trade.bob.peer, [goodOrder])
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    const tip = work.receipt?.receipt.tip
    const settled = (milliCredits: number): Half =>
      changed(goodSettle, { after: tip, result: tip, milliCredits })
    const answers = await sendsRaw(attacker, trade.bob.peer, [
      settled(1_000),
      settled(1),
      settled(1),
    ])
    await pass(50)
    expect(answers.map(decodeReceiptMessage)).toMatchObject([
      { refusal: undefined },
      { refusal: 'RECEIPT_HALF_UNLINKED' },
      { refusal: 'RECEIPT_HALF_UNLINKED' },
    ])
    const [proof] = trade.bob.proofs
    expect(proof).toMatchObject({ type: 'receipt-contradiction', accused: mallory.peer })
    expect(
      proof && verifyEquivocation(nodeCrypto, encodeEquivocation(ledgerContext, proof)),
    ).toMatchObject({ type: 'value' })
    expect((await trade.bob.found()).log?.receipts).toMatchObject({ settled: 1 })
  })

  it('prove nothing against whose name they bear when another signed them', async () => {
    const attacker = trade.hub.device(mallory.peer)
    const work = trade.bob.hosts(trade.alice.peer, 'work')
    await trade.customer.order()
    await pass(50)
    work.ran(run(1))
    work.ended(end)
    await pass(50)
    const { task } = trade.customer.heard[0]?.order.body ?? goodOrder.body
    await sendsRaw(attacker, trade.bob.peer, [changed(goodSettle, { task })])
    await pass(50)
    expect(trade.bob.proofs).toEqual([])
  })

  it('of another mesh, or that are no half at all, end the link', async () => {
    const attacker = trade.hub.device(mallory.peer)
    expect(await sendsRaw(attacker, trade.bob.peer, [goodOrder], hashOf('another mesh'))).toEqual(
      [],
    )
    expect(trade.bob.receipts.faultsOf(mallory.peer)).toBe(1)
  })

  it('cost a peer its hearing after many of them', async () => {
    const attacker = trade.hub.device(mallory.peer)
    const forged = signedAs({ signature: new Uint8Array(64) })
    trade.bob.hosts(mallory.peer, 'spec one')
    for (let link = 0; link < 8; link++) {
      await sendsRaw(
        attacker,
        trade.bob.peer,
        Array.from({ length: 20 }, () => forged),
      )
      await pass(10)
    }
    const faults = trade.bob.receipts.faultsOf(mallory.peer)
    expect(faults).toBeGreaterThanOrEqual(64)
    await sendsRaw(attacker, trade.bob.peer, [forged])
    await pass(10)
    expect(trade.bob.receipts.faultsOf(mallory.peer)).toBe(faults)
  })
})
