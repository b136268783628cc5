/**
 * How a deep part of this room gives up on a stranger's data: one private exception, caught at the door.
 *
 * @module
 */

import type { ModelErrorCode, Result } from './errors.ts'

class Refusal extends Error {
  readonly code: ModelErrorCode

  constructor(code: ModelErrorCode, reason: string) {
    super(reason)
    this.code = code
  }
}

/** Ends the surrounding {@link attempt} with a refusal. */
export function refuse(code: ModelErrorCode, reason: string): never {
  throw new Refusal(code, reason)
}

/** What `make` returns, or the refusal that ended it. */
export function attempt<T>(make: () => T): Result<T> {
  try {
    return { type: 'value', value: make() }
  } catch (error) {
    // Refusals inside the recursion travel as exceptions and become a value at this border.
    if (error instanceof Refusal)
      return { type: 'refused', code: error.code, reason: error.message }
    throw error
  }
}
