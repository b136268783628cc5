/**
 * When a device announces itself, and which other devices it knows of.
 *
 * It announces at once when something changed (but not more often than
 * `announceMsMin`), and again after each heartbeat with jitter, so that devices
 * that started together do not speak together. It deals in times only: signing
 * and sending is its driver's.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { DIRECTORY_RECORDS_MAX, NEWCOMER_AGAIN_MS } from './limits.ts'
import type { CapabilityRecord } from './record.ts'

export type DirectoryInput =
  /** This device is in a mesh and may speak. */
  | { readonly type: 'joined' }
  /** It no longer is: everything is forgotten. */
  | { readonly type: 'left' }
  /** Something that its record says has changed; `classes` is what it is in now. */
  | { readonly type: 'self-changed'; readonly classes: readonly string[] }
  /** How many members are connected now. */
  | { readonly type: 'neighbours'; readonly count: number }
  /** A record that the validator took, and how long it still holds. */
  | {
      readonly type: 'record'
      readonly record: CapabilityRecord
      /** As its device signed it. */
      readonly encoded: Uint8Array
      readonly lifeMs: number
    }

export type DirectoryOutput =
  /** Seal a new record and gossip it. */
  | { readonly type: 'gossip' }
  /** Seal a new record and put it into the DHT. */
  | { readonly type: 'store' }
  | { readonly type: 'provide'; readonly class: string }
  | { readonly type: 'unprovide'; readonly class: string }
  /** A device is new, or says something new. */
  | { readonly type: 'changed'; readonly record: CapabilityRecord }
  /** A device was silent for too long, or had to give way. */
  | { readonly type: 'expired'; readonly peer: PeerId }

export interface DirectoryInit {
  readonly heartbeatMs: number
  /** Least time between two announcements. */
  readonly announceMsMin: number
  /** Time from a change to its put into the DHT, so that several changes go in one. */
  readonly storeDelayMs: number
  /** Time between two puts of an unchanged record into the DHT. */
  readonly storeEveryMs: number
  /**
   * The DHT is told of this device once so many devices are known, itself included. Below,
   * gossip reaches everyone, and telling the DHT costs hundreds of messages. Default 0.
   */
  readonly dhtDevicesMin?: number
  /** Each heartbeat comes up to this share of it earlier, in [0, 1). */
  readonly jitterShare: number
  /** Draws from [0, 1). */
  readonly random: () => number
}

interface Entry {
  readonly record: CapabilityRecord
  readonly encoded: Uint8Array
  readonly expiresAtMs: number
}

export class DirectoryMachine implements Machine<DirectoryInput, DirectoryOutput> {
  readonly #init: DirectoryInit
  readonly #entries = new Map<PeerId, Entry>()
  #provided: ReadonlySet<string> = new Set()
  #wanted: readonly string[] = []
  #joined = false
  #neighbours = 0
  #neighboursAtProvide = 0
  #gossipAtMs = Number.POSITIVE_INFINITY
  /** When a newcomer is told once more; a time that has passed says nothing. */
  #againAtMs = Number.NEGATIVE_INFINITY
  #storeAtMs = Number.POSITIVE_INFINITY
  #lastGossipMs = Number.NEGATIVE_INFINITY
  #lastStoreMs = Number.NEGATIVE_INFINITY

  constructor(init: DirectoryInit) {
    this.#init = init
  }

