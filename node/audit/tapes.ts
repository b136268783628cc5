/**
 * What went through the stages that this device held for others, kept for a while so that it can show it.
 *
 * @module
 */

import type { PeerId, SessionId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { OpenRecord, StageTape } from '../../protocols/inference/index.ts'
import { type Evidence, type Leaf, needed, type Passage } from './evidence.ts'

interface Passed {
  readonly tensors: readonly Tensor[]
  readonly leaf: Uint8Array
  readonly bytes: number
}

/** One stage in one session. */
class Tape implements StageTape {
  readonly requester: PeerId
  readonly open: OpenRecord
  /** When something went through last. */
  usedMs: number
  readonly #inputs = new Map<number, Passed>()
  readonly #outputs = new Map<number, Passed>()
  readonly #grew: (bytes: number) => number
  bytes = 0
  #closed = false

  /** @param grew - Takes by how many bytes it grew, and says what time it is. */
  constructor(open: OpenRecord, requester: PeerId, grew: (bytes: number) => number) {
    this.open = open
    this.requester = requester
    this.#grew = grew
    this.usedMs = grew(0)
  }

  took(request: number, tensors: readonly Tensor[], leaf: Uint8Array): void {
    this.#keep(this.#inputs, request, { tensors, leaf })
  }

  gave(request: number, tensors: readonly Tensor[], leaf: Uint8Array): void {
    this.#keep(this.#outputs, request, { tensors, leaf })
  }

  ended(below: number): void {
    for (const kept of [this.#inputs, this.#outputs]) {
      for (const [request, { bytes }] of kept) {
        if (request < below) continue
        kept.delete(request)
        this.bytes -= bytes
        this.#grew(-bytes)
      }
    }
  }

  /** What shows that `requests` were done right; undefined when that is not here. */
  show(requests: readonly number[]): Evidence | undefined {
    const inputs = passages(this.#inputs, needed(this.open, requests))
    const outputs = passages(this.#outputs, requests)
    if (inputs === undefined || outputs === undefined) return undefined
    const done = [...this.#outputs.keys()].toSorted((a, b) => a - b)
    return {
      inputLeaves: leaves(this.#inputs, done),
      outputLeaves: leaves(this.#outputs, done),
      inputs,
      outputs,
    }
  }

  /** Nothing of it can be shown any more, and nothing more is kept: a part of a session shows nothing. */
  close(): void {
    this.#closed = true
    this.#inputs.clear()
    this.#outputs.clear()
    this.bytes = 0
  }

  /** A request that is replayed counts as it was the last time, as in the receipt. */
  #keep(kept: Map<number, Passed>, request: number, passed: Omit<Passed, 'bytes'>): void {
    if (this.#closed) return
    const bytes = passed.tensors.reduce((sum, { data }) => sum + data.length, LEAF_BYTES)
    const more = bytes - (kept.get(request)?.bytes ?? 0)
    kept.set(request, { ...passed, bytes })
    this.bytes += more
    this.usedMs = this.#grew(more)
  }
}

/** A leaf, and the objects around it and the tensors, as a heap holds them: more than a small tensor itself. */
const LEAF_BYTES = 1_024

/** Stages of one requester that are kept: twice as many as it has wait for their audits. */
const TAPES_PER_REQUESTER_MAX = 512

/** How long a tape is kept after its last use, in milliseconds: nobody waits longer for a beacon and an audit. */
export const TAPE_KEPT_MS = 1_200_000

/** What is kept for one requester. */
interface Shelf {
  /** The longest open first. */
  readonly tapes: Map<string, Tape>
  bytes: number
}

/**
 * Of whoever had most done here the oldest is given up first: many requests of one shall not cost another
 * the evidence that it will ask for, for want of which it would blame this device.
 */
export class Tapes {
  readonly #bytesMax: number
  readonly #nowMs: () => number
  readonly #shelves = new Map<PeerId, Shelf>()
  #bytes = 0

  /**
   * @param bytesMax - Bytes of tensors that are kept of all stages.
   * @param nowMs - Monotonic time.
   */
  constructor(bytesMax: number, nowMs: () => number) {
    this.#bytesMax = bytesMax
    this.#nowMs = nowMs
  }

  get bytes(): number {
    return this.#bytes
  }

  /** A stage was opened for `requester`. */
  record(open: OpenRecord, requester: PeerId): StageTape | undefined {
    if (this.#bytesMax === 0) return undefined
    const shelf = this.#shelves.get(requester) ?? { tapes: new Map<string, Tape>(), bytes: 0 }
    this.#shelves.set(requester, shelf)
    const key = keyOf(open)
    this.#forget(shelf, key)
    const tape = new Tape(open, requester, (bytes) => this.#onGrown(shelf, bytes))
    shelf.tapes.set(key, tape)
    if (shelf.tapes.size > TAPES_PER_REQUESTER_MAX) this.#forgetOldest(shelf)
    return tape
  }

  /** What `requester` may see of its session; undefined when it is not here any more. */
  show(
    requester: PeerId,
    which: { readonly session: SessionId; readonly stage: number },
    requests: readonly number[],
  ): Evidence | undefined {
    return this.#shelves.get(requester)?.tapes.get(keyOf(which))?.show(requests)
  }

  /** Gives up what nobody asks for any more. */
  sweep(): void {
    const usedMsMin = this.#nowMs() - TAPE_KEPT_MS
    for (const [requester, shelf] of this.#shelves) {
      for (const [key, { usedMs }] of shelf.tapes) if (usedMs < usedMsMin) this.#forget(shelf, key)
      if (shelf.tapes.size === 0) this.#shelves.delete(requester)
    }
  }

  /** @returns the time. */
  #onGrown(shelf: Shelf, bytes: number): number {
    shelf.bytes += bytes
    this.#bytes += bytes
    while (this.#bytes > this.#bytesMax) {
      let fullest = shelf
      for (const other of this.#shelves.values()) if (other.bytes > fullest.bytes) fullest = other
      if (!this.#forgetOldest(fullest)) break
    }
    return this.#nowMs()
  }

  #forgetOldest(shelf: Shelf): boolean {
    const [oldest] = shelf.tapes.keys()
    if (oldest !== undefined) this.#forget(shelf, oldest)
    return oldest !== undefined
  }

  #forget(shelf: Shelf, key: string): void {
    const tape = shelf.tapes.get(key)
    if (tape === undefined) return
    shelf.bytes -= tape.bytes
    this.#bytes -= tape.bytes
    tape.close()
    shelf.tapes.delete(key)
  }
}

function keyOf({
  session,
  stage,
}: {
  readonly session: SessionId
  readonly stage: number
}): string {
  return `${session}/${stage}`
}

function passages(
  kept: ReadonlyMap<number, Passed>,
  requests: readonly number[],
): readonly Passage[] | undefined {
  const found = requests.flatMap((request) => {
    const passed = kept.get(request)
    return passed === undefined ? [] : [{ request, tensors: passed.tensors }]
  })
  return found.length === requests.length ? found : undefined
}

function leaves(kept: ReadonlyMap<number, Passed>, requests: readonly number[]): readonly Leaf[] {
  return requests.flatMap((request) => {
    const passed = kept.get(request)
    return passed === undefined ? [] : [{ request, leaf: passed.leaf }]
  })
}
