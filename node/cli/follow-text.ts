/**
 * Asks for a text and follows it to its end; stops it when the owner says so.
 *
 * @module
 */

import type { DrawnView, TextEventView, TextSpec, TextView } from '../api/schemas/texts.ts'
import type { ApiClient } from './api-client.ts'
import type { Cli } from './cli.ts'
import { CliError } from './errors.ts'
import { shortId } from './quantity-text.ts'
import { TextProgress } from './text-progress.ts'
import { workFailure } from './work-failure.ts'

/** A text that was written to its end. */
export interface WrittenText {
  readonly text: TextView
  readonly tokens: readonly DrawnView[]
}

/** A text that was not written to its end. */
export interface ResumedText {
  /** Its id, or the beginning of it where the daemon still knows it. */
  readonly resume: string
}

/** What is told of a text while it is written. */
export interface TextTelling {
  /** False when nothing but lost stages is told beside the words. */
  readonly stages: boolean
  /** Sees words as they come. */
  readonly onWords?: (words: string) => void
}

/**
 * The text once it is done. Its words go to stdout as they come, unless JSON was asked for.
 *
 * @throws {RemoteProblem} when it is refused or fails; {@link CliError} `CLI_CANCELLED`;
 * `Interrupted`, once the daemon was told to stop.
 */
export async function followText(
  cli: Cli,
  client: ApiClient,
  request: TextSpec | ResumedText,
  { stages, onWords }: TextTelling,
): Promise<WrittenText> {
  return cli.interruptible(async (signal) => {
    const { id } = await begun(client, request, signal)
    const words = cli.options.json !== true
    const progress = new TextProgress(cli.terminal, { words, stages })
    const tokens: DrawnView[] = []
    try {
      const path = `/v1/texts/${id}/events`
      for await (const event of client.events<TextEventView>(path, signal)) {
        progress.take(event, performance.now())
        if (event.type === 'tokens') {
          tokens.push(...event.tokens)
          onWords?.(event.text)
        }
        const text = outcome(event, id)
        if (text !== undefined) return { text, tokens }
      }
      throw new CliError({ code: 'CLI_RESPONSE_INVALID', path })
    } finally {
      progress.finish()
      if (signal.aborted) {
        await client.delete(`/v1/texts/${id}`)
        cli.terminal.note(`cancelled text ${shortId(id)}`)
      }
    }
  })
}

function begun(
  client: ApiClient,
  request: TextSpec | ResumedText,
  signal: AbortSignal,
): Promise<TextView> {
  return 'resume' in request
    ? client.post<TextView>(`/v1/texts/${request.resume}/resume`, undefined, signal)
    : client.post<TextView>('/v1/texts', request, signal)
}

function outcome(event: TextEventView, id: string): TextView | undefined {
  switch (event.type) {
    case 'done':
      return event.result
    case 'failed':
      throw workFailure(event.error)
    case 'cancelled':
      throw new CliError({ code: 'CLI_CANCELLED', what: `text ${shortId(id)}` })
    default:
      return undefined
  }
}
