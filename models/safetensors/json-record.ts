/**
 * Objects of a stranger's JSON, each value with the rule that it must keep.
 *
 * @module
 */

import { textOf } from '../../core/bytes.ts'
import { refuse } from '../refuse.ts'

export class JsonRecord {
  readonly #values: ReadonlyMap<string, unknown>
  /** What messages call it. */
  readonly #name: string

  constructor(name: string, values: object) {
    this.#name = name
    this.#values = new Map(Object.entries(values))
  }

  /** The object that these bytes hold. Refuses all else. */
  static parse(name: string, bytes: Uint8Array): JsonRecord {
    let value: unknown
    try {
      value = JSON.parse(textOf(bytes) ?? '')
    } catch {
      // What the parser says quotes the file: a stranger's text.
      return refuse('SAFETENSORS_MALFORMED', `expected JSON in ${name}`)
    }
    return isObject(value)
      ? new JsonRecord(name, value)
      : refuse('SAFETENSORS_MALFORMED', `expected an object in ${name}`)
  }

  entries(): readonly (readonly [string, unknown])[] {
    return [...this.#values]
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined
  }

  /** A whole number of 1 or more. */
  size(key: string, most: number): number {
    return this.optionalSize(key, most) ?? this.#missing(key)
  }

  optionalSize(key: string, most: number): number | undefined {
    const size = this.optionalNumber(key, 1, most)
    if (size === undefined || Number.isInteger(size)) return size
    return this.#refuse(key, 'a whole number')
  }

  number(key: string, least: number, most: number): number {
    return this.optionalNumber(key, least, most) ?? this.#missing(key)
  }

  optionalNumber(key: string, least: number, most: number): number | undefined {
    const value = this.#get(key)
    if (value === undefined) return undefined
    if (typeof value === 'number' && value >= least && value <= most) return value
    return this.#refuse(key, `a number from ${least} to ${most}`)
  }

  optionalText(key: string): string | undefined {
    const value = this.#get(key)
    if (value === undefined || typeof value === 'string') return value
    return this.#refuse(key, 'text')
  }

  optionalFlag(key: string): boolean | undefined {
    const value = this.#get(key)
    if (value === undefined || typeof value === 'boolean') return value
    return this.#refuse(key, 'true or false')
  }

  optionalRecord(key: string): JsonRecord | undefined {
    const value = this.#get(key)
    if (value === undefined) return undefined
    if (isObject(value)) return new JsonRecord(`${this.#name} ${key}`, value)
    return this.#refuse(key, 'an object')
  }

  /** A list, also where the file has its only element alone. */
  list(key: string): readonly unknown[] {
    const value = this.#get(key)
    if (value === undefined) return []
    return Array.isArray(value) ? value : [value]
  }

  /** Null says the same as nothing. */
  #get(key: string): unknown {
    return this.#values.get(key) ?? undefined
  }

  #missing(key: string): never {
    const reason = `expected ${key} in ${this.#name}, got no such key`
    return refuse('SAFETENSORS_MODEL_INVALID', reason)
  }

  #refuse(key: string, expected: string): never {
    const reason = `expected ${expected} for ${key} in ${this.#name}`
    return refuse('SAFETENSORS_MODEL_INVALID', reason)
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
