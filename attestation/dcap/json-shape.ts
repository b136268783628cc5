/**
 * Values inside Intel's JSON, each checked for what it should be.
 *
 * @module
 */

import { fromHex } from '../../core/bytes.ts'
import { refuse } from '../errors.ts'

const ITEMS_MAX = 256

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : malformed(`${what} is no object`)
}

export function list(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) && value.length <= ITEMS_MAX ? value : malformed(`${what} is no list`)
}

export function text(value: unknown): string {
  return typeof value === 'string' && value.length <= 256 ? value : malformed('expected text')
}

export function unsigned(value: unknown): number {
  const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  return fits ? value : malformed('expected an unsigned integer')
}

/** Hex of either case, as bytes. */
export function hex(value: unknown): Uint8Array {
  return fromHex(text(value).toLowerCase()) ?? malformed('expected hexadecimal')
}

/** An instant, in milliseconds since 1970. */
export function timeText(value: unknown): number {
  const given = text(value)
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(given) ? Date.parse(given) : Number.NaN
  return Number.isNaN(ms) ? malformed('expected an instant') : ms
}

function malformed(reason: string): never {
  refuse('DCAP_COLLATERAL_MALFORMED', reason)
}
