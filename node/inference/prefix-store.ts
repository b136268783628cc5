/**
 * Texts that have ended, kept at their stages so that the next one need not run the same beginning again.
 *
 * Each is one stage's keys and values, which stay in the executor under the slot of the text that made
 * them, and what the stage sent on. It is known by the names of its beginnings (prefix-chain.ts).
 *
 * A text of one requester is of use to that requester only, unless `shared`: how soon an answer comes
 * would tell others what had been asked here before.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import { PREFIX_BLOCK_ROWS, type TextRows } from '../../protocols/inference/index.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { LoadedStage } from './stage-pool.ts'
import { joinedRows, rowsOfPart, type TextPart } from './text-parts.ts'

/** Texts that are kept at most. */
const TEXTS_MAX = 64

export interface PrefixStoreInit {
  /** Bytes of all that is kept; with none, nothing is. */
  readonly bytesMax: number
  /** True when all requesters may have what one of them left. */
  readonly shared: boolean
}

/** Where the rows of a text were run: others may have other bits. */
export interface PrefixSource {
  readonly requester: PeerId
  readonly stage: LoadedStage
  /** Devices of the stages before it. */
  readonly before: readonly PeerId[]
  /** The layer behind each cut before it that rounds: elsewhere the same rows become others. */
  readonly rounded: readonly number[]
}

/** What a stage ran of a text: its rows, and what they became behind it. */
export interface KeptText extends PrefixSource {
  readonly slot: number
  /** The token of each row. */
  readonly tokens: readonly number[]
  /** What was sent of all rows, one part after another; nothing of a stage that draws. */
  readonly parts: readonly TextPart[]
  /** Names of its beginnings. */
  readonly chain: readonly Uint8Array[]
  /** Bytes of memory that it takes. */
  readonly bytes: number
}

interface Entry extends KeptText {
  readonly names: readonly string[]
}

/** The beginning of a text that need not be run. */
export interface KnownPrefix {
  readonly rows: number
  /** Whose rows they are, in the executor. */
  readonly slot: number
  readonly tokens: readonly number[]
  readonly parts: readonly TextPart[]
}

export class PrefixStore {
  readonly #init: PrefixStoreInit
  /** What is kept counts against the memory of texts, in the name of whoever left it. */
  readonly #budget: ByteBudget
  /** The one that was of use last stands last. */
  readonly #entries = new Set<Entry>()
  readonly #watched = new WeakSet<LoadedStage>()
  #bytes = 0

  constructor(init: PrefixStoreInit, budget: ByteBudget) {
    this.#init = init
    this.#budget = budget
  }

  /** Texts that are kept now. */
  get size(): number {
    return this.#entries.size
  }

  /** The longest beginning with one of the names of `chain` that `stage` knows. */
  find(source: PrefixSource, chain: readonly Uint8Array[]): KnownPrefix | undefined {
    const names = chain.map(toHex)
    let best: { readonly entry: Entry; readonly blocks: number } | undefined
    for (const entry of this.#entries) {
      const isOwn = this.#init.shared || entry.requester === source.requester
      if (!isOwn || !sameBits(entry, source)) continue
      const blocks = sharedLength(entry.names, names)
      if (blocks > (best?.blocks ?? 0)) best = { entry, blocks }
    }
    if (best === undefined) return undefined
    const { entry, blocks } = best
    this.#entries.delete(entry)
    this.#entries.add(entry)
    const { slot, tokens, parts } = entry
    return { rows: blocks * PREFIX_BLOCK_ROWS, slot, tokens, parts }
  }

  /**
   * Keeps a text that has ended; its room in the executor is given back when it is forgotten.
   *
   * @returns False, and nothing is kept, when there is no room or it adds nothing to what is here.
   */
  keep(text: KeptText): boolean {
    const names = text.chain.map(toHex)
    if (names.length === 0 || text.bytes > this.#init.bytesMax) return false
    for (const entry of this.#entries) {
      if (entry.requester !== text.requester || !sameBits(entry, text)) continue
      const shared = sharedLength(entry.names, names)
      if (shared === names.length) return false
      if (shared === entry.names.length) this.#forget(entry)
    }
    while (this.#bytes + text.bytes > this.#init.bytesMax || this.size >= TEXTS_MAX) {
      if (!this.forgetOldest()) return false
    }
    if (!this.take(text.requester, text.bytes)) return false
    this.#bytes += text.bytes
    this.#entries.add({ ...text, names })
    this.#watch(text.stage)
    return true
  }

  /**
   * Takes `bytes` of the budget for a text of `requester`; what is kept makes room for what is asked for.
   *
   * @param before - Bytes that the same text has already.
   */
  take(requester: PeerId, bytes: number, before = 0): boolean {
    // Nothing is forgotten for what would have no room even so.
    if (this.#budget.bytes - this.#bytes + bytes > this.#budget.most(requester)) return false
    while (!this.#budget.take(requester, bytes, before)) {
      const own = [...this.#entries].find((entry) => entry.requester === requester)
      const isShort = this.#budget.refusal(requester, bytes, before) === 'all'
      const [oldest] = isShort ? this.#entries : []
      const entry = own ?? oldest
      if (entry === undefined) return false
      this.#forget(entry)
    }
    return true
  }

  /** Gives back what was taken. */
  give(requester: PeerId, bytes: number): void {
    this.#budget.give(requester, bytes)
  }

  /** Forgets what was of no use for the longest time; false when nothing is kept. */
  forgetOldest(): boolean {
    const [oldest] = this.#entries
    if (oldest !== undefined) this.#forget(oldest)
    return oldest !== undefined
  }

  /** An executor that has ended keeps nothing. */
  #watch(stage: LoadedStage): void {
    if (this.#watched.has(stage)) return
    this.#watched.add(stage)
    void stage.executor.exited.then(() => {
      for (const entry of this.#entries) if (entry.stage === stage) this.#forget(entry)
    })
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry)
    this.#bytes -= entry.bytes
    this.#budget.give(entry.requester, entry.bytes)
    entry.stage.executor.end(entry.slot).catch(() => undefined)
  }
}

function sameBits(a: PrefixSource, b: PrefixSource): boolean {
  return (
    a.stage === b.stage &&
    a.before.join() === b.before.join() &&
    a.rounded.join() === b.rounded.join()
  )
}

/** Names that both begin with. */
function sharedLength(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((name, index) => name !== b[index])
  return differs === -1 ? a.length : differs
}

/** How many of `rows` are known, from the first one on: as far as the tokens are those that were run. */
export function knownRows(known: KnownPrefix, { position, drawFrom, tokens }: TextRows): number {
  // Behind a row that is drawn at stands something new.
  const most = Math.min(drawFrom, known.rows - position)
  for (let row = 0; row < most; row++) {
    if (tokens[row] !== known.tokens[position + row]) return row
  }
  return Math.max(0, most)
}

/** What was sent of `count` rows from `position` on. */
export function knownTensors(
  { parts }: KnownPrefix,
  position: number,
  count: number,
): readonly Tensor[] {
  const wanted = parts.flatMap((part) => {
    const from = Math.max(0, position - part.rows.position)
    const to = Math.min(part.rows.tokens.length, position + count - part.rows.position)
    return from < to ? rowsOfPart(part, from, to) : []
  })
  return joinedRows(wanted).tensors
}
