/**
 * What is still to happen in a simulation, the earliest first.
 *
 * A binary heap: a run pushes and pops one entry for each event, so nothing here may look at all of them.
 *
 * @module
 */

/** What happens, as a word of the trace. */
export const EVENT_KINDS = ['arrival', 'end', 'timer', 'work', 'fault', 'wish', 'story'] as const

/** One of {@link EVENT_KINDS}. */
export type EventKind = (typeof EVENT_KINDS)[number]

/** Something that happens at one device at one moment. */
export interface SimEvent {
  readonly atMs: number
  /** Events of the same moment happen in the order in which they were pushed. */
  readonly order: number
  readonly kind: EventKind
  /** The device that it happens at. */
  readonly device: number
  readonly act: () => void
}

/** A priority queue of events by time, then by order. */
export class EventQueue {
  readonly #heap: SimEvent[] = []

  get length(): number {
    return this.#heap.length
  }

  push(event: SimEvent): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as SimEvent
      if (isBefore(above, event)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  /** The earliest event, taken out; undefined when nothing is left to happen. */
  pop(): SimEvent | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    this.#sink(last)
    return first
  }

  /** Puts `event` into the free place at the top. */
  #sink(event: SimEvent): void {
    const heap = this.#heap
    const { length } = heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= length) break
      const right = child + 1
      if (right < length && isBefore(heap[right] as SimEvent, heap[child] as SimEvent))
        child = right
      const below = heap[child] as SimEvent
      if (isBefore(event, below)) break
      heap[at] = below
      at = child
    }
    heap[at] = event
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
