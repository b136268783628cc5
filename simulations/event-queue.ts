/**
 * What is still to happen in a simulation, the earliest first.
 *
 * A heap: a run pushes and pops one entry for each event, so nothing here may look at all of them.
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

/** Children of a place in the heap: four lie beside one another in memory, and halve the depth. */
const ARITY = 4

/** A priority queue of events by time, then by order. */
export class EventQueue {
  readonly #heap: SimEvent[] = []
  /** Times and orders of the heap, apart from the events: comparing them touches nothing else. */
  #times = new Float64Array(1_024)
  #orders = new Float64Array(1_024)

  get length(): number {
    return this.#heap.length
  }

  push(event: SimEvent): void {
    const { atMs, order } = event
    let at = this.#heap.length
    if (at === this.#times.length) this.#grow()
    const times = this.#times
    const orders = this.#orders
    while (at > 0) {
      const parent = Math.floor((at - 1) / ARITY)
      const above = times[parent] as number
      if (above < atMs || (above === atMs && (orders[parent] as number) < order)) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(event, at)
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
    const { atMs, order } = event
    const times = this.#times
    const orders = this.#orders
    const { length } = this.#heap
    let at = 0
    for (;;) {
      const from = ARITY * at + 1
      if (from >= length) break
      const to = Math.min(from + ARITY, length)
      let child = from
      for (let other = from + 1; other < to; other++) {
        const time = times[other] as number
        const best = times[child] as number
        if (time < best || (time === best && (orders[other] as number) < (orders[child] as number)))
          child = other
      }
      const time = times[child] as number
      if (atMs < time || (atMs === time && order < (orders[child] as number))) break
      this.#move(child, at)
      at = child
    }
    this.#put(event, at)
  }

  #put(event: SimEvent, at: number): void {
    this.#heap[at] = event
    this.#times[at] = event.atMs
    this.#orders[at] = event.order
  }

  #move(from: number, to: number): void {
    this.#heap[to] = this.#heap[from] as SimEvent
    this.#times[to] = this.#times[from] as number
    this.#orders[to] = this.#orders[from] as number
  }

  #grow(): void {
    this.#times = doubled(this.#times)
    this.#orders = doubled(this.#orders)
  }
}

function doubled(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(2 * values.length)
  grown.set(values)
  return grown
}
