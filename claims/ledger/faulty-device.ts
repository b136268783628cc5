/**
 * A device whose disk fails, whose state folder is restored from copies, and whose peers come and go.
 *
 * The store, the recall and the ledger are those of the daemon; disk and peers are driven by a
 * seed. What peers ever saw is remembered, and held against the device after each start.
 *
 * @module
 */

import { bytesEqual, toHex, utf8 } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import { SeededRandom } from '../../core/random.ts'
import {
  BundleVerifier,
  contradictionOf,
  ENTRY_KINDS,
  type Half,
  type HalfOf,
  type LedgerContext,
  NO_WORK,
  type RecalledHead,
  signHalf,
} from '../../ledger/index.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { rememberSignatures } from '../../node/crypto/remembered-signatures.ts'
import { LedgerStoreError } from '../../node/ledger/errors.ts'
import { LedgerStore } from '../../node/ledger/ledger-store.ts'
import {
  Crashed,
  type Disk,
  DiskError,
  MemoryRows,
  type WriteFault,
} from '../../node/ledger/memory-rows.ts'
import { device } from '../../test/fixtures/devices.ts'
import { halvesOf, hashOf, ledgerContext, recalledHead } from '../../test/fixtures/ledgers.ts'

const [owner, requester] = [device(1), device(2)]
const PEERS = 4
/** A signature that was good is not verified again: it is the disk that is on trial. */
const context: LedgerContext = {
  ...ledgerContext,
  crypto: rememberSignatures(nodeCrypto, 100_000),
}

/** What a schedule did, beside holding. */
export interface ScheduleCounts {
  readonly starts: number
  readonly crashes: number
  readonly restores: number
  readonly rollovers: number
  readonly fetches: number
  readonly refusals: number
}

/** A peer that keeps what the device shows it. */
interface Peer {
  latest: RecalledHead | undefined
  /** Encoded entries of the branch under {@link latest}, as far as they came. */
  entries: Uint8Array[]
}

/** Thrown when an invariant of the ledger is broken: its name, and what was seen. */
export class InvariantBroken extends Error {}

