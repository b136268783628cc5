/**
 * `brume chat`: a conversation with a model, an answer a line.
 *
 * @module
 */

import type { Command } from 'commander'
import type { ModelDetail } from '../../api/schemas/models.ts'
import type { TextSpec, TextView } from '../../api/schemas/texts.ts'
import { type ApiClient, RemoteProblem } from '../api-client.ts'
import { type Cli, Interrupted } from '../cli.ts'
import { Conversation } from '../conversation.ts'
import { CliError } from '../errors.ts'
import { reportFailure } from '../failure-report.ts'
import { followText } from '../follow-text.ts'
import { addGuideOptions, type GuideOptions, readGuide } from '../guide-source.ts'
import { textSummaryLines } from '../text-report.ts'
import { addTextOptions, type TextOptions, textRequest } from '../text-request.ts'
import { typedLines } from '../typed-lines.ts'

interface ChatOptions extends TextOptions, GuideOptions {
  readonly system: string
}

const HELP = [
  '/reset        forget what was said',
  '/system TEXT  what the model is told first; without TEXT, nothing',
  '/stats        how the last answer was written',
  '/help         this',
  '/exit         the end, as is Ctrl-D',
  'Ctrl-C stops an answer. A line that is to begin with / begins with //.',
]

export function addChat(program: Command, cli: Cli): void {
  const command = program
    .command('chat')
    .description('talk with a model; /help lists what else can be typed')
    .argument('<model>', 'id or name of a model with a chat template')
    .option('--system <text>', 'what the model is told first', '')
  addGuideOptions(addTextOptions(command)).action((model: string, options: ChatOptions) =>
    chat(cli, model, options),
  )
}

async function chat(cli: Cli, model: string, options: ChatOptions): Promise<void> {
  const guide = await readGuide(cli, options, 'brume chat')
  const client = await cli.client()
  await checkTemplate(client, model)
  const talk = new Chat(cli, client, {
    asked: { model, ...textRequest(options), ...guide },
    system: options.system,
  })
  const typed = cli.surroundings.stdin().isTTY === true
  if (typed) cli.terminal.note('/help lists what can be typed, /exit ends')
  for await (const line of typedLines(cli)) {
    try {
      if (!(await talk.take(line.trim()))) return
    } catch (error) {
      // Who types can try something else; a script must hear of it.
      if (!typed) throw error
      await reportFailure(cli.terminal, error, cli.options)
    }
  }
}

/** A model that is not here is asked for, and checked, with the first question. */
async function checkTemplate(client: ApiClient, model: string): Promise<void> {
  try {
    const { name, text } = await client.get<ModelDetail>(`/v1/models/${encodeURIComponent(model)}`)
    if (text?.chatTemplate === false) {
      throw new CliError({ code: 'CLI_CHAT_UNSUPPORTED', model: name })
    }
  } catch (error) {
    if (!(error instanceof RemoteProblem) || error.problem.status !== 404) throw error
  }
}

/** With whom, and how: all of a request but what was said. */
type Asked = Omit<TextSpec, 'messages'>

interface Talk {
  readonly asked: Asked
  /** What the model is told first. */
  readonly system: string
}

class Chat {
  readonly #cli: Cli
  readonly #client: ApiClient
  readonly #asked: Asked
  readonly #conversation: Conversation
  #last: TextView | undefined

  constructor(cli: Cli, client: ApiClient, { asked, system }: Talk) {
    this.#cli = cli
    this.#client = client
    this.#asked = asked
    this.#conversation = new Conversation(system)
  }

  /** Does what a line says. False when it says that this is the end. */
  async take(line: string): Promise<boolean> {
    const [, word, rest = ''] = /^\/(\w*)(?:\s+(.*))?$/.exec(line) ?? []
    if (word === undefined) {
      if (line !== '') await this.#ask(line.replace(/^\/\//, '/'))
      return true
    }
    if (word === 'exit') return false
    for (const told of this.#obey(word, rest)) this.#cli.terminal.note(told)
    return true
  }

  #obey(word: string, rest: string): readonly string[] {
    switch (word) {
      case 'help':
        return HELP
      case 'reset':
        this.#conversation.reset()
        return ['forgotten']
      case 'system':
        this.#conversation.instruct(rest)
        return [rest === '' ? 'the model is told nothing first' : `the model is told: ${rest}`]
      case 'stats':
        return this.#last === undefined ? ['no answer yet'] : textSummaryLines(this.#last)
      default:
        return [`no command /${word}; /help lists them`]
    }
  }

  async #ask(question: string): Promise<void> {
    const messages = [...this.#conversation.asking(question)]
    let answer = ''
    try {
      const request = { ...this.#asked, messages }
      const { text } = await followText(this.#cli, this.#client, request, {
        // Where it runs is of interest once.
        stages: this.#last === undefined,
        onWords: (words) => {
          answer += words
        },
      })
      this.#last = text
      if (this.#cli.options.json === true) this.#cli.terminal.json({ text })
      if (text.finish === 'length') {
        this.#cli.terminal.note('note: the answer is as long as --max-tokens or the context allow')
      }
    } catch (error) {
      // What was read before it was stopped has been said.
      if (error instanceof Interrupted && answer !== '') this.#conversation.keep(question, answer)
      throw error
    }
    this.#conversation.keep(question, answer)
  }
}
