/**
 * The texts that this device asked for: those that are being written, and the last that were.
 *
 * @module
 */

import { randomBytes, randomInt } from 'node:crypto'
import { toHex } from '../../../core/bytes.ts'
import { errorCode } from '../../../core/errors.ts'
import type { Startable } from '../../../core/lifecycle.ts'
import type { BlobRef } from '../../../models/index.ts'
import type { DrawnToken, GuideRecord } from '../../../protocols/inference/index.ts'
import type { EventFeed } from '../../api/event-log.ts'
import type { Problem } from '../../api/schemas/problem.ts'
import type { TextEventView, TextRequest, TextView } from '../../api/schemas/texts.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import type { JobRunnerInit } from '../jobs/job-runner.ts'
import type { Planned, Planner } from '../jobs/planner.ts'
import { Drafter } from './drafter.ts'
import { GenerateError } from './errors.ts'
import { guideOf } from './guide-of.ts'
import { samplingOf } from './sampling-of.ts'
import type { KeptText, TextKeep } from './text-keep.ts'
import { classKept, cutsKept, wiresWished } from './stage-classes.ts'
import type { TextLoad } from './text-load.ts'
import { placeText } from './text-place.ts'
import { TextRecord } from './text-record.ts'
import { TextRunner, type TextRunnerComponents, type TextWork } from './text-runner.ts'
import { textWish } from './text-wish.ts'
import { TextWords } from './text-words.ts'
import type { Prompt, Tokenizers } from './tokenizers.ts'

export interface TextBookComponents extends TextRunnerComponents {
  readonly planner: Pick<
    Planner,
    | 'survey'
    | 'qualify'
    | 'plan'
    | 'adopt'
    | 'busy'
    | 'replacement'
    | 'noteLost'
    | 'forgive'
    | 'leaveChance'
    | 'noteReady'
    | 'classOf'
    | 'foresee'
    | 'judge'
    | 'learn'
  >
  readonly tokenizers: Pick<Tokenizers, 'prompt' | 'stop'>
  /** The model that a reference means, fetched from the mesh when it is not here. */
  readonly resolve: (ref: string, signal: AbortSignal) => Promise<CatalogueModel>
  /** The manifest's bytes by content. */
  readonly manifestRef: (model: CatalogueModel) => Promise<BlobRef>
  readonly problemOf: (error: unknown) => Problem
  /** How many texts each device writes at now, embeddings included. */
  readonly load: TextLoad
  /** Where texts are kept while they are written. */
  readonly keep: TextKeep
}

export interface TextBookInit extends JobRunnerInit {
  /** Texts that may be written at once. */
  readonly runningMax: number
  /** Texts that are shown after their end. */
  readonly keptMax: number
  /** Rows of one chunk of a prompt. */
  readonly chunkRowsMax: number
}

interface Text {
  readonly record: TextRecord
  readonly abort: AbortController
  /** Takes it off its devices; not there before it has a place. */
  leave?: () => void
}

/** What a text is made of, once its model is known. */
interface Asked {
  readonly request: TextRequest
  readonly guide: GuideRecord | undefined
  readonly model: CatalogueModel
  readonly prompt: Prompt
  /** The text as it was left, when it is taken up again. */
  readonly kept: KeptText | undefined
}

/** Texts that are taken to be written at once where throughput counts. */
const TEXTS_AT_ONCE = 8

/** Seeds that are drawn: small enough for people to type. */
const SEEDS = 2 ** 31

export class TextBook implements Startable {
  readonly #components: TextBookComponents
  readonly #init: TextBookInit
  readonly #texts = new Map<string, Text>()
  readonly #running = new Set<Promise<void>>()
  readonly #load: TextLoad
  /** Texts that are being taken up again: of two who ask at once, the second sees the text of the first. */
  readonly #resuming = new Map<string, Promise<TextView>>()
  #taken = 0

