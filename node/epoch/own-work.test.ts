import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { decodeToldStatement, encodeParameters, EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { ledgerContext } from '../../test/fixtures/ledgers.ts'
import { EMPTY_CUT } from '../../test/fixtures/epoch-mesh.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { Customer, end, pass, run } from '../../test/fixtures/ordered-work.ts'
import { ReceiptDevice } from '../../test/fixtures/receipt-devices.ts'
import { Owners } from '../../trust/index.ts'
import { OwnStatements } from './own-statement.ts'
import { OwnWork } from './own-work.ts'
import { TrustFold } from './trust-fold.ts'

const { network } = ledgerContext
const ALWAYS = { fromMs: 0, toMs: Infinity }

let alice: ReceiptDevice
let bob: ReceiptDevice
let customer: Customer

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const hub = new LinkHub()
  alice = await new ReceiptDevice(hub, 1).start()
  bob = await new ReceiptDevice(hub, 2).start()
  customer = new Customer(alice, bob.peer)
})

afterEach(() => vi.useRealTimers())

/** Bob does 1.5 credits of work for Alice. */
async function workOnce(): Promise<void> {
  const work = bob.hosts(alice.peer, 'work')
  await customer.order()
  await pass(50)
  work.ran(run(1))
  work.ended(end)
  await pass(50)
}

describe('what a device settled', () => {
  it('is the same by the ledgers of both parties, once both have signed', async () => {
    await workOnce()
    const deed = { requester: alice.peer, provider: bob.peer, milliCredits: 1_500 }
    for (const { ledger } of [alice, bob]) {
      const [work] = await new OwnWork().between(ledger.opened, ALWAYS)
      expect(work).toMatchObject(deed)
    }
  })

  it('counts in the time in which it ended only', async () => {
    await workOnce()
    const work = new OwnWork()
    const [ended] = (await work.between(bob.ledger.opened, ALWAYS)) as unknown as [
      { readonly wallMs: number },
    ]
    const span = (fromMs: number, toMs: number) =>
      work.between(bob.ledger.opened, { fromMs, toMs }).then(({ length }) => length)
    expect(await span(ended.wallMs, ended.wallMs + 1)).toBe(1)
    expect(await span(ended.wallMs + 1, Infinity)).toBe(0)
    expect(await span(0, ended.wallMs)).toBe(0)
  })

  it('is nothing while the requester has not settled', async () => {
    const work = bob.hosts(alice.peer, 'work')
    await customer.order()
    await pass(50)
    work.ran(run(1))
    expect(await new OwnWork().between(bob.ledger.opened, ALWAYS)).toEqual([])
  })

  it('raises the provider once both have said it in an epoch', async () => {
    await workOnce()
    const fold = new TrustFold({
      crypto: nodeCrypto,
      network,
      founder: alice.peer,
      parameters: encodeParameters({ epochMs: EPOCH_LIMITS.EPOCH_MS_DEFAULT }),
    })
    const statements = []
    for (const { signer, ledger } of [alice, bob]) {
      const ended = await new OwnWork().between(ledger.opened, ALWAYS)
      const settled = ended.map((work) => ({ ...work, settled: 0 }))
      const own = new OwnStatements({
        crypto: nodeCrypto,
        signer,
        network,
        credential: () => new Uint8Array(),
      })
      const tale = { epoch: 0, owners: new Owners(), ledger: ledger.opened, settled }
      const told = decodeToldStatement(await own.make(tale, []))
      if (told.type === 'refused') throw new Error(told.code)
      statements.push(told.value.stated)
    }
    const { scores } = fold.fold(0, { ...EMPTY_CUT, statements })
    const explained = fold.explain(bob.peer)
    expect(explained?.edges).toMatchObject([{ role: 'provider', agreedMilliCredits: 1_500 }])
    expect(scores.of(bob.peer)?.standingMicros).toBeGreaterThan(0)
  })
})
