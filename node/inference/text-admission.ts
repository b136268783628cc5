/**
 * Which texts have room for their keys and values here, and which wait for it.
 *
 * A text takes what its prompt needs and grows with what is written: few are written to the end that
 * they might have. So each is foreseen to take the mean of both, and one that comes begins when that
 * fits beside what is foreseen of the others; until then it waits in turn. A text that cannot grow gives
 * way: it is opened anew, here or elsewhere, and loses no token. When it comes back it asks for all that
 * it may ever need, so that this happens to it once. Texts of the owner wait for none of others: the
 * latest of those gives way.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import { MEMORY_WAIT_MS_MAX, type FaultCode } from '../../protocols/inference/index.ts'
import { ByteBudget, type BudgetRefusal, type ByteBudgetInit } from './byte-budget.ts'
import type { PrefixStore } from './prefix-store.ts'

/** Texts of one other device that wait; together they are no more than stages may be open. */
const WAITING_PER_PEER_MAX = 8

/** Texts that gave way and are known when they come back. */
const GAVE_WAY_MAX = 256

export interface RoomAsk {
  /** The same when this stage of this text is opened again. */
  readonly name: string
  readonly requester: PeerId
  /** Bytes that it takes to begin. */
  readonly bytes: number
  /** Bytes that it takes when it is written to the end that it may have. */
  readonly bytesMax: number
  /** Hears how many come before it while it waits, each time that this changes. */
  onWaiting(before: number): void
  /** Its room was taken for a text of this device. */
  onTaken(): void
}

/** The room of one text. */
export interface Room {
  /** Why there is none; undefined once there is. */
  readonly granted: Promise<FaultCode | undefined>
  /** Makes it `bytes` large; false when there is no room for that, and the text has to give way. */
  grow(bytes: number): boolean
  /** Gives it back, or waits no more. */
  leave(): void
}

interface Entry {
  readonly asked: RoomAsk
  /** Bytes that it has; while it waits, that it is to have. */
  bytes: number
  readonly foreseenBytes: number
  readonly settle: (code: FaultCode | undefined) => void
  timer: NodeJS.Timeout | undefined
  /** How many came before it when it was last told. */
  toldBefore: number | undefined
}

/** The part of all texts and stages that one other device may have, and that is kept for this one. */
export const PEER_PART = 1 / 2
export const OWN_PART = 1 / 8

/** How the memory of texts is shared out: the owner's own find room even when others have all they can. */
export function textShares(bytesMax: number, self: PeerId): TextAdmissionInit {
  const bytesPerPeerMax = Math.ceil(bytesMax * PEER_PART)
  return { bytesMax, bytesPerPeerMax, self, selfBytesMin: Math.floor(bytesMax * OWN_PART) }
}

export interface TextAdmissionInit extends ByteBudgetInit {
  /** This device. */
  readonly self: PeerId
}

export class TextAdmission {
  readonly #self: PeerId
  /** What texts have, and what is kept of others, which makes way for them. */
  readonly #prefixes: Pick<PrefixStore, 'take' | 'give'>
  /** What those that have room are foreseen to have when they end. */
  readonly #foreseen: ByteBudget
  readonly #waiting: Entry[] = []
  /** The latest stands last. */
  readonly #held = new Set<Entry>()
  readonly #gaveWay = new RecentCache<string, true>(GAVE_WAY_MAX)
  readonly #onChange: () => void

  /** @param onChange - Called when texts have come or gone. */
  constructor(
    prefixes: Pick<PrefixStore, 'take' | 'give'>,
    init: TextAdmissionInit,
    onChange: () => void = () => undefined,
  ) {
    this.#self = init.self
    this.#prefixes = prefixes
    this.#foreseen = new ByteBudget(init)
    this.#onChange = onChange
  }

  /** Texts that wait now. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Bytes that texts of this device may still come to, as others give way to them; none while some wait. */
  get freeBytes(): number {
    const ownWait = this.#waiting.some((entry) => !this.#isLent(entry))
    return ownWait ? 0 : this.#foreseen.most(this.#self) - this.#foreseen.of(this.#self)
  }

  /** The same of texts of others, to whom nobody gives way. */
  get freeForOthersBytes(): number {
    return this.waiting > 0 ? 0 : this.#foreseen.leftForOthers
  }

  ask(asked: RoomAsk): Room {
    const { promise: granted, resolve } = Promise.withResolvers<FaultCode | undefined>()
    const bytes = this.#gaveWay.get(asked.name) === true ? asked.bytesMax : asked.bytes
    const entry: Entry = {
      asked,
      bytes,
      foreseenBytes: Math.ceil((bytes + asked.bytesMax) / 2),
      settle: resolve,
      timer: undefined,
      toldBefore: undefined,
    }
    this.#enter(entry)
    return {
      granted,
      grow: (bytesNow) => this.#grow(entry, bytesNow),
      leave: () => this.#leave(entry),
    }
  }

