/**
 * `brume generate`: lets a model write on from a prompt, and shows the words as they come.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import type { TextSpec } from '../../api/schemas/texts.ts'
import { followText, type ResumedText } from '../follow-text.ts'
import { addGuideOptions, type GuideOptions, readGuide } from '../guide-source.ts'
import { numberWithin } from '../option-values.ts'
import { readPrompt } from '../prompt-source.ts'
import { textSummaryLines } from '../text-report.ts'
import { addTextOptions, type TextOptions, textRequest } from '../text-request.ts'

interface GenerateOptions extends TextOptions, GuideOptions {
  readonly file?: string
  readonly logprobs?: number
  readonly resume?: string
}

/** Alternatives of a token that the API gives. */
const LOGPROBS_MAX = 20

export function addGenerate(program: Command, cli: Cli): void {
  const command = program
    .command('generate')
    .description('let a model write on from a prompt')
    .argument('[model]', 'id or name of a model that generates')
    .argument('[prompt]', 'what it goes on from; - reads it from standard input')
    .option('--file <file>', 'read the prompt from a file')
    .option('--resume <text>', 'take up a text again that was not written to its end')
    .option(
      '--logprobs <count>',
      'with --json: how likely each token was, and so many others',
      numberWithin(1, LOGPROBS_MAX),
    )
  addGuideOptions(addTextOptions(command)).action(
    (model: string | undefined, prompt: string | undefined, options: GenerateOptions) =>
      generate(cli, { model, prompt, options }),
  )
}

interface Words {
  readonly model: string | undefined
  readonly prompt: string | undefined
  readonly options: GenerateOptions
}

async function generate(cli: Cli, words: Words): Promise<void> {
  const request = await requestOf(cli, words)
  const client = await cli.client()
  const { text, tokens } = await followText(cli, client, request, { stages: true })
  if (cli.options.json === true) cli.terminal.json({ text, tokens })
  else for (const line of textSummaryLines(text)) cli.terminal.note(line)
}

/** What is asked of the daemon. @throws {CliError} for words that do not go together. */
async function requestOf(
  cli: Cli,
  { model, prompt: given, options }: Words,
): Promise<TextSpec | ResumedText> {
  const { file, logprobs, resume } = options
  if (resume !== undefined) {
    if (model === undefined && file === undefined) return { resume }
    throw invalid('expected no model and no prompt with --resume')
  }
  if (model === undefined) throw invalid('expected a model, or --resume with a text')
  if (logprobs !== undefined && cli.options.json !== true) {
    throw invalid('expected --json with --logprobs')
  }
  const prompt = await readPrompt(cli, { prompt: given, file })
  const guide = await readGuide(cli, options, 'brume generate')
  const { sampling, ...rest } = textRequest(options)
  return {
    model,
    prompt,
    ...rest,
    ...guide,
    sampling: { ...sampling, ...(logprobs === undefined ? {} : { logprobs }) },
  }
}

function invalid(problem: string): CliError {
  return new CliError({ code: 'CLI_USAGE_INVALID', problem, command: 'brume generate' })
}
