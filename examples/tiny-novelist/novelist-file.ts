/**
 * Where the tiny novelist lies, and what it must answer.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Path of the GGUF file, 3.9 MB, with the tokenizer inside. */
export const NOVELIST_FILE = fileURLToPath(new URL('tiny-novelist.gguf', import.meta.url))

/** One prompt, and what the decoder that was trained says of it with the weights of the file. */
export interface NovelistReference {
  readonly prompt: string
  /** The prompt's tokens, the one that begins texts first. */
  readonly tokens: readonly number[]
  /** The likeliest next tokens and their logits, the largest first; from PyTorch, in floats. */
  readonly next: readonly (readonly [token: number, logit: number])[]
}

/** The references that train/check.py wrote. */
export async function readNovelistReferences(): Promise<readonly NovelistReference[]> {
  const file = new URL('reference.json', import.meta.url)
  return JSON.parse(await readFile(file, 'utf8')) as readonly NovelistReference[]
}