  /** Records of other devices that hold, oldest announcement first. */
  records(): readonly CapabilityRecord[] {
    return [...this.#entries.values()].map(({ record }) => record)
  }

  /** The same, as their devices signed them: for whoever asks. */
  encodedRecords(): readonly Uint8Array[] {
    return [...this.#entries.values()].map(({ encoded }) => encoded)
  }

  record(peer: PeerId): CapabilityRecord | undefined {
    return this.#entries.get(peer)?.record
  }

  get size(): number {
    return this.#entries.size
  }

  handle(input: DirectoryInput | TimePassed, nowMs: number): readonly DirectoryOutput[] {
    const expired = this.#expire(nowMs)
    switch (input.type) {
      case 'joined':
        this.#joined = true
        return [...expired, ...this.#announceSoon(nowMs)]
      case 'left':
        return [...expired, ...this.#leave()]
      case 'self-changed':
        this.#wanted = input.classes
        return this.#joined ? [...expired, ...this.#announceSoon(nowMs)] : expired
      case 'neighbours':
        return [...expired, ...this.#onNeighbours(input.count, nowMs)]
      case 'record':
        return this.#joined ? [...expired, ...this.#learn(input, nowMs)] : expired
      case 'time-passed':
        return [...expired, ...this.#announceDue(nowMs)]
    }
  }

  deadlineMs(): number | undefined {
    let nextMs = Math.min(this.#gossipAtMs, this.#storeAtMs)
    for (const { expiresAtMs } of this.#entries.values()) nextMs = Math.min(nextMs, expiresAtMs)
    return Number.isFinite(nextMs) ? nextMs : undefined
  }

  #announceSoon(nowMs: number): readonly DirectoryOutput[] {
    const { announceMsMin, storeDelayMs } = this.#init
    const gossipAtMs = Math.max(nowMs, this.#lastGossipMs + announceMsMin)
    const storeAtMs = Math.max(nowMs + storeDelayMs, this.#lastStoreMs + announceMsMin)
    this.#gossipAtMs = Math.min(this.#gossipAtMs, gossipAtMs)
    this.#storeAtMs = Math.min(this.#storeAtMs, storeAtMs)
    return this.#announceDue(nowMs)
  }

  /**
   * A newcomer hears of us at once, and once more when its streams of gossip are open, which
   * is a little after it was let in. What was put into the DHT of a smaller mesh lies with few
   * devices, so it is put again each time the number of neighbours has doubled.
   */
  #onNeighbours(count: number, nowMs: number): readonly DirectoryOutput[] {
    const more = count > this.#neighbours
    this.#neighbours = count
    if (!this.#joined || !more) return []
    if (count >= 2 * this.#neighboursAtProvide) this.#provided = new Set()
    this.#againAtMs = nowMs + Math.max(NEWCOMER_AGAIN_MS, this.#init.announceMsMin)
    return this.#announceSoon(nowMs)
  }

  #announceDue(nowMs: number): readonly DirectoryOutput[] {
    const outputs: DirectoryOutput[] = []
    if (nowMs >= this.#gossipAtMs) {
      this.#lastGossipMs = nowMs
      this.#gossipAtMs = nowMs + this.#untilNextMs(nowMs)
      outputs.push({ type: 'gossip' })
    }
    if (nowMs >= this.#storeAtMs) {
      this.#lastStoreMs = nowMs
      this.#storeAtMs = nowMs + this.#jittered(this.#init.storeEveryMs)
      if (this.#needsDht()) outputs.push({ type: 'store' }, ...this.#reprovide())
    }
    return outputs
  }

  /** A first announcement that had to wait does not stand for the second. */
  #untilNextMs(nowMs: number): number {
    const heartbeatMs = this.#jittered(this.#init.heartbeatMs)
    const againMs = this.#againAtMs - nowMs
    if (againMs <= 0) return heartbeatMs
    return Math.min(heartbeatMs, Math.max(againMs, this.#init.announceMsMin))
  }

  #needsDht(): boolean {
    return this.#entries.size + 1 >= (this.#init.dhtDevicesMin ?? 0)
  }

  #jittered(ms: number): number {
    return Math.ceil(ms * (1 - this.#init.jitterShare * this.#init.random()))
  }

  #reprovide(): readonly DirectoryOutput[] {
    const wanted = new Set(this.#wanted)
    const added = [...wanted.difference(this.#provided)]
    const gone = [...this.#provided.difference(wanted)]
    this.#provided = wanted
    this.#neighboursAtProvide = this.#neighbours
    return [
      ...gone.map((name) => ({ type: 'unprovide', class: name }) as const),
      ...added.map((name) => ({ type: 'provide', class: name }) as const),
    ]
  }

  #learn(
    { record, encoded, lifeMs }: DirectoryInput & { readonly type: 'record' },
    nowMs: number,
  ): readonly DirectoryOutput[] {
    const known = this.#entries.get(record.peer)
    if (lifeMs <= 0 || (known !== undefined && known.record.sequence >= record.sequence)) return []
    const outputs: DirectoryOutput[] = []
    if (known === undefined && this.#entries.size >= DIRECTORY_RECORDS_MAX) {
      outputs.push(...this.#drop(this.#firstToExpire()))
    }
    this.#entries.delete(record.peer)
    const neededDht = this.#needsDht()
    this.#entries.set(record.peer, { record, encoded, expiresAtMs: nowMs + lifeMs })
    if (!neededDht && this.#needsDht()) {
      this.#storeAtMs = Math.min(this.#storeAtMs, nowMs + this.#init.storeDelayMs)
    }
    return [...outputs, { type: 'changed', record }]
  }

  #firstToExpire(): PeerId | undefined {
    const [first] = [...this.#entries].toSorted(([, a], [, b]) => a.expiresAtMs - b.expiresAtMs)
    return first?.[0]
  }

  #expire(nowMs: number): readonly DirectoryOutput[] {
    const over = [...this.#entries].filter(([, { expiresAtMs }]) => nowMs >= expiresAtMs)
    return over.flatMap(([peer]) => this.#drop(peer))
  }

  #drop(peer: PeerId | undefined): readonly DirectoryOutput[] {
    if (peer === undefined || !this.#entries.delete(peer)) return []
    return [{ type: 'expired', peer }]
  }

  #leave(): readonly DirectoryOutput[] {
    this.#joined = false
    this.#gossipAtMs = Number.POSITIVE_INFINITY
    this.#storeAtMs = Number.POSITIVE_INFINITY
    const unprovided = [...this.#provided].map(
      (name) => ({ type: 'unprovide', class: name }) as const,
    )
    this.#provided = new Set()
    const dropped = [...this.#entries.keys()].flatMap((peer) => this.#drop(peer))
    return [...unprovided, ...dropped]
  }
}
