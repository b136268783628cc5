/**
 * Words of a stranger's file in messages.
 *
 * @module
 */

/** `text` where it is a short word of plain letters, digits and marks, else what stands for any other. */
export function plainWord(text: string): string {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text) ? text : 'an unprintable name'
}
