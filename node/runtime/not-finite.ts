/**
 * What a stage made is no number: of good numbers a sound device and model make numbers.
 *
 * @module
 */

/** What was made, in words: `output 0`. */
export class NotFiniteError extends Error {
  constructor(what: string) {
    super(`${what} is not finite`)
  }
}
