/**
 * Expressions as a nondeterministic automaton over bytes whose edges may also call rules.
 *
 * @module
 */

import { refuse } from '../refuse.ts'
import { GRAMMAR_POSITIONS_MAX } from '../limits.ts'
import type { Expression } from './expression.ts'
import { byteSequences, type ByteRange } from './utf8-ranges.ts'

/** Reads one byte of [low, high]. */
export interface ByteEdge {
  readonly low: number
  readonly high: number
  readonly to: number
}

/** Goes on at `to` once the rule has been read. */
export interface CallEdge {
  readonly rule: number
  readonly to: number
}

/** What leads out of one position. */
export interface Position {
  readonly bytes: ByteEdge[]
  readonly calls: CallEdge[]
  /** Positions that are reached without reading. */
  readonly free: number[]
}

/** An automaton that grows by expressions (Thompson, "Regular expression search algorithm", CACM 11(6), 1968). */
export class Automaton {
  readonly positions: Position[] = []

  /** A new position without edges. Refuses the grammar when there are too many. */
  add(): number {
    if (this.positions.length >= GRAMMAR_POSITIONS_MAX) {
      refuse('GRAMMAR_LIMIT', `expected a grammar of at most ${GRAMMAR_POSITIONS_MAX} positions`)
    }
    return this.positions.push({ bytes: [], calls: [], free: [] }) - 1
  }

  /** The edges out of a position. */
  at(index: number): Position {
    return this.positions[index] as Position
  }

  /** Lays `expression` between two positions. */
  lay(expression: Expression, from: number, to: number): void {
    switch (expression.type) {
      case 'literal':
        this.#layRanges(
          Array.from(expression.bytes, (byte) => [byte, byte] as const),
          from,
          to,
        )
        break
      case 'class':
        this.#layClass(expression.ranges.flatMap(byteSequences), from, to)
        break
      case 'sequence':
        this.#laySequence(expression.parts, from, to)
        break
      case 'choice':
        for (const option of expression.options) this.lay(option, from, to)
        break
      case 'repeat':
        this.#layRepeat(expression, from, to)
        break
      case 'rule':
        this.at(from).calls.push({ rule: expression.rule, to })
        break
    }
  }

  /** Characters end alike: what any bytes of a continuation may end is one position for all. */
  #layClass(characters: readonly (readonly ByteRange[])[], from: number, to: number): void {
    const tails = [to]
    for (const ranges of characters) {
      let own = ranges.length
      while (own > 1 && isContinuation(ranges[own - 1])) own--
      for (let count = tails.length; count <= ranges.length - own; count++) {
        const tail = this.add()
        this.at(tail).bytes.push({ low: 0x80, high: 0xbf, to: tails[count - 1] as number })
        tails.push(tail)
      }
      this.#layRanges(ranges.slice(0, own), from, tails[ranges.length - own] as number)
    }
  }

  #layRanges(ranges: readonly ByteRange[], from: number, to: number): void {
    if (ranges.length === 0) this.at(from).free.push(to)
    let at = from
    for (const [index, [low, high]] of ranges.entries()) {
      const next = index === ranges.length - 1 ? to : this.add()
      this.at(at).bytes.push({ low, high, to: next })
      at = next
    }
  }

  #laySequence(parts: readonly Expression[], from: number, to: number): void {
    if (parts.length === 0) this.at(from).free.push(to)
    let at = from
    for (const [index, part] of parts.entries()) {
      const next = index === parts.length - 1 ? to : this.add()
      this.lay(part, at, next)
      at = next
    }
  }

  #layRepeat(
    { part, min, max }: Expression & { readonly type: 'repeat' },
    from: number,
    to: number,
  ): void {
    let at = from
    for (let count = 0; count < min; count++) at = this.#layOnce(part, at)
    if (max === undefined) {
      const loop = this.add()
      this.at(at).free.push(loop)
      this.lay(part, loop, loop)
      at = loop
    } else {
      for (let count = min; count < max; count++) {
        this.at(at).free.push(to)
        at = this.#layOnce(part, at)
      }
    }
    this.at(at).free.push(to)
  }

  #layOnce(part: Expression, from: number): number {
    const next = this.add()
    this.lay(part, from, next)
    return next
  }
}

function isContinuation(range: ByteRange | undefined): boolean {
  return range !== undefined && range[0] === 0x80 && range[1] === 0xbf
}

/** A class for each byte, rising from 0: bytes of one class are on the same edges everywhere. */
export function byteClasses(positions: readonly Position[]): Uint8Array {
  const starts = new Uint8Array(257)
  for (const { bytes } of positions) {
    for (const { low, high } of bytes) {
      starts[low] = 1
      starts[high + 1] = 1
    }
  }
  return numbered((byte) => starts[byte] === 1)
}

/** Classes that tell apart what any of `all` does. */
export function mergedClasses(all: readonly Uint8Array[]): Uint8Array {
  return numbered((byte) => all.some((classes) => classes[byte] !== classes[byte - 1]))
}

/** How many classes there are. */
export function classCount(classes: Uint8Array): number {
  return (classes[255] ?? 0) + 1
}

function numbered(startsClass: (byte: number) => boolean): Uint8Array {
  let found = 0
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    byte > 0 && startsClass(byte) ? ++found : found,
  )
}
