import { beforeEach, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { InvariantError } from '../../core/invariant.ts'
import { SeededRandom } from '../../core/random.ts'
import {
  BundleVerifier,
  type BundleReport,
  ENTRY_KINDS,
  type Half,
  type Head,
  isConsistent,
  type RecalledHead,
  rootOfInclusion,
} from '../../ledger/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { halvesOf, ledgerContext, recalledHead } from '../../test/fixtures/ledgers.ts'
import { ManualClock, settle } from '../../test/fixtures/manual-clock.ts'
import { entryKey, HEAD_KEY, incarnationKey, nodesKey } from './ledger-keys.ts'
import { LedgerStore, type LedgerStoreInit, PENDING_RECORDS_MAX } from './ledger-store.ts'
import { type Disk, MemoryRows, type WriteFault } from './memory-rows.ts'

const [alice, bob] = [device(1), device(2)]
const note = { kind: ENTRY_KINDS.note, body: utf8('a note') }

let clock: ManualClock
let disk: Disk
let fault: WriteFault
let failures: unknown[]
let writes: number

beforeEach(() => {
  clock = new ManualClock()
  disk = new Map()
  fault = 'none'
  failures = []
  writes = 0
})

async function opened(init: Partial<LedgerStoreInit> = {}): Promise<LedgerStore> {
  const rows = new MemoryRows({
    disk,
    fault: () => {
      writes++
      return fault
    },
  })
  const store = new LedgerStore(
    {
      rows,
      context: ledgerContext,
      signer: alice,
      clock,
      random: SeededRandom.fromInteger(1),
      onFailure: (error) => failures.push(error),
    },
    { flushRecords: 4, flushDelayMs: 10, home: utf8('here'), fresh: true, ...init },
  )
  await store.start(new AbortController().signal)
  return store
}

async function begun(init: Partial<LedgerStoreInit> = {}): Promise<LedgerStore> {
  const store = await opened(init)
  await store.goOn()
  return store
}

async function withNotes(count: number): Promise<LedgerStore> {
  const store = await begun()
  await Promise.all(Array.from({ length: count }, () => store.append(note, 'now')))
  return store
}

const headOf = (store: LedgerStore): Head => recalledHead(store.head).head

async function verified(store: LedgerStore, from = 0): Promise<BundleReport> {
  const verifier = new BundleVerifier(nodeCrypto, { ...ledgerContext, signatures: 'all' })
  for await (const item of store.reader.bundle(from)) verifier.push(item)
  return verifier.finish()
}

function damage(key: Uint8Array): void {
  const name = toHex(key)
  const value = Uint8Array.from(disk.get(name) ?? [])
  value[value.length - 1] = (value.at(-1) ?? 0) ^ 1
  disk.set(name, value)
}

describe('a ledger store', () => {
  it('begins with its genesis, and goes on where it was', async () => {
    const first = await begun()
    expect([first.size, headOf(first).size]).toEqual([1, 1])
    await first.append(note, 'now')
    await first.stop()
    const again = await opened()
    expect(again.recovered).toMatchObject({ suspect: undefined, dropped: 0, treeRepaired: false })
    await again.goOn()
    expect((await again.append(note, 'now')).entry.seq).toBe(2)
    expect(await verified(again)).toMatchObject({ status: 'ok', log: { entries: 3 } })
  })

  it('writes nothing before it is known to be the latest', async () => {
    const store = await opened()
    await expect(store.append(note)).rejects.toThrow(InvariantError)
  })

  it('puts what comes close together into one write and under one head', async () => {
    const store = await begun()
    const before = writes
    const some = Promise.all([store.append(note), store.append(note), store.append(note)])
    await settle()
    expect(writes).toBe(before)
    await clock.advance(10)
    expect((await some).map(({ entry }) => entry.seq)).toEqual([1, 2, 3])
    expect([writes - before, headOf(store).size]).toEqual([1, 4])
    await Promise.all([1, 2, 3, 4].map(() => store.append(note)))
    expect(writes - before).toBe(2)
  })

  it('tells nobody of what is not on the disk', async () => {
    const store = await begun()
    const before = store.head
    let told = false
    const appended = store.append(note).then(() => {
      told = true
    })
    await settle()
    expect([told, store.head]).toEqual([false, before])
    await store.flush()
    await appended
    expect(store.head).not.toBe(before)
  })

  it('writes what waits when it stops', async () => {
    const store = await begun()
    const appended = store.append(note)
    await store.stop()
    expect((await appended).entry.seq).toBe(1)
    expect(disk.has(toHex(entryKey(1)))).toBe(true)
  })

  it('refuses more than the disk keeps up with', async () => {
    const store = await begun({ flushRecords: PENDING_RECORDS_MAX * 2 })
    const waiting = Array.from({ length: PENDING_RECORDS_MAX }, () => store.keepHalf(halves[0]))
    const refused = await store.append(note).catch((error: unknown) => errorCode(error))
    expect(refused).toBe('LEDGER_STORE_OVERLOADED')
    await store.flush()
    await Promise.all(waiting)
  })

  it.each<WriteFault>(['EIO', 'ENOSPC'])('never writes again after %s', async (kind) => {
    const store = await begun()
    fault = kind
    const [first, second] = [store.append(note), store.append(note, 'now')]
    await expect(first).rejects.toMatchObject({ code: kind })
    await expect(second).rejects.toMatchObject({ code: kind })
    fault = 'none'
    const before = writes
    const later = await store.append(note, 'now').catch((error: unknown) => errorCode(error))
    expect([later, failures.length, writes]).toEqual(['LEDGER_STORE_FAILED', 1, before])
    await store.stop()
  })
})

const halves = halvesOf({ requester: alice, provider: bob, mode: 'simple', word: 'one' }) as [
  ...[never, never, never, never],
]

describe('the reader of a ledger', () => {
  it('finds entries by their task', async () => {
    const store = await withNotes(2)
    const deal = halvesOf({ requester: alice, provider: bob, mode: 'simple', word: 'one' })
    const [order, , , settled] = deal as [Half, Half, Half, Half]
    await store.appendHalf(order, 'now')
    await store.append(note, 'now')
    await store.appendHalf(settled, 'now')
    const { task } = order.body
    const places = async (limit: number): Promise<readonly number[]> =>
      (await store.reader.entriesOf(task, limit)).map(({ entry }) => entry.seq)
    expect([await places(10), await places(1)]).toEqual([[5, 3], [5]])
    expect(await store.reader.entriesOf(new Uint8Array(16), 10)).toEqual([])
  })

  it('proves that entries are in the ledger, and that it grew', async () => {
    const store = await withNotes(20)
    const { size, root } = headOf(store)
    const { sha256 } = nodeCrypto
    const [entry] = await Array.fromAsync(store.reader.entries(5, 6))
    const proof = await store.reader.inclusion({ index: 5, size })
    const leaf = entry?.id ?? new Uint8Array()
    expect(rootOfInclusion(sha256, { index: 5, size }, leaf, proof)).toEqual(root)
    const growth = { first: 9, second: size }
    const roots = { first: await store.reader.rootAt(9), second: root }
    const consistency = await store.reader.consistency(growth)
    expect(isConsistent(sha256, growth, roots, consistency)).toBe(true)
  })

  it.each(['simple', 'stream', 'sealed'] as const)(
    'puts both sides of %s receipts into the bundle, for either party',
    async (mode) => {
      const rounds = mode === 'stream' ? 3 : 1
      const deal = halvesOf({ requester: alice, provider: bob, mode, word: mode, rounds })
      const swapped = halvesOf({ requester: bob, provider: alice, mode, word: 'swapped', rounds })
      const store = await begun()
      for (const half of [...deal, ...swapped]) {
        const [order] = deal.includes(half) ? deal : swapped
        const asks = order?.kind === 'order' && order.body.requester === alice.peer
        const own = ['order', 'settle', 'dispute'].includes(half.kind) === asks
        await (own ? store.appendHalf(half, 'now') : store.keepHalf(half, 'now'))
      }
      await store.append(note, 'now')
      expect(await verified(store)).toMatchObject({
        status: 'ok',
        log: { receipts: { orders: 2, settled: 2, unmatched: 0 } },
      })
      expect(await verified(store, 3)).toMatchObject({ status: 'ok' })
    },
  )
})

describe('a store that is opened', () => {
  it('drops entries whose head never came to the disk', async () => {
    const store = await withNotes(3)
    await store.stop()
    const head = [HEAD_KEY, incarnationKey(0)].map((key) => disk.get(toHex(key)))
    const grown = await opened()
    await grown.goOn()
    await grown.append(note, 'now')
    for (const [index, key] of [HEAD_KEY, incarnationKey(0)].entries()) {
      disk.set(toHex(key), head[index] as Uint8Array)
    }
    const again = await opened()
    expect([again.recovered.dropped, again.size]).toEqual([1, 4])
  })

  it('mends nodes of the tree', async () => {
    for (const starts of [[0], [3, 4], [9], [1, 9]]) {
      disk = new Map()
      const store = await withNotes(2)
      for (let index = 0; index < 7; index++) await store.append(note, 'now')
      await store.stop()
      for (const start of starts) damage(nodesKey(start))
      disk.delete(toHex(nodesKey(5)))
      const again = await opened()
      expect(again.recovered).toMatchObject({ treeRepaired: true, entriesRepaired: 0 })
      await again.goOn()
      for (let index = 0; index < 3; index++) await again.append(note, 'now')
      expect(await verified(again)).toMatchObject({ status: 'ok' })
      const size = again.size
      const proof = await again.reader.inclusion({ index: 4, size })
      const [entry] = await Array.fromAsync(again.reader.entries(4, 5))
      const leaf = entry?.id ?? new Uint8Array()
      expect(rootOfInclusion(nodeCrypto.sha256, { index: 4, size }, leaf, proof)).toEqual(
        headOf(again).root,
      )
      await again.stop()
      expect((await opened()).recovered).toMatchObject({ treeRepaired: false })
    }
  })

  it('mends entries from what peers kept, and takes nothing else for them', async () => {
    const store = await withNotes(6)
    const kept = await Array.fromAsync(store.reader.entries(0, 7), ({ encoded }) => encoded)
    await store.stop()
    damage(entryKey(3))
    disk.delete(toHex(entryKey(5)))
    const lies = opened({ supply: async (seq) => kept[seq - 1] })
    expect(await lies.catch((error: { failure: unknown }) => error.failure)).toEqual({
      code: 'LEDGER_STORE_DAMAGED',
      seq: 3,
      reason: 'it is not what the tree says',
    })
    const again = await opened({ supply: async (seq) => kept[seq] })
    expect(again.recovered).toMatchObject({ entriesRepaired: 2, suspect: undefined })
    await again.goOn()
    expect(await verified(again)).toMatchObject({ status: 'ok', log: { entries: 7 } })
  })

  it('knows its head by the other copy when one is damaged', async () => {
    for (const key of [HEAD_KEY, incarnationKey(0)]) {
      await (await (disk.size === 0 ? withNotes(2) : opened())).stop()
      const whole = disk.get(toHex(key)) as Uint8Array
      damage(key)
      const again = await opened()
      expect([again.recovered.suspect, again.size]).toEqual([undefined, 3])
      await again.stop()
      disk.set(toHex(key), whole)
    }
  })

  it('is suspect when its head is gone, or when it is a copy', async () => {
    await (await withNotes(2)).stop()
    expect((await opened({ home: utf8('elsewhere') })).recovered.suspect).toBe('copied')
    disk.delete(toHex(HEAD_KEY))
    disk.delete(toHex(incarnationKey(0)))
    const again = await opened()
    expect([again.recovered.suspect, again.size]).toEqual(['head lost', 3])
    expect(await again.recall([])).toEqual({ type: 'roll over', latest: undefined })
  })

  it('knows its incarnation where the rollover is long ago, and where it is not', async () => {
    for (const notes of [3, 1_030]) {
      disk = new Map()
      const store = await opened()
      await store.rollOver('restored', undefined)
      for (let index = 0; index < notes; index++) void store.append(note)
      await store.flush()
      await store.stop()
      const again = await opened()
      expect([again.incarnation, again.size]).toEqual([store.incarnation, notes + 2])
    }
  })

  it('is suspect when it is empty, unless its device is new', async () => {
    expect((await opened()).recovered.suspect).toBeUndefined()
    const lost = await opened({ fresh: false })
    expect(lost.recovered.suspect).toBe('empty')
    await lost.rollOver('restored', undefined)
    expect([lost.size, lost.incarnation > 0]).toEqual([2, true])
    expect(await verified(lost)).toMatchObject({ status: 'ok' })
  })

  it('is as suspect as before after a crash on its way', async () => {
    const store = await withNotes(2)
    const copy = new Map(disk)
    await store.append(note, 'now')
    const suffix = await Array.fromAsync(store.reader.entries(3, 4), ({ encoded }) => encoded)
    const latest = recalledHead(store.head)
    disk = copy
    const restored = await opened()
    expect(await restored.adopt(latest, suffix)).toBe(true)
    fault = 'lost'
    await expect(restored.rollOver('restored', latest)).rejects.toThrow('died')
    fault = 'none'
    expect((await opened()).recovered.suspect).toBe('copied')
  })

  it('is refused when a later version wrote it', async () => {
    await (await withNotes(1)).stop()
    disk.set(toHex(utf8('M')), Uint8Array.of(0x82, 0x02, 0x40))
    const refused = await opened().catch((error: unknown) => errorCode(error))
    expect(refused).toBe('LEDGER_STORE_UNSUPPORTED')
  })
})

describe('a copy that was restored', () => {
  /** A store whose disk is as it was some entries ago, and those entries with the head over them. */
  async function restored(): Promise<{
    readonly store: LedgerStore
    readonly latest: RecalledHead
    readonly suffix: readonly Uint8Array[]
  }> {
    const store = await withNotes(2)
    const copy = new Map(disk)
    for (let index = 0; index < 3; index++) await store.append(note, 'now')
    const suffix = await Array.fromAsync(store.reader.entries(3, 6), ({ encoded }) => encoded)
    const latest = recalledHead(store.head)
    await store.stop()
    disk = copy
    return { store: await opened({ home: utf8('elsewhere') }), latest, suffix }
  }

  it('takes back from a peer what it wrote since, and goes on in a new incarnation', async () => {
    const { store, latest, suffix } = await restored()
    expect(await store.recall([latest, undefined])).toEqual({ type: 'roll over', latest })
    expect(await store.adopt(latest, suffix)).toBe(true)
    await store.rollOver('restored', latest)
    await store.append(note, 'now')
    expect(await verified(store)).toMatchObject({ status: 'ok', log: { heads: 2, size: 8 } })
  })

  it('takes nothing that does not lead to the head that was shown', async () => {
    const { store, latest, suffix } = await restored()
    expect(await store.adopt(latest, suffix.slice(1))).toBe(false)
    expect(await store.adopt(latest, suffix.slice(0, 2))).toBe(false)
    expect(await store.adopt(latest, [utf8('no entry')])).toBe(false)
    expect(store.size).toBe(3)
    expect(await store.adopt(latest, suffix)).toBe(true)
  })

  it('rolls over when nobody has the entries, and says what it knows', async () => {
    const { store, latest } = await restored()
    await store.rollOver('entries lost', latest)
    await store.append(note, 'now')
    expect(store.incarnation).toBeGreaterThan(0)
    expect(await verified(store)).toMatchObject({ status: 'ok', log: { size: 5, heads: 2 } })
    await store.stop()
    const again = await opened({ home: utf8('elsewhere') })
    expect([again.incarnation, again.recovered.suspect]).toEqual([store.incarnation, undefined])
  })

  it('rolls over when nobody can be asked', async () => {
    const { store } = await restored()
    expect(await store.recall([])).toEqual({ type: 'roll over', latest: undefined })
  })
})