export class FaultyDevice {
  readonly #random: SeededRandom
  readonly #peers: Peer[] = Array.from({ length: PEERS }, () => ({
    latest: undefined,
    entries: [],
  }))
  readonly #copies: Disk[] = []
  /** Ids of the entries that some peer saw, by the incarnation of the head that they came under. */
  readonly #seen = new Map<number, Uint8Array[]>()
  readonly #halves: Half[] = []
  readonly #counts = { starts: 0, crashes: 0, restores: 0, rollovers: 0, fetches: 0, refusals: 0 }
  #disk: Disk = new Map()
  /** Raised when the folder becomes another one. */
  #home = 0
  #wallMs = 1_767_225_600_000
  #deals = 0
  #store: LedgerStore | undefined
  /** True until the first start after entries may have gone: then none is missed. */
  #lossy = false

  constructor(seed: number) {
    this.#random = SeededRandom.fromInteger(seed)
  }

  get counts(): ScheduleCounts {
    return this.#counts
  }

  /** Takes `steps` steps, each drawn, and then starts once more with all peers there. */
  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.#wallMs += this.#below(5_000)
      await this.#step()
    }
    await this.#restart(PEERS)
    await this.#work()
  }

  async #step(): Promise<void> {
    const draw = this.#random.fraction()
    if (this.#store === undefined || draw < 0.05) return this.#restart(this.#below(PEERS + 1))
    if (draw < 0.1) {
      this.#copies.push(new Map(this.#disk))
      return undefined
    }
    if (draw < 0.15 && this.#copies.length > 0) return this.#restore()
    if (draw < 0.2) return this.#flipBit()
    return this.#work()
  }

  /** Writes some records, and shows them to some peers; unless the disk fails. */
  async #work(): Promise<void> {
    const store = this.#store
    if (store === undefined) return
    try {
      const count = 1 + this.#below(4)
      const notes = Array.from({ length: count }, (_, index) =>
        store.append({ kind: ENTRY_KINDS.note, body: utf8(`${this.#deals} ${index}`) }),
      )
      const settled = Promise.allSettled(notes)
      await store.flush()
      const failed = (await settled).find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
      const halves = this.#random.fraction() < 0.5 ? await this.#deal(store) : []
      await this.#show(store, halves)
    } catch (error) {
      this.#died(error)
    }
  }

  /** Work for a requester that asks again when it heard nothing: at most one answer in one incarnation. */
  async #deal(store: LedgerStore): Promise<readonly Half[]> {
    const again = this.#deals > 0 && this.#random.fraction() < 0.4
    const word = String(again ? this.#below(this.#deals) : this.#deals++)
    const [order] = halvesOf({ requester, provider: owner, mode: 'simple', word })
    if (order?.kind !== 'order') throw new Error('expected an order')
    const { task } = order.body
    if ((await store.reader.entriesOf(task, 1)).length > 0) return []
    await store.keepHalf(order, 'now')
    const { incarnation } = store
    const startByWallMs = this.#wallMs
    const accept = signHalf(context, owner, 'accept', {
      task,
      order: order.id,
      startByWallMs,
      incarnation,
    })
    await store.appendHalf(accept, 'now')
    const result = this.#result(accept, incarnation)
    await store.appendHalf(result, 'now')
    if (this.#random.fraction() < 0.7) await this.#settle(store, result)
    return [accept, result]
  }

  #result(accept: HalfOf<'accept'>, incarnation: number): HalfOf<'result'> {
    return signHalf(context, owner, 'result', {
      task: accept.body.task,
      after: accept.id,
      accept: accept.id,
      chunk: 0,
      last: true,
      output: hashOf(String(this.#wallMs)),
      work: { ...NO_WORK, mflop: 250_000 },
      sealed: undefined,
      environment: undefined,
      incarnation,
    })
  }

  async #settle(store: LedgerStore, result: HalfOf<'result'>): Promise<void> {
    const settle = signHalf(context, requester, 'settle', {
      task: result.body.task,
      after: result.id,
      result: result.id,
      verdict: 'accepted',
      milliCredits: 250,
      incarnation: 0,
    })
    await store.keepHalf(settle, 'now')
  }

  /** What is on the disk goes to some peers, head and entries, and may be lost on the way. */
  async #show(store: LedgerStore, halves: readonly Half[]): Promise<void> {
    const latest = recalledHead(store.head)
    const { size, incarnation } = latest.head
    const entries = await Array.fromAsync(store.reader.entries(0, size))
    for (const peer of this.#peers) {
      if (this.#random.fraction() < 0.4) continue
      peer.latest = latest
      // Some peers keep heads only.
      peer.entries = this.#random.fraction() < 0.7 ? entries.map(({ encoded }) => encoded) : []
      this.#seenUnder(
        incarnation,
        entries.map(({ id }) => id),
      )
      this.#seeHalves(halves)
    }
  }

  /** L1: two histories that were shown in one incarnation are one. */
  #seenUnder(incarnation: number, ids: readonly Uint8Array[]): void {
    const before = this.#seen.get(incarnation) ?? []
    const common = Math.min(before.length, ids.length)
    for (let index = 0; index < common; index++) {
      if (bytesEqual(before[index] as Uint8Array, ids[index] as Uint8Array)) continue
      throw new InvariantBroken(`L1: two histories in incarnation ${incarnation} at ${index}`)
    }
    if (ids.length > before.length) this.#seen.set(incarnation, [...ids])
  }

  /** L5: no two answers of an honest device prove anything. */
  #seeHalves(halves: readonly Half[]): void {
    for (const half of halves) {
      for (const other of this.#halves) {
        const proof = contradictionOf(context, owner.peer, half, other)
        if (proof !== undefined) throw new InvariantBroken(`L5: accused by two ${half.kind}s`)
      }
      if (!this.#halves.includes(half)) this.#halves.push(half)
    }
  }

  #died(error: unknown): void {
    const expected =
      error instanceof Crashed || error instanceof DiskError || error instanceof LedgerStoreError
    if (!expected) throw error
    this.#counts.crashes++
    this.#store = undefined
  }

  /** The state folder is replaced by a copy of itself. */
  async #restore(): Promise<void> {
    this.#counts.restores++
    this.#disk = new Map(this.#copies[this.#below(this.#copies.length)])
    this.#home++
    this.#lossy = true
    await this.#restart(this.#below(PEERS + 1))
  }

  async #flipBit(): Promise<void> {
    const keys = [...this.#disk.keys()]
    const key = keys[this.#below(keys.length)]
    const value = key === undefined ? undefined : this.#disk.get(key)
    if (key !== undefined && value !== undefined && value.length > 0) {
      const at = this.#below(value.length)
      this.#disk.set(key, value.with(at, (value[at] ?? 0) ^ (1 << this.#below(8))))
    }
    await this.#restart(this.#below(PEERS + 1))
  }

  /** Starts with so many peers that answer. */
  async #restart(reachable: number): Promise<void> {
    this.#counts.starts++
    this.#store = undefined
    const first = this.#below(PEERS)
    const answering = Array.from({ length: reachable }, (_, index) => {
      return this.#peers[(first + index) % PEERS] as Peer
    })
    const store = this.#newStore(answering)
    try {
      await store.start(new AbortController().signal)
      await this.#recall(store, answering)
      await this.#check(store)
      this.#store = store
    } catch (error) {
      if (error instanceof LedgerStoreError && error.code === 'LEDGER_STORE_DAMAGED') {
        this.#replaceDisk(reachable)
        return
      }
      this.#died(error)
    }
  }

  /** A disk that cannot be mended: with all peers there, the owner begins with an empty one. */
  #replaceDisk(reachable: number): void {
    this.#counts.refusals++
    if (reachable < PEERS) return
    this.#disk = new Map()
    this.#home++
    this.#lossy = true
  }

  #newStore(answering: readonly Peer[]): LedgerStore {
    const rows = new MemoryRows({
      disk: this.#disk,
      fault: () => this.#writeFault(),
      fraction: () => this.#random.fraction(),
    })
    const clock: Clock = {
      monotonicMs: () => this.#wallMs,
      wallMs: () => this.#wallMs,
      sleep: async () => undefined,
    }
    return new LedgerStore(
      {
        rows,
        context: context,
        signer: owner,
        clock,
        random: this.#random,
        onFailure: () => undefined,
      },
      {
        flushRecords: 1 + this.#below(4),
        flushDelayMs: 10,
        home: utf8(String(this.#home)),
        fresh: this.#counts.starts === 1,
        supply: async (seq) => answering.find(({ entries }) => seq < entries.length)?.entries[seq],
      },
    )
  }

  #writeFault(): WriteFault {
    const draw = this.#random.fraction()
    if (draw > 0.12) return 'none'
    const faults = ['lost', 'unanswered', 'torn', 'ENOSPC', 'EIO'] as const
    return faults[this.#below(faults.length)] ?? 'lost'
  }

  async #recall(store: LedgerStore, answering: readonly Peer[]): Promise<void> {
    const decision = await store.recall(answering.map(({ latest }) => latest))
    if (decision.type === 'go on') return store.goOn()
    this.#counts.rollovers++
    this.#lossy = true
    const { latest } = decision
    if (latest === undefined) return store.rollOver('restored', undefined)
    const from = store.size
    for (const { latest: held, entries } of answering) {
      if (held !== latest || !(await store.adopt(latest, entries.slice(from)))) continue
      this.#counts.fetches++
      return store.rollOver('restored', latest)
    }
    return store.rollOver('entries lost', latest)
  }

  /** L2, L3 and L4, after a start. */
  async #check(store: LedgerStore): Promise<void> {
    const { size, incarnation } = store
    const entries = await Array.fromAsync(store.reader.entries(0, size))
    const ids = entries.map(({ id }) => toHex(id))
    const seen = this.#seen.get(incarnation) ?? []
    const lost = seen.findIndex((id, index) => ids[index] !== toHex(id))
    if (lost >= 0 && !this.#lossy) {
      throw new InvariantBroken(`L2: entry ${lost} that a peer saw is gone`)
    }
    this.#lossy = false
    await this.#verify(store)
  }

  async #verify(store: LedgerStore): Promise<void> {
    const verifier = new BundleVerifier(context.crypto, { ...context, signatures: 'heads' })
    for await (const item of store.reader.bundle()) verifier.push(item)
    const { problem, log } = verifier.finish()
    if (problem !== undefined) throw new InvariantBroken(`L3: ${problem.code} ${problem.reason}`)
    const settled = log?.receipts.settled ?? 0
    const earned = log?.peers.get(requester.peer)?.earnedMilliCredits ?? 0
    if (earned !== 250 * settled || settled > this.#deals) {
      throw new InvariantBroken(`L4: ${earned} earned by ${settled} receipts`)
    }
  }

  #below(count: number): number {
    return Math.floor(this.#random.fraction() * count)
  }
}
