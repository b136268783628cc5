/**
 * A text as an answer of `/v1/completions`.
 *
 * @module
 */

import type { Completion, CompletionLogprobs } from '../schemas/completions.ts'
import type { DrawnView, TextView } from '../schemas/texts.ts'
import {
  type CompletionForm,
  finishOf,
  headOf,
  type TextPiece,
  usageOf,
} from './completion-form.ts'

export interface PlainFormInit {
  /** Alternatives to tell of each token; undefined when no probabilities were asked for. */
  readonly alternatives: number | undefined
  readonly includesUsage: boolean
}

type Choice = Completion['choices'][number]

export class PlainForm implements CompletionForm<Completion, Completion> {
  readonly #init: PlainFormInit
  /** Characters of the tokens that were told. */
  #offset = 0

  constructor(init: PlainFormInit) {
    this.#init = init
  }

  first(): undefined {
    return undefined
  }

  piece(text: TextView, piece: TextPiece): Completion | undefined {
    const logprobs = this.#logprobs(piece.tokens)
    if (piece.text === '' && logprobs === null) return undefined
    return this.#chunk(text, { text: piece.text, logprobs })
  }

  last(text: TextView): Completion {
    return this.#chunk(text, { finish_reason: finishOf(text) })
  }

  usage(text: TextView): Completion {
    return { ...this.#chunk(text), choices: [], usage: usageOf(text) }
  }

  whole(text: TextView, pieces: readonly TextPiece[]): Completion {
    const choice = {
      index: 0 as const,
      text: text.text,
      logprobs: this.#logprobs(pieces.flatMap(({ tokens }) => tokens)),
      finish_reason: finishOf(text),
    }
    return {
      ...headOf(text, 'cmpl'),
      object: 'text_completion',
      choices: [choice],
      usage: usageOf(text),
    }
  }

  #chunk(text: TextView, choice: Partial<Choice> = {}): Completion {
    return {
      ...headOf(text, 'cmpl'),
      object: 'text_completion',
      choices: [{ index: 0, text: '', logprobs: null, finish_reason: null, ...choice }],
      ...(this.#init.includesUsage ? { usage: null } : {}),
    }
  }

  #logprobs(tokens: readonly DrawnView[]): CompletionLogprobs | null {
    const { alternatives: count } = this.#init
    if (count === undefined) return null
    const known = tokens.filter(({ logprob }) => logprob !== undefined)
    return {
      tokens: known.map(({ text }) => text),
      token_logprobs: known.map(({ logprob = 0 }) => logprob),
      top_logprobs: known.map(({ alternatives = [] }) =>
        Object.fromEntries(
          alternatives.slice(0, count).map(({ text, logprob }) => [text, logprob]),
        ),
      ),
      text_offset: known.map(({ text }) => {
        const offset = this.#offset
        this.#offset += text.length
        return offset
      }),
    }
  }
}
