/**
 * `brume generate`: lets a model write on from a prompt, and shows the words as they come.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { followText } from '../follow-text.ts'
import { addGuideOptions, type GuideOptions, readGuide } from '../guide-source.ts'
import { numberWithin } from '../option-values.ts'
import { readPrompt } from '../prompt-source.ts'
import { textSummaryLines } from '../text-report.ts'
import { addTextOptions, type TextOptions, textRequest } from '../text-request.ts'

interface GenerateOptions extends TextOptions, GuideOptions {
  readonly file?: string
  readonly logprobs?: number
}

/** Alternatives of a token that the API gives. */
const LOGPROBS_MAX = 20

export function addGenerate(program: Command, cli: Cli): void {
  const command = program
    .command('generate')
    .description('let a model write on from a prompt')
    .argument('<model>', 'id or name of a model that generates')
    .argument('[prompt]', 'what it goes on from; - reads it from standard input')
    .option('--file <file>', 'read the prompt from a file')
    .option(
      '--logprobs <count>',
      'with --json: how likely each token was, and so many others',
      numberWithin(1, LOGPROBS_MAX),
    )
  addGuideOptions(addTextOptions(command)).action(
    (model: string, prompt: string | undefined, options: GenerateOptions) =>
      generate(cli, { model, prompt, options }),
  )
}

interface Words {
  readonly model: string
  readonly prompt: string | undefined
  readonly options: GenerateOptions
}

async function generate(cli: Cli, { model, prompt: given, options }: Words): Promise<void> {
  const { file, logprobs } = options
  if (logprobs !== undefined && cli.options.json !== true) {
    const problem = 'expected --json with --logprobs'
    throw new CliError({ code: 'CLI_USAGE_INVALID', problem, command: 'brume generate' })
  }
  const prompt = await readPrompt(cli, { prompt: given, file })
  const guide = await readGuide(cli, options, 'brume generate')
  const client = await cli.client()
  const { sampling, ...rest } = textRequest(options)
  const request = {
    model,
    prompt,
    ...rest,
    ...guide,
    sampling: { ...sampling, ...(logprobs === undefined ? {} : { logprobs }) },
  }
  const { text, tokens } = await followText(cli, client, request, { stages: true })
  if (cli.options.json === true) cli.terminal.json({ text, tokens })
  else for (const line of textSummaryLines(text)) cli.terminal.note(line)
}
