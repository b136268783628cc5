import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SeededRandom } from '../../core/random.ts'
import type { Tensor } from '../../core/tensor.ts'
import { hashOf } from '../../test/fixtures/ledgers.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { ReceiptDevice } from '../../test/fixtures/receipt-devices.ts'
import type { HostedWork } from './hosted-work.ts'

const SEEDS = 24
const TASKS = 6

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => vi.useRealTimers())

const tensor: Tensor = { name: 'x', type: 'float32', dims: [1, 1], data: new Uint8Array(4) }
const description = {
  flops: 2e9,
  receives: [{ name: 'x', type: 'float32' as const, dims: [1, 1] }],
}
const end = { output: hashOf('receipt of the stage'), environment: undefined }

async function pass(ms: number): Promise<void> {
  await settle()
  await vi.advanceTimersByTimeAsync(ms)
  await settle()
}

/** Work for one another while links break and, in every third run, the provider is killed once. */
async function run(seed: number): Promise<readonly [ReceiptDevice, ReceiptDevice]> {
  const random = SeededRandom.fromInteger(seed)
  const hub = new LinkHub()
  const alice = await new ReceiptDevice(hub, 1).start()
  let bob = await new ReceiptDevice(hub, 2).start()
  const works: HostedWork[] = []
  for (let task = 0; task < TASKS; task++) {
    const word = `${seed}/${task}`
    works.push(bob.hosts(alice.peer, word))
    const terms = {
      provider: bob.peer,
      mode: task % 2 === 0 ? ('stream' as const) : ('simple' as const),
      spec: hashOf(word),
      input: hashOf('input'),
      milliCreditsMax: 1e9,
    }
    const appraise = () =>
      Promise.resolve({ verdict: 'accepted' as const, milliCreditsMax: 1_000_000 })
    void alice.receipts.orders.order(terms, { appraise, onChange: () => undefined })
  }
  for (let step = 0; step < 30; step++) {
    const work = works[random.uint32() % TASKS]
    const rows = random.uint32() % 900
    work?.ran({
      description,
      received: [tensor],
      sent: [tensor],
      rows,
      computeUs: 10,
      accelerated: false,
    })
    const draw = random.fraction()
    if (draw < 0.2) bob.network.cut()
    else if (draw < 0.4) alice.network.cut()
    else if (draw < 0.5) work?.ended(end)
    if (seed % 3 === 0 && step === 20) bob = await bob.killed()
    await pass(random.uint32() % 800)
  }
  for (const work of works) work.ended(end)
  await pass(300_000)
  return [alice, bob]
}

it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  'whatever breaks, both ledgers verify and say the same of what was settled (seed %i)',
  async (seed) => {
    const [alice, bob] = await run(seed)
    const [asked, did] = [await alice.found(), await bob.found()]
    expect([asked.status, did.status]).toEqual(['ok', 'ok'])
    const spent = asked.log?.peers.get(bob.peer)
    const earned = did.log?.peers.get(alice.peer)
    expect([spent?.settled, spent?.spentMilliCredits]).toEqual([
      earned?.settled,
      earned?.earnedMilliCredits,
    ])
    if (seed % 3 !== 0) expect(spent?.settled).toBe(TASKS)
    const faults = [alice.receipts.faultsOf(bob.peer), bob.receipts.faultsOf(alice.peer)]
    expect(faults).toEqual([0, 0])
  },
)
