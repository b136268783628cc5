/**
 * Tokenizers of the models that texts are written with, kept while they are used.
 *
 * @module
 */

import type { TextModel } from '../../../models/index.ts'
import type { ModelId, PeerId } from '../../../core/ids.ts'
import type { TextInit } from '../../text/text-codec.ts'
import type { TextThread } from '../../text/text-thread.ts'
import type { TokenTable } from '../../text/token-table.ts'
import type { TextRequest } from '../../api/schemas/texts.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import { GenerateError } from './errors.ts'

export interface TokenizersComponents {
  /** The bytes of a model's tokenizer, fetched from the mesh when they are not here. */
  tokenizer(
    model: CatalogueModel,
    signal: AbortSignal,
    near?: readonly PeerId[],
  ): Promise<Uint8Array>
  /** A thread for the texts of one model, which starts when it is first asked. */
  thread(text: TextInit): TextWorker
  readonly wallMs: () => number
}

/** What turns the texts of one model into tokens. */
export type TextWorker = Pick<TextThread, 'table' | 'encode' | 'chat' | 'retire' | 'stop'>

/** Models whose tokenizers are kept: each that is in use has a thread of its own. */
const THREADS_MAX = 4

export interface Prompt {
  readonly tokens: readonly number[]
  /** Undefined when the model has no tokenizer. */
  readonly table: TokenTable | undefined
}

export class Tokenizers {
  readonly #components: TokenizersComponents
  /** The one that was used last stands last. */
  readonly #threads = new Map<ModelId, Promise<TextWorker>>()

  constructor(components: TokenizersComponents) {
    this.#components = components
  }

  /**
   * What a request asks a model to go on from.
   *
   * @throws {GenerateError} GENERATE_MODEL_ONE_PASS, GENERATE_TOKENIZER_MISSING,
   * GENERATE_TOKEN_INVALID; {TextError} of the tokenizer or the chat template.
   */
  async prompt(
    model: CatalogueModel,
    { prompt, promptTokens, messages, sampling }: TextRequest,
    signal: AbortSignal,
  ): Promise<Prompt> {
    const { text, name } = model.manifest
    if (text === undefined)
      throw new GenerateError({ code: 'GENERATE_MODEL_ONE_PASS', model: name })
    const biased = sampling.logitBias.map(({ token }) => token)
    checkTokens([...(promptTokens ?? []), ...biased], text)
    if (text.tokenizer === undefined) {
      if (promptTokens !== undefined) return { tokens: promptTokens, table: undefined }
      throw new GenerateError({ code: 'GENERATE_TOKENIZER_MISSING', model: name })
    }
    const thread = await this.#thread(model, signal)
    const table = await thread.table()
    if (promptTokens !== undefined) return { tokens: promptTokens, table }
    const wallMs = this.#components.wallMs()
    const tokens =
      messages === undefined
        ? await thread.encode(prompt ?? '', { control: false, begin: true })
        : await thread.chat(messages, { addGenerationPrompt: true, wallMs })
    return { tokens, table }
  }

  /**
   * What the tokens of a model stand for.
   *
   * @param near - Devices that may have its tokenizer beside those that say so.
   * @throws {GenerateError} GENERATE_TOKENIZER_MISSING; {TextError} of the tokenizer.
   */
  async table(
    model: CatalogueModel,
    signal: AbortSignal,
    near: readonly PeerId[] = [],
  ): Promise<TokenTable> {
    const { text, name } = model.manifest
    if (text?.tokenizer === undefined) {
      throw new GenerateError({ code: 'GENERATE_TOKENIZER_MISSING', model: name })
    }
    return (await this.#thread(model, signal, near)).table()
  }

  async stop(): Promise<void> {
    const threads = [...this.#threads.values()]
    this.#threads.clear()
    await Promise.allSettled(threads.map(async (thread) => (await thread).stop()))
  }

  async #thread(
    model: CatalogueModel,
    signal: AbortSignal,
    near: readonly PeerId[] = [],
  ): Promise<TextWorker> {
    const { id } = model
    for (;;) {
      const known = this.#threads.get(id)
      const thread = known ?? this.#start(model, signal, near)
      this.#threads.delete(id)
      this.#threads.set(id, thread)
      this.#retireOldest()
      try {
        return await thread
      } catch (error) {
        if (this.#threads.get(id) === thread) this.#threads.delete(id)
        // Who asked first may have given up: whoever still wants it asks in its own name.
        if (known === undefined || signal.aborted) throw error
      }
    }
  }

  async #start(
    model: CatalogueModel,
    signal: AbortSignal,
    near: readonly PeerId[],
  ): Promise<TextWorker> {
    const components = this.#components
    const { beginToken, stopTokens = [], chatTemplate, vocabulary = 0 } = model.manifest.text ?? {}
    const tokenizer = await components.tokenizer(model, signal, near)
    return components.thread({ tokenizer, vocabulary, beginToken, stopTokens, chatTemplate })
  }

  /** What it has been asked for it still does. */
  #retireOldest(): void {
    const [oldest] = this.#threads
    if (this.#threads.size <= THREADS_MAX || oldest === undefined) return
    const [id, thread] = oldest
    this.#threads.delete(id)
    thread.then((each) => each.retire()).catch(() => undefined)
  }
}

function checkTokens(tokens: readonly number[], { vocabulary }: TextModel): void {
  const token = tokens.find((each) => each >= vocabulary)
  if (token !== undefined) {
    throw new GenerateError({ code: 'GENERATE_TOKEN_INVALID', token, vocabulary })
  }
}
