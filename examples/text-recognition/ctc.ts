/**
 * Text from the recognition network's probabilities, by greedy CTC decoding.
 *
 * The network gives, for each step of eight pixels, how likely each character
 * is, and how likely none (the blank, class 0). The likeliest class of each
 * step is taken; runs of one class are one character, blanks part equal
 * characters (Graves et al., ICML 2006, section 3.2).
 *
 * @module
 */

/** What each class of the network stands for: first the blank (nothing), last the space. */
export type Alphabet = readonly string[]

/** A line of text as the network read it. */
export interface Reading {
  readonly text: string
  /** Mean probability of its characters, in [0, 1]; 0 for no text. */
  readonly confidence: number
}

/**
 * The alphabet of a dictionary file: one character a line, after the blank and before the space.
 *
 * @example
 * ```ts
 * alphabetOf('a\nb\n') // => ['', 'a', 'b', ' ']
 * ```
 */
export function alphabetOf(dictionary: string): Alphabet {
  const lines = dictionary.replaceAll('\r', '').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return ['', ...lines, ' ']
}

/**
 * The text in `probabilities`: `alphabet.length` values for each step, steps in order.
 *
 * A space between two characters is also taken where none is the likeliest class
 * of a single step, but the chance that at least one of the steps between them is
 * a space reaches `spaceChanceMin`. The network was trained mostly on Chinese,
 * which has no spaces, and holds them back; within words that chance stays below 0.001.
 *
 * @param spaceChanceMin - In (0, 1]; 1 for plain greedy decoding.
 */
export function decodeCtc(
  probabilities: Float32Array,
  alphabet: Alphabet,
  spaceChanceMin: number,
): Reading {
  const classes = alphabet.length
  let text = ''
  let sum = 0
  let count = 0
  let before = 0
  let noSpaceChance = 1
  for (let from = 0; from + classes <= probabilities.length; from += classes) {
    const best = likeliest(probabilities, from, classes)
    if (best === 0 || best === before) {
      noSpaceChance *= 1 - (probabilities[from + classes - 1] as number)
    } else {
      const spaced = count > 0 && 1 - noSpaceChance >= spaceChanceMin
      if (spaced && best !== classes - 1 && !text.endsWith(' ')) text += ' '
      text += alphabet[best] as string
      sum += probabilities[from + best] as number
      count++
      noSpaceChance = 1
    }
    before = best
  }
  return { text: text.trim(), confidence: count === 0 ? 0 : sum / count }
}

/**
 * `text` with full-width letters, digits and marks made plain, unless it has Chinese characters beside them.
 *
 * The alphabet has both forms, and in print they look alike.
 *
 * @example
 * ```ts
 * halfWidth('3 crates，２') // => '3 crates,2'
 * halfWidth('中，２') // => '中，２'
 * ```
 */
export function halfWidth(text: string): string {
  if (/\p{Script=Han}/u.test(text)) return text
  return text.replaceAll(/[\uFF01-\uFF5E]/gu, (mark) =>
    String.fromCodePoint((mark.codePointAt(0) as number) - 0xfee0),
  )
}

/** The first class with the highest value among `classes` of them from `from` on. */
function likeliest(values: Float32Array, from: number, classes: number): number {
  let best = 0
  for (let index = 1; index < classes; index++) {
    if ((values[from + index] as number) > (values[from + best] as number)) best = index
  }
  return best
}
