/**
 * What a schema has against a request, in the words of all our errors: `expected X, got Y`.
 *
 * @module
 */

import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/** What the bounds of each kind of value count. */
const COUNTED: Readonly<Record<string, string>> = { string: 'character', array: 'item' }

/**
 * One issue in a few words.
 *
 * @example
 * ```ts
 * const issue = { code: 'too_big', origin: 'number', maximum: 8, path: [], message: '' } as const
 * issueText(issue) // => 'expected at most 8'
 * ```
 */
export function issueText(issue: Issue): string {
  switch (issue.code) {
    case 'too_small':
      return `expected at least ${amountText(issue.minimum, issue.origin)}`
    case 'too_big':
      return `expected at most ${amountText(issue.maximum, issue.origin)}`
    case 'invalid_value':
      return `expected ${listText(issue.values.map(String))}`
    case 'unrecognized_keys':
      return `expected known names only, got ${issue.keys.join(', ')}`
    case 'invalid_union':
      return unionText(issue.errors)
    default:
      // Zod's own words for types, and ours where a schema brings some.
      return issue.message
        .replace(/^Invalid input: /, '')
        .replace(', received ', ', got ')
        .replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
  }
}

function amountText(bound: number | bigint, origin: string): string {
  const noun = COUNTED[origin]
  return noun === undefined ? String(bound) : `${bound} ${noun}${bound === 1 ? '' : 's'}`
}

/** Each way in which the value might have been right, once. */
function unionText(ways: readonly (readonly Issue[])[]): string {
  const texts = ways.flatMap(([first]) => (first === undefined ? [] : [issueText(first)]))
  const expected = [...new Set(texts)].map((text) => text.replace(/^expected /, ''))
  return expected.length === 0 ? 'expected another form' : `expected ${listText(expected)}`
}

function listText(values: readonly string[]): string {
  const last = values.at(-1) ?? ''
  return values.length < 2 ? last : `${values.slice(0, -1).join(', ')} or ${last}`
}
