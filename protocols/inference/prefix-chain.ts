/**
 * Names of the beginnings of a text, so that a stage can say whether it has run one of them before.
 *
 *     chain[-1] = SHA-256(domain ‖ model)
 *     chain[i]  = SHA-256(chain[i - 1] ‖ tokens of block i as u32, little endian)
 *
 * A block is {@link PREFIX_BLOCK_ROWS} tokens; what is left at the end has no name. Whoever knows a
 * text can make its names, and nobody can make a text of a name that is not guessed.
 *
 * @module
 */

import { concatBytes, fromHex, utf8 } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { ModelId } from '../../core/ids.ts'
import { PREFIX_BLOCK_ROWS, PREFIX_BLOCKS_MAX } from './limits.ts'

const DOMAIN = utf8('brume/text-prefix/v1\0')

/** The names of the first block of `tokens`, of the first two, and so on. */
export function prefixChain(
  model: ModelId,
  tokens: ArrayLike<number>,
  sha256: Sha256,
): readonly Uint8Array[] {
  const blocks = Math.min(PREFIX_BLOCKS_MAX, Math.floor(tokens.length / PREFIX_BLOCK_ROWS))
  let name = sha256(concatBytes([DOMAIN, fromHex(model) ?? new Uint8Array(0)]))
  return Array.from({ length: blocks }, (_, block) => {
    const words = new Uint8Array(4 * PREFIX_BLOCK_ROWS)
    const view = new DataView(words.buffer)
    for (let row = 0; row < PREFIX_BLOCK_ROWS; row++) {
      view.setUint32(4 * row, tokens[block * PREFIX_BLOCK_ROWS + row] ?? 0, true)
    }
    name = sha256(concatBytes([name, words]))
    return name
  })
}
