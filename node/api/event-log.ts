/**
 * What happened to one job or operation so far, for readers who come late or come back.
 *
 * The owner appends; any number of readers follow, each at its own pace, from
 * any event on. Only the latest events are kept: they carry states, not
 * differences, so a reader that was away for too long still ends up right.
 *
 * @module
 */

/** An event and its number, which grows by 1 from 1 on. */
export interface LoggedEvent<Event> {
  readonly id: number
  readonly event: Event
}

/** The reading side of an {@link EventLog}. */
export interface EventFeed<Event> {
  /**
   * Yields the events after number `afterId`, then each new one; returns after the last event of
   * a log that has ended, or when `signal` aborts.
   */
  follow(afterId: number, signal: AbortSignal): AsyncIterable<LoggedEvent<Event>>
}

/** Events that a log keeps unless it is told otherwise. */
const EVENTS_KEPT_MAX = 1_000

export class EventLog<Event> implements EventFeed<Event> {
  readonly #keptMax: number
  readonly #kept: LoggedEvent<Event>[] = []
  readonly #waiting = new Set<() => void>()
  #lastId = 0
  #ended = false

  /** @param keptMax - Events that are kept for late readers, at least 1. */
  constructor(keptMax: number = EVENTS_KEPT_MAX) {
    this.#keptMax = keptMax
  }

  /** Adds an event; ignored after `end`. */
  append(event: Event): void {
    if (this.#ended) return
    this.#lastId++
    this.#kept.push({ id: this.#lastId, event })
    if (this.#kept.length > this.#keptMax) this.#kept.shift()
    this.#wake()
  }

  /** Says that nothing more will happen. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *follow(afterId: number, signal: AbortSignal): AsyncGenerator<LoggedEvent<Event>> {
    const wake = (): void => this.#wake()
    signal.addEventListener('abort', wake)
    try {
      let seenId = afterId
      while (!signal.aborted) {
        const next = this.#after(seenId)
        if (next !== undefined) {
          seenId = next.id
          yield next
        } else if (this.#ended) {
          return
        } else {
          await this.#changed()
        }
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  /** The oldest kept event after number `id`: numbers have no gaps. */
  #after(id: number): LoggedEvent<Event> | undefined {
    const oldest = this.#kept[0]?.id ?? 0
    return this.#kept[Math.max(0, id + 1 - oldest)]
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }

  /** Resolves at the next change, or when any reader stops: readers look again. */
  async #changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.add(resolve)
    await promise
  }
}
