/**
 * Work that takes longer than a request: started, followed, cancelled, and remembered for a while.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import { type EventFeed, EventLog } from '../api/event-log.ts'
import type { ModelSummary } from '../api/schemas/models.ts'
import type {
  OperationEvent,
  OperationProgress,
  OperationRef,
  OperationView,
} from '../api/schemas/operations.ts'
import type { Problem } from '../api/schemas/problem.ts'

/** Operations that are remembered after they ended. */
const KEPT_MAX = 100

/** What the work of an operation is given. */
export interface OperationWork {
  readonly signal: AbortSignal
  readonly progress: (progress: OperationProgress) => void
}

export interface OperationsComponents {
  readonly clock: Clock
  readonly problemOf: (error: unknown) => Problem
}

interface Operation {
  view: OperationView
  readonly events: EventLog<OperationEvent>
  readonly abort: AbortController
}

export class Operations {
  readonly #components: OperationsComponents
  readonly #operations = new Map<string, Operation>()
  readonly #running = new Set<Promise<void>>()

  constructor(components: OperationsComponents) {
    this.#components = components
  }

  /** Starts `work`; what it resolves to is the operation's result. */
  begin(
    kind: OperationView['kind'],
    work: (work: OperationWork) => Promise<ModelSummary | undefined>,
  ): OperationRef {
    const id = randomBytes(8).toString('hex')
    const createdMs = Math.round(this.#components.clock.wallMs())
    const operation: Operation = {
      view: { id, kind, state: 'running', createdMs },
      events: new EventLog<OperationEvent>(),
      abort: new AbortController(),
    }
    this.#operations.set(id, operation)
    const running = this.#run(operation, work)
    this.#running.add(running)
    void running.finally(() => this.#running.delete(running))
    this.#forgetOldest()
    return { operation: id }
  }

  view(id: string): OperationView | undefined {
    return this.#operations.get(id)?.view
  }

  events(id: string): EventFeed<OperationEvent> | undefined {
    return this.#operations.get(id)?.events
  }

  cancel(id: string): OperationView | undefined {
    const operation = this.#operations.get(id)
    operation?.abort.abort()
    return operation?.view
  }

  /** Cancels what runs and waits for it. */
  async stop(): Promise<void> {
    for (const { abort } of this.#operations.values()) abort.abort()
    await Promise.all(this.#running)
  }

  async #run(
    operation: Operation,
    work: (work: OperationWork) => Promise<ModelSummary | undefined>,
  ): Promise<void> {
    const { events, abort } = operation
    const progress = (step: OperationProgress): void => {
      operation.view = { ...operation.view, progress: step }
      events.append({ type: 'progress', ...step })
    }
    try {
      const result = await work({ signal: abort.signal, progress })
      const model = result === undefined ? {} : { result, model: result.id }
      operation.view = { ...operation.view, state: 'done', ...model }
      events.append({ type: 'done', ...(result === undefined ? {} : { result }) })
    } catch (error) {
      if (abort.signal.aborted) {
        operation.view = { ...operation.view, state: 'cancelled' }
        events.append({ type: 'cancelled' })
      } else {
        const problem = this.#components.problemOf(error)
        operation.view = { ...operation.view, state: 'failed', error: problem }
        events.append({ type: 'failed', error: problem })
      }
    }
    events.end()
  }

  #forgetOldest(): void {
    for (const [id, { view }] of this.#operations) {
      if (this.#operations.size <= KEPT_MAX) return
      if (view.state !== 'running') this.#operations.delete(id)
    }
  }
}
