/**
 * What an answer has to be: a JSON schema or a grammar, in a file.
 *
 * @module
 */

import type { Command } from 'commander'
import type { TextSpec } from '../api/schemas/texts.ts'
import type { Cli } from './cli.ts'
import { CliError } from './errors.ts'
import { readTextFile } from './prompt-source.ts'

export interface GuideOptions {
  readonly jsonSchema?: string
  readonly grammar?: string
}

/** Declares {@link GuideOptions}. */
export function addGuideOptions(command: Command): Command {
  return command
    .option('--json-schema <file>', 'let the answer be JSON that fits the schema in this file')
    .option('--grammar <file>', 'let the answer be of the grammar in this file, in GBNF')
}

/**
 * The part of a request that guides its text.
 *
 * @throws {CliError} `CLI_USAGE_INVALID` for two guides, `CLI_INPUT_UNREADABLE`, `CLI_INPUT_INVALID`,
 * `CLI_PROMPT_INVALID`.
 */
export async function readGuide(
  cli: Cli,
  { jsonSchema, grammar }: GuideOptions,
  /** For whom the options are, where they cannot be both. */
  command: string,
): Promise<Pick<TextSpec, 'schema' | 'grammar'>> {
  if (jsonSchema !== undefined && grammar !== undefined) {
    const problem = 'expected --json-schema or --grammar, got both'
    throw new CliError({ code: 'CLI_USAGE_INVALID', problem, command })
  }
  if (grammar !== undefined) return { grammar: await readTextFile(cli, grammar) }
  if (jsonSchema === undefined) return {}
  const text = await readTextFile(cli, jsonSchema)
  try {
    return { schema: JSON.parse(text) as unknown }
  } catch (error) {
    const problem = 'expected a schema in JSON'
    throw new CliError({ code: 'CLI_INPUT_INVALID', path: jsonSchema, problem }, { cause: error })
  }
}
