/**
 * The last word of every source, put together to one reading a signal.
 *
 * Sources never argue: who says that somebody is there is believed, and a source that has failed
 * makes its signals stale, whatever the others say.
 *
 * @module
 */

import { known, type Reading } from '../reading.ts'
import type { Readings, SignalName, Signals } from '../signals.ts'
import type { Certainty, SignalValues } from './source.ts'

interface Word {
  readonly values: SignalValues
  readonly atMs: number
  readonly certainty: Certainty
  /** Why it is not believed any more. */
  readonly failed: string | undefined
}

type Merge<Name extends SignalName> = (values: readonly Signals[Name][]) => Signals[Name]

const anyOf = (values: readonly boolean[]): boolean => values.includes(true)
const together = <T>(values: readonly (readonly T[])[]): readonly T[] => values.flat()
const first = <T>(values: readonly T[]): T => values[0] as T

/** How the values of several sources, at least one, become one. */
const MERGES: { readonly [Name in SignalName]: Merge<Name> } = {
  lastInputAtMs: (values) => Math.max(...values),
  // Somebody may sit at the session that is not locked.
  locked: (values) => !values.includes(false),
  screenOn: anyOf,
  inhibitors: together,
  media: anyOf,
  fullscreen: anyOf,
  call: anyOf,
  exclusiveApps: together,
  cpu: first,
  pressure: first,
  memory: first,
  thermal: together,
  board: first,
  supplies: together,
  batteries: together,
  gpus: together,
  network: first,
  disk: first,
  lidClosed: anyOf,
  sleepPending: anyOf,
  wish: first,
  isolation: first,
  work: first,
}

const NAMES = Object.keys(MERGES) as SignalName[]

export class SignalBoard {
  readonly #words = new Map<string, Word>()

  /** `source` says `values` at `atMs`; what it said before is forgotten. */
  say(source: string, values: SignalValues, atMs: number, certainty: Certainty = 'seen'): void {
    this.#words.set(source, { values, atMs, certainty, failed: undefined })
  }

  /** What `source` said last is not believed any more. False when it never said anything. */
  fail(source: string, why: string): boolean {
    const word = this.#words.get(source)
    if (word === undefined) return false
    this.#words.set(source, { ...word, failed: why })
    return true
  }

  /** `source` is gone for good: others speak for the device now. */
  forget(source: string): void {
    this.#words.delete(source)
  }

  /** All signals; those of which nobody has ever said anything are left out. */
  readings(): Readings {
    const entries = NAMES.flatMap((name) => {
      const reading = this.#reading(name)
      return reading === undefined ? [] : [[name, reading] as const]
    })
    return Object.fromEntries(entries) as Readings
  }

  #reading<Name extends SignalName>(name: Name): Reading<Signals[Name]> | undefined {
    const all = [...this.#words.values()].filter(({ values }) => values[name] !== undefined)
    const knows = all.some(({ certainty, failed }) => certainty === 'exact' && failed === undefined)
    // A guess is of no use beside somebody who knows.
    const words = knows ? all.filter(({ certainty }) => certainty !== 'guessed') : all
    if (words.length === 0) return undefined
    const merge = MERGES[name] as Merge<Name>
    const value = merge(words.map(({ values }) => values[name] as Signals[Name]))
    const atMs = Math.min(...words.map((word) => word.atMs))
    const why = words.find(({ failed }) => failed !== undefined)?.failed
    return why === undefined ? known(value, atMs) : { quality: 'stale', value, atMs, why }
  }
}
