/**
 * Text that others chose, made harmless for a terminal or a log: names travel from device to device.
 *
 * @module
 */

/** Controls, marks that change the direction of text or hide in it, and line breaks of all kinds. */
const UNPRINTABLE = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]`
const EACH = new RegExp(UNPRINTABLE, 'gu')
/** A colour, a line break or a tabulator, which stay in text for people; then all the rest. */
const STYLED = new RegExp(String.raw`(\u001B\[[\d;]*m|[\n\t])|${UNPRINTABLE}`, 'gu')

/** Stands for what was there. */
const REPLACEMENT = '\uFFFD'

/**
 * `text` with everything replaced that a terminal would obey or a reader not see.
 *
 * @example
 * ```ts
 * printable('a\u001B[2Jb\n') // => 'a\uFFFD[2Jb\uFFFD'
 * ```
 */
export function printable(text: string): string {
  return text.replaceAll(EACH, REPLACEMENT)
}

/** As {@link printable}, for whole lines that carry colours of our own. */
export function printableLines(text: string): string {
  return text.replaceAll(STYLED, (_, kept: string | undefined) => kept ?? REPLACEMENT)
}

/** JSON with the same characters escaped, so that it still means the same. */
export function printableJson(json: string): string {
  return json.replaceAll(EACH, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
