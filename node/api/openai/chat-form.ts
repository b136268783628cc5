/**
 * A text as an answer of `/v1/chat/completions`.
 *
 * @module
 */

import type { ChatChunk, ChatCompletion, ChatLogprobs } from '../schemas/chat-completions.ts'
import type { DrawnView, TextView } from '../schemas/texts.ts'
import {
  type CompletionForm,
  finishOf,
  headOf,
  type TextPiece,
  usageOf,
} from './completion-form.ts'

export interface ChatFormInit {
  /** Alternatives to tell of each token; undefined when no probabilities were asked for. */
  readonly alternatives: number | undefined
  readonly includesUsage: boolean
}

type Choice = ChatChunk['choices'][number]

/** Stands for bytes that are no whole character. */
const REPLACEMENT = '\u{fffd}'

export class ChatForm implements CompletionForm<ChatCompletion, ChatChunk> {
  readonly #init: ChatFormInit

  constructor(init: ChatFormInit) {
    this.#init = init
  }

  first(text: TextView): ChatChunk {
    return this.#chunk(text, { delta: { role: 'assistant', content: '' } })
  }

  piece(text: TextView, piece: TextPiece): ChatChunk | undefined {
    const logprobs = this.#logprobs(piece.tokens)
    if (piece.text === '' && logprobs === null) return undefined
    return this.#chunk(text, { delta: { content: piece.text }, logprobs })
  }

  last(text: TextView): ChatChunk {
    return this.#chunk(text, { finish_reason: finishOf(text) })
  }

  usage(text: TextView): ChatChunk {
    return { ...this.#chunk(text), choices: [], usage: usageOf(text) }
  }

  whole(text: TextView, pieces: readonly TextPiece[]): ChatCompletion {
    return {
      ...headOf(text, 'chatcmpl'),
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text.text, refusal: null },
          logprobs: this.#logprobs(pieces.flatMap(({ tokens }) => tokens)),
          finish_reason: finishOf(text),
        },
      ],
      usage: usageOf(text),
    }
  }

  #chunk(text: TextView, choice: Partial<Choice> = {}): ChatChunk {
    return {
      ...headOf(text, 'chatcmpl'),
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: null, ...choice }],
      ...(this.#init.includesUsage ? { usage: null } : {}),
    }
  }

  #logprobs(tokens: readonly DrawnView[]): ChatLogprobs | null {
    const { alternatives: count } = this.#init
    if (count === undefined) return null
    const content = tokens.flatMap(({ text, logprob, alternatives = [] }) =>
      logprob === undefined
        ? []
        : [
            {
              ...logprobOf({ text, logprob }),
              top_logprobs: alternatives.slice(0, count).map(logprobOf),
            },
          ],
    )
    return { content, refusal: null }
  }
}

function logprobOf({ text, logprob }: { readonly text: string; readonly logprob: number }) {
  const whole = text !== '' && !text.includes(REPLACEMENT)
  return { token: text, logprob, bytes: whole ? [...Buffer.from(text)] : null }
}
