/**
 * Embeddings that this device asks for: each text goes through all stages once, and the last one
 * gives the mean of its hidden states.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { toHex } from '../../../core/bytes.ts'
import { InferenceError } from '../../../protocols/inference/index.ts'
import type { EmbeddedTexts, EmbedRequest } from '../../api/backend.ts'
import type { TextRequest } from '../../api/schemas/texts.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import type { Planned } from '../jobs/planner.ts'
import { GenerateError } from './errors.ts'
import { samplingOf } from './sampling-of.ts'
import type { TextBookComponents, TextBookInit } from './text-book.ts'
import { placeText } from './text-place.ts'
import { TextRecord } from './text-record.ts'
import { TextRunner } from './text-runner.ts'
import { textWish } from './text-wish.ts'
import { TextWords } from './text-words.ts'

/** Texts of one request that go through the stages at once. */
const AT_ONCE = 4

/** One text, as tokens. */
interface Passage {
  readonly request: TextRequest
  readonly tokens: readonly number[]
}

export class EmbeddingBook {
  readonly #components: TextBookComponents
  readonly #init: TextBookInit
  #running = 0

  constructor(components: TextBookComponents, init: TextBookInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * The embeddings of texts, in their order, each of length 1.
   *
   * @throws {GenerateError} when a text is none for the model, or too many are asked for at once;
   * what `resolve`, the tokenizer and the session throw.
   */
  async embed({ model: ref, texts }: EmbedRequest, signal: AbortSignal): Promise<EmbeddedTexts> {
    const { runningMax } = this.#init
    if (this.#running >= runningMax) {
      throw new GenerateError({ code: 'GENERATE_TOO_MANY', limit: runningMax })
    }
    this.#running++
    try {
      const { resolve, tokenizers } = this.#components
      const model = await resolve(ref, signal)
      const passages: Passage[] = []
      for (const request of texts) {
        const { tokens } = await tokenizers.prompt(model, request, signal)
        checkFits(model, tokens.length)
        passages.push({ request, tokens })
      }
      const vectors = await this.#embedAll(model, passages, signal)
      const promptTokens = passages.reduce((sum, { tokens }) => sum + tokens.length, 0)
      return { modelName: model.manifest.name, vectors, promptTokens }
    } finally {
      this.#running--
    }
  }

  /** A text that fails ends those beside it. */
  async #embedAll(
    model: CatalogueModel,
    passages: readonly Passage[],
    given: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    const planned = this.#plan(model, passages)
    const failed = new AbortController()
    const signal = AbortSignal.any([given, failed.signal])
    const deadlineMs = passages[0]?.request.deadlineMs
    const deadline =
      deadlineMs === undefined
        ? undefined
        : setTimeout(
            () => failed.abort(new GenerateError({ code: 'GENERATE_DEADLINE', deadlineMs })),
            deadlineMs,
          )
    const vectors: Float32Array[] = []
    const left = passages.entries()
    const worker = async (): Promise<void> => {
      // All workers take from one iterator.
      for (const [index, passage] of left) {
        vectors[index] = await this.#embed(planned, passage, signal)
      }
    }
    try {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, passages.length) }, worker))
    } catch (error) {
      failed.abort(error)
      throw error
    } finally {
      clearTimeout(deadline)
    }
    return vectors
  }

  /** One plan for all: with room for the longest, away from devices that have enough to do. */
  #plan(model: CatalogueModel, passages: readonly Passage[]): Planned {
    const { planner, load } = this.#components
    const [first] = passages
    const longest = Math.max(...passages.map(({ tokens }) => tokens.length))
    const spread = first?.request ?? { stages: 'auto', wire: 'auto', provider: 'auto' }
    const wish = textWish(model, spread, longest + 1)
    const full = load.full(planner.busy())
    return placeText(planner, { model, wish, full, cuts: undefined }).planned
  }

  async #embed(
    planned: Planned,
    { request, tokens }: Passage,
    signal: AbortSignal,
  ): Promise<Float32Array> {
    const { manifestRef, clock, load } = this.#components
    const { model, plan } = planned
    const beganMs = clock.monotonicMs()
    const runner = new TextRunner(this.#components, this.#init, {
      record: new TextRecord({
        id: toHex(randomBytes(16)),
        model: model.id,
        modelName: model.manifest.name,
        createdMs: Math.round(clock.wallMs()),
        beganMs,
        seed: 0,
        promptTokens: tokens.length,
        tokensMax: 1,
      }),
      planned,
      manifest: await manifestRef(model),
      provider: request.provider,
      objective: request.objective,
      // What stands for a token is there once the embedding is.
      generation: {
        prompt: tokens,
        tokensMax: 1,
        stopTokens: new Set(),
        chunkRowsMax: this.#init.chunkRowsMax,
      },
      drafter: undefined,
      sampling: samplingOf(request.sampling, 0, []),
      hashesLogits: false,
      guide: undefined,
      gives: 'embedding',
      words: new TextWords(undefined, []),
      said: () => undefined,
      streams: () => AT_ONCE,
      standby: 'off',
    })
    const leave = load.add(plan.stages.map(({ peer }) => peer))
    try {
      await runner.run(signal)
    } finally {
      leave()
    }
    if (runner.embedding === undefined) {
      throw new InferenceError({ code: 'INFERENCE_OUTPUT_INVALID' })
    }
    return unit(runner.embedding)
  }
}

/** Room for the tokens, and for what stands for one more. */
function checkFits({ manifest }: CatalogueModel, tokens: number): void {
  const positionsMax = manifest.text?.positionsMax ?? 0
  if (tokens === 0) throw new GenerateError({ code: 'GENERATE_PROMPT_EMPTY' })
  if (tokens >= positionsMax) {
    throw new GenerateError({ code: 'GENERATE_PROMPT_TOO_LONG', tokens, positionsMax })
  }
}

/** The same direction with length 1; zeros stay as they are. */
function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? vector : vector.map((value) => value / length)
}
