/**
 * Texts and chats of one model become tokens, and tokens become text.
 *
 * What it is made of comes from strangers, and what it is given from anybody: it runs in a thread of
 * its own ({@link ../text/text-thread.ts}), where time and memory have bounds.
 *
 * @module
 */

import { ChatTemplate } from './chat-template.ts'
import { ControlWords } from './control-words.ts'
import { TextError } from './errors.ts'
import { tokenTable } from './token-bytes.ts'
import type { TokenTable } from './token-table.ts'
import { checkKnown, readTokenizer, type TokenizerFile } from './tokenizer-file.ts'
import { WordTokenizer } from './word-tokenizer.ts'

/** What a model says about texts, as its manifest has it. */
export interface TextInit {
  /** A tokenizer.json, UTF-8. */
  readonly tokenizer: Uint8Array
  /** Tokens that the model knows: a tokenizer that gives others is that of another model. */
  readonly vocabulary: number
  /** What templates call the begin token, whether texts begin with it or not. */
  readonly beginToken: number | undefined
  /** Each ends an answer; templates call the first one the end token. */
  readonly stopTokens: readonly number[]
  /** In Jinja. */
  readonly chatTemplate: string | undefined
}

export interface EncodeOptions {
  /** Tokens that steer the model may be named in the text: only where its author may do so. */
  readonly control: boolean
  /** The text is the beginning: what the tokenizer puts before every text comes first. */
  readonly begin: boolean
}

/** A message of a chat; a template may look at other fields as well. */
export interface ChatMessage {
  readonly role: string
  readonly content?: unknown
  readonly [field: string]: unknown
}

export interface ChatOptions {
  /** The text ends where the answer begins. */
  readonly addGenerationPrompt: boolean
  /** Descriptions of functions that the model may call, for templates that know them. */
  readonly tools?: readonly unknown[]
  /** More variables of the template, by name. */
  readonly variables?: Readonly<Record<string, unknown>>
  /** What the template takes for now, in ms since the epoch. */
  readonly wallMs: number
}

/** Characters of a text, and of all texts of a chat together. */
export const TEXT_CHARACTERS_MAX = 4 * 2 ** 20
/** How deep messages may nest. */
const DEPTH_MAX = 32

export class TextCodec {
  readonly #file: TokenizerFile
  readonly #tokenizer: WordTokenizer
  readonly #control: ControlWords
  readonly #init: TextInit
  #template: ChatTemplate | undefined
  #table: TokenTable | undefined

  /** @throws {TextError} TEXT_TOKENIZER_INVALID, TEXT_TOKENIZER_OTHER, TEXT_TOKENIZER_UNSUPPORTED. */
  constructor(init: TextInit) {
    this.#init = init
    this.#file = readTokenizer(init.tokenizer, init.vocabulary)
    this.#control = new ControlWords(this.#file.added)
    this.#tokenizer = new WordTokenizer(this.#file)
  }

  /** What each token stands for. @throws {TextError} TEXT_TOKENIZER_UNSUPPORTED when it cannot be known. */
  get table(): TokenTable {
    const tokens = this.#file.tokens.slice(0, this.#init.vocabulary)
    this.#table ??= tokenTable({ ...this.#file, tokens })
    return this.#table
  }

  /** The tokens of a text. @throws {TextError} TEXT_TOO_LONG, TEXT_TOKENIZER_OTHER. */
  encode(text: string, { control, begin }: EncodeOptions): number[] {
    checkLength(text.length)
    const tokens = this.#encode(control ? this.#control.open(text) : this.#control.marked(text))
    return begin ? [...this.#file.beginning, ...tokens] : tokens
  }

  /**
   * The tokens of a chat as the model's template writes it. Control tokens are only those that the template names.
   *
   * @throws {TextError} TEXT_TEMPLATE_MISSING, TEXT_TEMPLATE_INVALID, TEXT_TEMPLATE_REFUSED,
   * TEXT_TEMPLATE_LIMIT, TEXT_TOO_LONG, TEXT_TOKENIZER_OTHER.
   */
  chat(messages: readonly ChatMessage[], options: ChatOptions): number[] {
    const { chatTemplate } = this.#init
    if (chatTemplate === undefined) throw new TextError({ code: 'TEXT_TEMPLATE_MISSING' })
    this.#template ??= new ChatTemplate(chatTemplate)
    const given = new MarkedValues(this.#control)
    const { beginToken, stopTokens } = this.#init
    const variables = {
      ...(given.value(options.variables ?? {}, 0) as object),
      messages: given.value(messages, 0),
      tools: given.value(options.tools ?? null, 0),
      add_generation_prompt: options.addGenerationPrompt,
      bos_token: this.#word(beginToken),
      eos_token: this.#word(stopTokens[0]),
    }
    return this.#encode(this.#template.render({ variables, wallMs: options.wallMs }))
  }

  #word(token: number | undefined): string {
    return token === undefined ? '' : (this.#file.tokens[token] ?? '')
  }

  #encode(text: string): number[] {
    const tokens = this.#control.parts(text).flatMap((part, index) => {
      if (part.type === 'control') return [part.token]
      return this.#tokenizer.encode(part.text, { atStart: index === 0 })
    })
    // Added tokens that the model does not know are no fault before a text has one.
    checkKnown(tokens, this.#init.vocabulary)
    return tokens
  }
}

/** Copies of values of JSON with every text in them marked. */
class MarkedValues {
  readonly #control: ControlWords
  #characters = 0

  constructor(control: ControlWords) {
    this.#control = control
  }

  value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') {
      checkLength((this.#characters += value.length))
      return this.#control.marked(value)
    }
    if (typeof value !== 'object' || value === null) return value
    if (depth > DEPTH_MAX) throw new TextError({ code: 'TEXT_TEMPLATE_INVALID' })
    if (Array.isArray(value)) return value.map((inner) => this.value(inner, depth + 1))
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        this.#control.marked(key),
        this.value(inner, depth + 1),
      ]),
    )
  }
}

function checkLength(characters: number): void {
  if (characters <= TEXT_CHARACTERS_MAX) return
  throw new TextError({ code: 'TEXT_TOO_LONG', limit: TEXT_CHARACTERS_MAX })
}
