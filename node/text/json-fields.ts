/**
 * Values of JSON in a stranger's tokenizer, with refusals that say what was expected.
 *
 * @module
 */

import { TextError } from './errors.ts'

/** A value of JSON with fields. */
export type Fields = Readonly<Record<string, unknown>>

/** The object, or a refusal. */
export function fieldsOf(value: unknown, expected: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw invalid(expected)
}

/** The same, or null when there is none. */
export function optionalFields(value: unknown, expected: string): Fields | null {
  return value === undefined || value === null ? null : fieldsOf(value, expected)
}

export function listOf(value: unknown, expected: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw invalid(expected)
}

export function invalid(expected: string): TextError {
  return new TextError({ code: 'TEXT_TOKENIZER_INVALID', expected })
}

/** @param kind - A stranger's word: only a short plain one is shown. */
export function unsupported(what: string, kind: unknown): TextError {
  const plain = typeof kind === 'string' && /^[A-Za-z0-9_-]{1,40}$/.test(kind)
  const part = `${what} ${plain ? kind : 'of another kind'}`
  return new TextError({ code: 'TEXT_TOKENIZER_UNSUPPORTED', part })
}