  constructor(components: TextBookComponents, init: TextBookInit) {
    this.#components = components
    this.#load = components.load
    this.#init = init
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#components.keep.sweep()
    signal.throwIfAborted()
  }

  async stop(): Promise<void> {
    for (const { abort } of this.#texts.values()) {
      abort.abort(new GenerateError({ code: 'GENERATE_INTERRUPTED' }))
    }
    await Promise.allSettled(this.#running)
    await this.#components.tokenizers.stop()
  }

  /** Texts that are being written. */
  get running(): number {
    return this.#running.size
  }

  /** Latest first. */
  list(): readonly TextView[] {
    return [...this.#texts.values()].map(({ record }) => record.show()).toReversed()
  }

  get(id: string): TextView | undefined {
    return this.#texts.get(id)?.record.show()
  }

  events(id: string): EventFeed<TextEventView> | undefined {
    return this.#texts.get(id)?.record.events
  }

  cancel(id: string): TextView | undefined {
    const text = this.#texts.get(id)
    text?.abort.abort(new GenerateError({ code: 'GENERATE_CANCELLED' }))
    return text?.record.show()
  }

  /**
   * Takes a text and starts it.
   *
   * @throws {GenerateError} when there is no such text to be written; {ModelError} when its grammar
   * or schema is refused; what `resolve` and the tokenizer throw.
   */
  async submit(request: TextRequest, signal: AbortSignal): Promise<TextView> {
    return this.#begin(request, signal, undefined)
  }

  /**
   * Takes a text up again that was not written to its end: by a daemon that died, or because a stage
   * could not be replaced. One that is being written, or is done, stays as it is.
   *
   * @throws {GenerateError} `GENERATE_RESUME_UNKNOWN` when it is not kept, or not any more.
   */
  async resume(id: string, signal: AbortSignal): Promise<TextView> {
    // Two runners of one text would both append to what is kept of it.
    await this.#resuming.get(id)?.catch(() => undefined)
    const known = this.#texts.get(id)
    if (known !== undefined && (!known.record.over || known.record.state === 'done')) {
      return known.record.show()
    }
    if (this.#resuming.has(id)) return this.resume(id, signal)
    const resuming = this.#resume(id, signal).finally(() => this.#resuming.delete(id))
    this.#resuming.set(id, resuming)
    return resuming
  }

  async #resume(id: string, signal: AbortSignal): Promise<TextView> {
    const kept = await this.#components.keep.find(id)
    if (kept === undefined) throw new GenerateError({ code: 'GENERATE_RESUME_UNKNOWN', text: id })
    return this.#begin(kept.request, signal, kept)
  }

  async #begin(
    request: TextRequest,
    signal: AbortSignal,
    kept: KeptText | undefined,
  ): Promise<TextView> {
    const { runningMax } = this.#init
    if (this.#taken >= runningMax) {
      throw new GenerateError({ code: 'GENERATE_TOO_MANY', limit: runningMax })
    }
    this.#taken++
    try {
      const { resolve, tokenizers } = this.#components
      const beganMs = this.#components.clock.monotonicMs()
      const model = await resolve(request.model, signal)
      const guide = guideOf(request)
      if (guide !== undefined) checkEnds(model)
      const prompt = await tokenizers.prompt(model, request, signal)
      if (kept !== undefined && prompt.tokens.length !== kept.promptTokens) {
        throw new GenerateError({ code: 'GENERATE_RESUME_UNKNOWN', text: kept.id })
      }
      // Nobody would read what is written for somebody who is gone.
      signal.throwIfAborted()
      return this.#take({ request, guide, model, prompt, kept }, beganMs)
    } catch (error) {
      this.#taken--
      throw error
    }
  }

  #take(asked: Asked, beganMs: number): TextView {
    const { request, model, prompt, kept } = asked
    const { clock } = this.#components
    const tokensMax = tokensThatFit(asked)
    const abort = new AbortController()
    const record = new TextRecord({
      id: kept?.id ?? toHex(randomBytes(16)),
      model: model.id,
      modelName: model.manifest.name,
      createdMs: kept?.createdMs ?? Math.round(clock.wallMs() - (clock.monotonicMs() - beganMs)),
      beganMs,
      seed: kept?.seed ?? request.sampling.seed ?? randomInt(SEEDS),
      promptTokens: prompt.tokens.length,
      tokensMax,
    })
    record.times.prompt(prompt.tokens.length)
    if (tokensMax < request.tokensMax) {
      record.note(`the context of the model has room for ${tokensMax} tokens of answer`)
    }
    const text = { record, abort }
    this.#texts.set(record.init.id, text)
    const running = this.#run(asked, text).finally(() => {
      this.#taken--
      this.#running.delete(running)
      this.#forgetOldest()
    })
    this.#running.add(running)
    return record.show()
  }

  /** Never rejects: what goes wrong is the text's error. */
  async #run(asked: Asked, text: Text): Promise<void> {
    const { record, abort } = text
    const { clock, planner, logger, problemOf } = this.#components
    const { deadlineMs, provider } = asked.request
    const deadline =
      deadlineMs === undefined
        ? undefined
        : setTimeout(
            () => abort.abort(new GenerateError({ code: 'GENERATE_DEADLINE', deadlineMs })),
            deadlineMs,
          )
    try {
      const work = await this.#work(asked, text)
      if (record.finished) record.add(work.words.end(), [], [])
      else {
        const runner = new TextRunner(this.#components, this.#init, work)
        await runner.run(abort.signal)
        // An accelerator's speed says nothing of the processor's, on which plans are built.
        if (provider === 'auto' || provider === 'cpu') runner.teach(planner)
      }
      await this.#components.keep.end(record.init.id, false)
      record.end(clock.wallMs(), 'done')
    } catch (error) {
      const code = errorCode(error)
      const id = record.init.id
      if (code === undefined) logger.error('text failed', { text: id, error })
      else logger.info('text ended', { text: id, code, message: (error as Error).message })
      const problem = problemOf(error)
      await this.#letGo(record, problem)
      record.end(clock.wallMs(), code === 'GENERATE_CANCELLED' ? 'cancelled' : problem)
    } finally {
      clearTimeout(deadline)
      text.leave?.()
    }
  }

  /** A text that failed is kept where it may go on later. */
  async #letGo(record: TextRecord, { retryable }: Problem): Promise<void> {
    const { keep } = this.#components
    await keep.end(record.init.id, retryable)
    if (!retryable || keep.resumeMs === 0) return
    const seconds = Math.round(keep.resumeMs / 1000)
    record.note(
      `it can be taken up again for ${seconds} s: brume generate --resume ${record.init.id}`,
    )
  }

  async #work(asked: Asked, text: Text): Promise<TextWork> {
    const { request, guide, model, prompt, kept } = asked
    const { manifestRef, keep } = this.#components
    const { record } = text
    const { id, seed, tokensMax, createdMs } = record.init
    const said = kept?.said ?? []
    const stops = request.ignoreStopTokens ? [] : (model.manifest.text?.stopTokens ?? [])
    const planned = await this.#place(asked, text)
    const promptTokens = prompt.tokens.length
    // What a name means may be something else by then.
    const pinned = { ...request, model: model.id }
    // What is known of its first stages holds on, as it may be given up again before it has any.
    const { stages, exact } = kept ?? {}
    if (exact === false) record.exact = false
    await keep.begin(id, { createdMs, seed, promptTokens, request: pinned, stages, exact }, said)
    const words = wordsSoFar(asked, record)
    const drafter = request.speculation === 'off' ? undefined : new Drafter()
    return {
      record,
      planned,
      manifest: await manifestRef(model),
      provider: request.provider,
      objective: request.objective,
      generation: {
        prompt: [...prompt.tokens, ...said],
        tokensMax: tokensMax - said.length,
        stopTokens: new Set(stops),
        chunkRowsMax: this.#init.chunkRowsMax,
        ...(drafter === undefined
          ? {}
          : { propose: (tokens: readonly number[]) => drafter.propose(tokens) }),
      },
      drafter,
      sampling: samplingOf(request.sampling, seed, stops),
      hashesLogits: request.hashLogits,
      guide,
      gives: 'tokens',
      words,
      said: (tokens) => keep.append(id, tokens),
      keptStages: kept?.stages,
      amend: (change) => keep.amend(id, change),
      streams: () => this.#running.size,
      standby: request.standby,
    }
  }

  /** Finds a place, and takes it. @throws {PlacementError} when there is none. */
  async #place({ request, model, prompt, kept }: Asked, text: Text): Promise<Planned> {
    const { planner } = this.#components
    const positions = prompt.tokens.length + text.record.init.tokensMax
    // Where others write at the same time, the slowest stage counts.
    const inputs = request.objective === 'throughput' ? TEXTS_AT_ONCE : 1
    await Promise.all([planner.survey(), planner.qualify(request.requirements)])
    const wire = wiresWished(kept, request.wire)
    const full = this.#load.full(planner.busy())
    const cuts = cutsKept(kept, model.manifest.layers.length)
    const spread = { ...request, wire, inputs, numericClass: classKept(kept) }
    const wish = textWish(model, spread, positions)
    const { planned, isDetour } = placeText(planner, { model, wish, full, cuts })
    // The next text, and the next turn of this one, are at home where most are.
    if (!isDetour) planner.adopt(planned)
    text.leave = this.#load.add(planned.plan.stages.map(({ peer }) => peer))
    return planned
  }

  #forgetOldest(): void {
    const ended = [...this.#texts.values()].filter(({ record }) => record.over)
    for (const { record } of ended.slice(0, Math.max(0, ended.length - this.#init.keptMax))) {
      this.#texts.delete(record.init.id)
    }
  }
}

/** @throws {GenerateError} when nothing says that an answer of the model is whole. */
function checkEnds({ manifest: { name, text } }: CatalogueModel): void {
  if (text?.tokenizer === undefined) {
    throw new GenerateError({ code: 'GENERATE_TOKENIZER_MISSING', model: name })
  }
  if ((text.stopTokens ?? []).length === 0) {
    throw new GenerateError({ code: 'GENERATE_STOP_TOKEN_MISSING', model: name })
  }
}

/** Tokens that the answer may have. @throws {GenerateError} when the prompt leaves room for none. */
function tokensThatFit({ request, model, prompt }: Asked): number {
  const positionsMax = model.manifest.text?.positionsMax ?? 0
  const { length } = prompt.tokens
  if (length === 0) throw new GenerateError({ code: 'GENERATE_PROMPT_EMPTY' })
  if (length >= positionsMax) {
    throw new GenerateError({ code: 'GENERATE_PROMPT_TOO_LONG', tokens: length, positionsMax })
  }
  return Math.min(request.tokensMax, positionsMax - length)
}

/** A token of the answer as it was left: what is known of it is its id. */
function drawnBefore(token: number): DrawnToken {
  return { token, logprob: undefined, alternatives: [], logitsHash: undefined }
}

/** The words of a text, which begin with what was said of it before. */
function wordsSoFar({ request, prompt, kept }: Asked, record: TextRecord): TextWords {
  const words = new TextWords(prompt.table, request.stop)
  if (kept === undefined || kept.said.length === 0) return words
  const { text, tokens, stopped } = words.take(kept.said.map(drawnBefore))
  record.add(text, tokens, [])
  // It was over when the daemon died, and nobody had been told.
  if (stopped) record.finish('stop')
  else if (kept.said.length >= record.init.tokensMax) record.finish('length')
  return words
}
