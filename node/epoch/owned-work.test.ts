import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Signer } from '../../core/crypto.ts'
import {
  decodeToldStatement,
  encodeParameters,
  EPOCH_LIMITS,
  type Stated,
} from '../../protocols/epoch/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { ledgerContext } from '../../test/fixtures/ledgers.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { Customer, end, pass, run } from '../../test/fixtures/ordered-work.ts'
import { ReceiptDevice } from '../../test/fixtures/receipt-devices.ts'
import {
  type DeviceReport,
  encodeOwnerWord,
  openReport,
  signOwnerWord,
  TRUST_LIMITS,
} from '../../trust/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import { EMPTY_CUT } from '../../test/fixtures/epoch-mesh.ts'
import { OwnStatements } from './own-statement.ts'
import { OwnWork } from './own-work.ts'
import { TrustFold } from './trust-fold.ts'

const { network } = ledgerContext
const PARAMETERS = encodeParameters({ epochMs: EPOCH_LIMITS.EPOCH_MS_DEFAULT })
/** The epoch whose cut holds the word, and the first by it. */
const WORD = 1
const SINCE = WORD + TRUST_LIMITS.OWNER_EPOCHS
/** Speaks for bob, and has no ledger of its own. */
const cem = device(3)

let alice: ReceiptDevice
let bob: ReceiptDevice

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const hub = new LinkHub()
  alice = await new ReceiptDevice(hub, 1).start()
  bob = await new ReceiptDevice(hub, 2).start()
  const customer = new Customer(alice, bob.peer)
  const work = bob.hosts(alice.peer, 'work')
  await customer.order()
  await pass(50)
  work.ran(run(1))
  work.ended(end)
  await pass(50)
})

afterEach(() => vi.useRealTimers())

const own = (signer: Signer): OwnStatements =>
  new OwnStatements({ crypto: nodeCrypto, signer, network, credential: () => new Uint8Array() })

async function taleOf(fold: TrustFold, epoch: number, ledger: OpenLedger | undefined) {
  const always = { fromMs: 0, toMs: Infinity }
  const ended = ledger === undefined ? [] : await new OwnWork().between(ledger, always)
  const settled = ended.map((one) => ({ ...one, settled: epoch }))
  return { epoch, owners: fold.owners, ledger, settled }
}

async function stated(
  fold: TrustFold,
  epoch: number,
  {
    signer,
    ledger,
    reports = [],
  }: { signer: Signer; ledger?: OpenLedger; reports?: readonly DeviceReport[] },
): Promise<Stated> {
  const told = decodeToldStatement(
    await own(signer).make(await taleOf(fold, epoch, ledger), reports),
  )
  if (told.type === 'refused') throw new Error(told.code)
  return told.value.stated
}

/** A mesh of three, of which bob belongs to cem from {@link SINCE} on. */
async function foldedTo(epoch: number): Promise<TrustFold> {
  const fold = new TrustFold({
    crypto: nodeCrypto,
    network,
    founder: alice.peer,
    parameters: PARAMETERS,
  })
  const statements = await Promise.all(
    [alice.signer, bob.signer, cem].map((signer) => stated(fold, 0, { signer })),
  )
  fold.fold(0, { ...EMPTY_CUT, statements })
  const subject = { network, number: 1, owner: cem.peer, device: bob.peer, binds: true }
  const half = signOwnerWord(cem, subject, WORD)
  const word = { ...half, byDevice: signOwnerWord(bob.signer, subject, WORD).byDevice }
  fold.fold(WORD, { ...EMPTY_CUT, owners: [encodeOwnerWord(word)] })
  for (let next = WORD + 1; next <= epoch; next++) fold.fold(next, EMPTY_CUT)
  return fold
}

describe('work of a device that belongs to an owner', () => {
  it('is told by the owner, and by customers as work of the owner', async () => {
    const fold = await foldedTo(SINCE - 1)
    const report = await own(bob.signer).report(
      await taleOf(fold, SINCE, bob.ledger.opened),
      cem.peer,
    )
    const opened = openReport(nodeCrypto.verify, network, report)
    if (opened.type === 'refused') throw new Error(opened.code)
    expect(opened.value).toMatchObject({ device: bob.peer, provided: [{ milliCredits: 1_500 }] })
    const statements = [
      await stated(fold, SINCE, { signer: alice.signer, ledger: alice.ledger.opened }),
      await stated(fold, SINCE, { signer: cem, reports: [opened.value] }),
    ]
    const { scores } = fold.fold(SINCE, { ...EMPTY_CUT, statements })
    expect(fold.explain(cem.peer)?.edges).toMatchObject([
      { role: 'provider', agreedMilliCredits: 1_500 },
    ])
    const [owner, part] = [cem, bob].map(({ peer }) => scores.of(peer))
    expect(part?.domain).toEqual(owner?.domain)
    expect(part?.standingMicros).toBe(owner?.standingMicros)
    expect(owner?.standingMicros).toBeGreaterThan(0)
    // It was there, by the word of its owner: it has a score, and may be drawn to audit.
    expect(fold.latestOf(part?.domain ?? new Uint8Array())).toBe(SINCE)
    expect(fold.hasSpoken(bob.peer)).toBe(true)
    expect(fold.committees.afterNext).not.toContain(bob.peer)
  })

  it('is not told by itself any more', async () => {
    const fold = await foldedTo(SINCE - 1)
    const statements = [
      await stated(fold, SINCE, { signer: alice.signer, ledger: alice.ledger.opened }),
      await stated(fold, SINCE, { signer: bob.signer, ledger: bob.ledger.opened }),
    ]
    fold.fold(SINCE, { ...EMPTY_CUT, statements })
    expect(fold.explain(bob.peer)?.edges).toMatchObject([{ agreedMilliCredits: 0 }])
    expect(fold.hasSpoken(bob.peer)).toBe(false)
  })

  it('has the floor of its own hardware', async () => {
    const fold = await foldedTo(SINCE)
    const floors = [{ device: bob.peer, floorMicros: 730_000, vendor: 'amd' }]
    const { scores } = fold.fold(SINCE + 1, { ...EMPTY_CUT, floors })
    expect([bob.peer, cem.peer].map((peer) => scores.of(peer)?.floorMicros)).toEqual([
      730_000, 300_000,
    ])
  })

  it('is the same after a start', async () => {
    const fold = await foldedTo(SINCE + 2)
    const again = fold.unpack(fold.pack())
    expect(again?.owners.ties).toEqual(fold.owners.ties)
    expect(again?.scores().scores.root).toEqual(fold.scores().scores.root)
    expect(again?.fold(SINCE + 3, EMPTY_CUT)).toEqual(fold.fold(SINCE + 3, EMPTY_CUT))
  })
})
