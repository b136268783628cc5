/**
 * The receipts of a job or of a text as they go on, each by its task.
 *
 * @module
 */

import type { Settlement } from '../../api/schemas/jobs.ts'
import type { OrderView } from '../../receipts/session-orders.ts'

export class Settlements {
  readonly #byId = new Map<string, Settlement>()

  note(replica: number, { milliCredits, mflop, ...view }: OrderView): void {
    this.#byId.set(view.id, { ...view, replica, credits: milliCredits / 1_000, megaflops: mflop })
  }

  /** In the order in which the work was ordered. */
  show(): Settlement[] {
    return [...this.#byId.values()]
  }
}
