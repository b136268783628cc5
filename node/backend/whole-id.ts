/**
 * Ids that people shorten.
 *
 * @module
 */

/** Characters of an id that name it, when no other begins with them. */
const BEGINNING_MIN = 4

/** The one of `known` that begins with `text`, when there is only one; else `text` itself. */
export function wholeId(text: string, known: readonly { readonly id: string }[]): string {
  if (text.length < BEGINNING_MIN) return text
  const [only, ...others] = known.filter(({ id }) => id.startsWith(text))
  return only === undefined || others.length > 0 ? text : only.id
}
