import { describe, expect, it } from 'vitest'
import { type Half, type ReceiptMode, verifyReceiptProof } from '../../ledger/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { type LedgerDevice, LedgerMesh, writeNotes } from '../../test/fixtures/ledger-mesh.ts'
import { halvesOf } from '../../test/fixtures/ledgers.ts'
import { LedgerTallies } from './ledger-tallies.ts'
import { proveReceipt } from './prove-receipt.ts'

type Side = 'requester' | 'provider'

/** Which halves the requester signs. */
const ORDERED: ReadonlySet<Half['kind']> = new Set(['order', 'settle', 'dispute'])

interface Settled {
  readonly self: LedgerDevice
  readonly other: LedgerDevice
  readonly task: Uint8Array
}

/** A device that is one side of a receipt, of which the first `count` halves are in its ledger. */
async function settled(mode: ReceiptMode, side: Side, count = 99): Promise<Settled> {
  const mesh = new LedgerMesh()
  const requester = await mesh.found()
  const provider = await mesh.newcomer(requester, 2)
  const [self, other] = side === 'requester' ? [requester, provider] : [provider, requester]
  const { store, context } = self.ledger.opened
  const parties = { requester: requester.signer, provider: provider.signer }
  const rounds = mode === 'stream' ? 3 : 1
  const halves = halvesOf({ context, ...parties, mode, word: 'one', rounds }).slice(0, count)
  for (const half of halves) {
    if (ORDERED.has(half.kind) === (side === 'requester')) await store.appendHalf(half, 'now')
    else await store.keepHalf(half, 'now')
  }
  await writeNotes(self, 'after it')
  const [order] = halves
  if (order === undefined) throw new Error('expected halves')
  return { self, other, task: order.body.task }
}

/** What a stranger makes of the proof. */
async function proven({ self, task }: Settled) {
  const proof = await proveReceipt(self.ledger.opened, self.network.self, task, [])
  if (proof === undefined) throw new Error('expected a proof')
  const verified = verifyReceiptProof(nodeCrypto, proof.encoded)
  if (verified.type === 'refused') throw new Error(verified.reason)
  return { ...verified.value, told: proof.stage }
}

describe('the proof of a task', () => {
  it.each<[ReceiptMode, Side, number]>([
    ['simple', 'requester', 250],
    ['simple', 'provider', 250],
    ['stream', 'requester', 750],
    ['stream', 'provider', 750],
    ['sealed', 'requester', 250],
    ['sealed', 'provider', 250],
  ])('is one of mode %s from the %s', async (mode, side, milliCredits) => {
    const receipt = await settled(mode, side)
    expect(await proven(receipt)).toMatchObject({
      told: 'settled',
      device: receipt.self.network.self,
      receipt: { stage: 'settled', milliCredits },
    })
  })

  it('goes as far as its halves do', async () => {
    expect(await proven(await settled('simple', 'requester', 1))).toMatchObject({ told: 'ordered' })
    expect(await proven(await settled('simple', 'provider', 3))).toMatchObject({
      told: 'delivered',
    })
  })

  it('is not there for a task that nobody ordered', async () => {
    const { self } = await settled('simple', 'requester')
    const none = new Uint8Array(16)
    expect(await proveReceipt(self.ledger.opened, self.network.self, none, [])).toBe(undefined)
  })
})

describe('the summary of a ledger', () => {
  it('counts by day and by the other party, on both sides', async () => {
    const day = '2027-01-15'
    for (const [side, earned] of [
      ['requester', 0],
      ['provider', 750],
    ] as const) {
      const { self, other } = await settled('stream', side)
      const tally = {
        earnedMilliCredits: earned,
        spentMilliCredits: 750 - earned,
        settled: 1,
        disputed: 0,
      }
      const { days, peers } = await new LedgerTallies(self.network.self).of(self.ledger.opened)
      expect([...days]).toEqual([[day, tally]])
      expect(peers.get(other.network.self)).toMatchObject(tally)
    }
  })
})
