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

  /** Nothing of it can be shown any more. */
  clear(): void {
    this.#inputs.clear()
    this.#outputs.clear()
    this.bytes = 0
  }

  /** A request that is replayed counts as it was the last time, as in the receipt. */
  #keep(kept: Map<number, Passed>, request: number, passed: Omit<Passed, 'bytes'>): void {
    const bytes = passed.tensors.reduce((sum, { data }) => sum + data.length, LEAF_BYTES)
    const more = bytes - (kept.get(request)?.bytes ?? 0)
    kept.set(request, { ...passed, bytes })
    this.bytes += more
    this.usedMs = this.#grew(more)
  }
}

/** A leaf, and the objects around it and the tensors, as a heap holds them: more than a small tensor itself. */
const LEAF_BYTES = 1_024

/** Stages that are kept: four times as many as a requester has wait for their audits. */
const TAPES_MAX = 1_024

/** How long a tape is kept after its last use, in milliseconds: nobody waits longer for a beacon and an audit. */
export const TAPE_KEPT_MS = 1_200_000

export class Tapes {
  readonly #bytesMax: number
  readonly #nowMs: () => number
  /** The longest open first. */
  readonly #tapes = new Map<string, Tape>()
  #bytes = 0

  /**
   * @param bytesMax - Bytes of tensors that are kept of all stages; of the oldest nothing is kept beyond that.
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
    const key = keyOf(requester, open)
    this.#forget(key)
    const tape = new Tape(open, requester, (bytes) => this.#onGrown(bytes))
    this.#tapes.set(key, tape)
    const [oldest] = this.#tapes.keys()
    if (this.#tapes.size > TAPES_MAX && oldest !== undefined) this.#forget(oldest)
    return tape
  }

  /** Gives up what nobody asks for any more. */
  sweep(): void {
    const usedMsMin = this.#nowMs() - TAPE_KEPT_MS
    for (const [key, { usedMs }] of this.#tapes) if (usedMs < usedMsMin) this.#forget(key)
  }

  /** What `requester` may see of its session; undefined when it is not here any more. */
  show(
    requester: PeerId,
    which: { readonly session: SessionId; readonly stage: number },
    requests: readonly number[],
  ): Evidence | undefined {
    return this.#tapes.get(keyOf(requester, which))?.show(requests)
  }

  #onGrown(bytes: number): number {
    this.#bytes += bytes
    for (const key of this.#tapes.keys()) {
      if (this.#bytes <= this.#bytesMax) break
      this.#forget(key)
    }
    return this.#nowMs()
  }

  #forget(key: string): void {
    const tape = this.#tapes.get(key)
    if (tape === undefined) return
    this.#bytes -= tape.bytes
    // Its stage may still run: what it adds from now on is counted, and given up with the next.
    tape.clear()
    this.#tapes.delete(key)
  }
}

function keyOf(
  requester: PeerId,
  { session, stage }: { readonly session: SessionId; readonly stage: number },
): string {
  return `${requester}/${session}/${stage}`
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
