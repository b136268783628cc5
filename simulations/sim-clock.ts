/**
 * Virtual time: it stands still while something happens, and jumps to what happens next.
 *
 * @module
 */

import { EVENT_KINDS, EventQueue, type EventKind } from './event-queue.ts'
import { Trace } from './trace.ts'

const KIND_NUMBERS = Object.fromEntries(EVENT_KINDS.map((kind, index) => [kind, index])) as Record<
  EventKind,
  number
>

/** The clock of a simulation, and the list of what is still to happen. */
export class SimClock {
  readonly #queue = new EventQueue()
  readonly #trace = new Trace()
  readonly #story: string[] = []
  #nowMs = 0
  #events = 0
  #order = 0

  /** Milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Events that have happened so far. */
  get events(): number {
    return this.#events
  }

  /** What was told so far, a line for each thing worth reading. */
  get story(): readonly string[] {
    return this.#story
  }

  /** Lets `act` happen at `device` in `ms` from now; less than nothing is now. */
  after(ms: number, kind: EventKind, device: number, act: () => void): void {
    const atMs = this.#nowMs + Math.max(0, ms)
    this.#queue.push({ atMs, order: this.#order++, kind, device, act })
  }

  /** Adds a line to the story and to the trace. */
  tell(line: string): void {
    this.#story.push(`${this.#nowMs.toFixed(0).padStart(8)} ms  ${line}`)
    this.#trace.text(line)
  }

  /** Lets things happen until `done` says so, or nothing is left, or `untilMs` is reached. */
  run(untilMs: number, done: () => boolean): void {
    while (!done() && this.step(untilMs));
  }

  /** Lets the next thing happen; false when nothing is left, or `untilMs` is reached. */
  step(untilMs: number): boolean {
    const event = this.#queue.pop()
    if (event === undefined) return false
    if (event.atMs > untilMs) {
      // It has not happened: a later run may get there.
      this.#queue.push(event)
      this.#nowMs = Math.max(this.#nowMs, untilMs)
      return false
    }
    this.#nowMs = event.atMs
    this.#events++
    this.#trace.note(event.atMs, KIND_NUMBERS[event.kind], event.device)
    event.act()
    return true
  }

  /** The hash of everything that happened and was told, in hex; ends the trace. */
  traceHash(): string {
    return this.#trace.digest()
  }
}
