/**
 * The prompt of a text: given as a word, in a file, or on standard input.
 *
 * @module
 */

import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import type { Cli } from './cli.ts'
import { CliError } from './errors.ts'

export interface PromptOptions {
  /** The prompt itself; `-` for what standard input holds. */
  readonly prompt: string | undefined
  readonly file: string | undefined
}

/** Bytes of a prompt: more than any context of today holds. */
const PROMPT_BYTES_MAX = 16_777_216

/**
 * The prompt as text. Of a file and of standard input, one line break at the end is left out,
 * as editors and `echo` add it.
 *
 * @throws {CliError} `CLI_USAGE_INVALID` unless there is one source, `CLI_INPUT_UNREADABLE`,
 * `CLI_PROMPT_INVALID`.
 */
export async function readPrompt(cli: Cli, { prompt, file }: PromptOptions): Promise<string> {
  if ((prompt === undefined) === (file === undefined)) {
    const problem = 'expected a prompt, - for standard input, or --file FILE'
    throw new CliError({ code: 'CLI_USAGE_INVALID', problem, command: 'brume generate' })
  }
  if (file !== undefined) return readTextFile(cli, file)
  if (prompt !== '-') return prompt ?? ''
  return readText(cli.surroundings.stdin(), 'standard input')
}

/** The text in `file`. @throws {CliError} `CLI_INPUT_UNREADABLE`, `CLI_PROMPT_INVALID`. */
export function readTextFile(cli: Cli, file: string): Promise<string> {
  const path = resolve(cli.surroundings.workingDir, file)
  return readText(createReadStream(path), path)
}

async function readText(source: AsyncIterable<unknown>, path: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of source) {
      const bytes = Buffer.from(chunk as Uint8Array)
      length += bytes.length
      if (length > PROMPT_BYTES_MAX) break
      chunks.push(bytes)
    }
  } catch (error) {
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path }, { cause: error })
  }
  if (length > PROMPT_BYTES_MAX) {
    throw new CliError({ code: 'CLI_PROMPT_INVALID', path, expected: 'at most 16 MiB of text' })
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    return text.replace(/\r?\n$/, '')
  } catch (error) {
    const expected = 'text in UTF-8'
    throw new CliError({ code: 'CLI_PROMPT_INVALID', path, expected }, { cause: error })
  }
}