  #enter(entry: Entry): void {
    const { requester, bytesMax } = entry.asked
    if (bytesMax > this.#foreseen.most(requester)) {
      entry.settle('INFERENCE_TOO_LARGE')
      return
    }
    this.#waiting.push(entry)
    this.#pump()
    if (!this.#waiting.includes(entry)) return
    const own = this.#waiting.filter(({ asked }) => asked.requester === requester)
    if (requester !== this.#self && own.length > WAITING_PER_PEER_MAX) {
      this.#refuse(entry, 'INFERENCE_OVERLOADED')
      return
    }
    entry.timer = setTimeout(() => this.#refuse(entry, 'INFERENCE_MEMORY'), MEMORY_WAIT_MS_MAX)
    entry.timer.unref()
    this.#tell()
    this.#onChange()
  }

  /** Gives room to those whose turn it is. Who is next is not overtaken by who needs less. */
  #pump(): void {
    const passedOver = new Set<PeerId>()
    for (;;) {
      const next = this.#next(passedOver)
      if (next === undefined) return
      const refusal = this.#admit(next)
      if (refusal === 'all') return
      // What its own texts leave it says nothing of others.
      if (refusal === 'peer') passedOver.add(next.asked.requester)
    }
  }

  /** Texts of this device come first, then those of who has least here, then who came first. */
  #next(passedOver: ReadonlySet<PeerId>): Entry | undefined {
    const has = ({ asked: { requester } }: Entry): number =>
      requester === this.#self ? -1 : this.#foreseen.of(requester)
    return this.#waiting
      .filter(({ asked }) => !passedOver.has(asked.requester))
      .toSorted((a, b) => has(a) - has(b))[0]
  }

  #admit(entry: Entry): BudgetRefusal | undefined {
    const { requester } = entry.asked
    const own = this.#foreseen.of(this.#self) + entry.foreseenBytes
    for (;;) {
      const refusal = this.#take(entry)
      if (refusal === undefined) break
      const isOwn = requester === this.#self && own <= this.#foreseen.most(this.#self)
      if (!isOwn || !this.#takeFromLent()) return refusal
    }
    this.#remove(entry)
    this.#held.add(entry)
    entry.settle(undefined)
    this.#onChange()
    return undefined
  }

  #take({ asked: { requester }, bytes, foreseenBytes }: Entry): BudgetRefusal | undefined {
    const refusal = this.#foreseen.refusal(requester, foreseenBytes)
    if (refusal !== undefined) return refusal
    // Some may have grown beyond what was foreseen.
    if (!this.#prefixes.take(requester, bytes)) return 'all'
    this.#foreseen.take(requester, foreseenBytes)
    return undefined
  }

  #grow(entry: Entry, bytes: number): boolean {
    if (!this.#held.has(entry)) return false
    if (bytes <= entry.bytes) return true
    const { requester, name } = entry.asked
    const more = bytes - entry.bytes
    const isOwn =
      requester === this.#self && this.#ownBytes + more <= this.#foreseen.most(this.#self)
    while (!this.#prefixes.take(requester, more, entry.bytes)) {
      if (isOwn && this.#takeFromLent()) continue
      this.#gaveWay.set(name, true)
      return false
    }
    entry.bytes = bytes
    return true
  }

  /** What its owner asked for comes first: the latest text that is lent gives way. False when none is. */
  #takeFromLent(): boolean {
    const lent = [...this.#held].findLast((entry) => this.#isLent(entry))
    if (lent === undefined) return false
    this.#gaveWay.set(lent.asked.name, true)
    this.#release(lent)
    lent.asked.onTaken()
    return true
  }

  /** Bytes that texts of this device have. */
  get #ownBytes(): number {
    const own = [...this.#held].filter((entry) => !this.#isLent(entry))
    return own.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #leave(entry: Entry): void {
    if (this.#waiting.includes(entry)) this.#refuse(entry, 'INFERENCE_SESSION_UNKNOWN')
    else this.#release(entry)
  }

  #release(entry: Entry): void {
    if (!this.#held.delete(entry)) return
    const { requester } = entry.asked
    this.#prefixes.give(requester, entry.bytes)
    this.#foreseen.give(requester, entry.foreseenBytes)
    this.#goOn()
  }

  /** It may be kept for its next turn what a text leaves: those who wait come after that. */
  #goOn(): void {
    queueMicrotask(() => {
      this.#pump()
      this.#tell()
      this.#onChange()
    })
  }

  #refuse(entry: Entry, code: FaultCode): void {
    this.#remove(entry)
    entry.settle(code)
    this.#goOn()
  }

  #remove(entry: Entry): void {
    clearTimeout(entry.timer)
    this.#waiting.splice(this.#waiting.indexOf(entry), 1)
  }

  #tell(): void {
    const inTurn = this.#waiting.toSorted(
      (a, b) => Number(this.#isLent(a)) - Number(this.#isLent(b)),
    )
    for (const [before, entry] of inTurn.entries()) {
      if (entry.toldBefore === before) continue
      entry.toldBefore = before
      entry.asked.onWaiting(before)
    }
  }

  #isLent({ asked }: Entry): boolean {
    return asked.requester !== this.#self
  }
}
