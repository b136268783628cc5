/**
 * The texts of one model, in a thread with bounds on time and memory.
 *
 * Tokenizers and chat templates come with models, from strangers: an expression may take for ever, a
 * template may fill all memory. The thread dies of it, not the daemon; the next call starts another.
 * It starts with the first call, and ends when nobody has called for a while.
 *
 * @module
 */

import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { TextError } from './errors.ts'
import type { ChatMessage, ChatOptions, EncodeOptions, TextInit } from './text-codec.ts'
import type { ThreadReply, ThreadRequest } from './thread-messages.ts'
import { TokenTable } from './token-table.ts'

export interface TextThreadInit {
  readonly text: TextInit
  /** Memory for the tokenizer and the work, in bytes: a vocabulary of 150,000 tokens takes about 200 MB. */
  readonly memoryBytesMax?: number
  /** Longest work on one text, in ms; the first one may take `loadMsMax` more. */
  readonly workMsMax?: number
  readonly loadMsMax?: number
  /** How long the thread is kept without work, in ms. */
  readonly idleMs?: number
}

const MEMORY_BYTES_MAX = 768 * 2 ** 20
const WORK_MS_MAX = 10_000
const LOAD_MS_MAX = 30_000
const IDLE_MS = 60_000
/** Calls that wait while one is worked on. */
const WAITING_MAX = 64
const MIB = 2 ** 20

type ReplyOf<Type extends ThreadReply['type']> = Extract<ThreadReply, { readonly type: Type }>

export class TextThread {
  readonly #init: Required<TextThreadInit>
  #worker: Worker | undefined
  #table: TokenTable | undefined
  #waiting = 0
  /** Resolves when all calls so far are done. */
  #done: Promise<void> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  #retired = false

  constructor(init: TextThreadInit) {
    this.#init = {
      memoryBytesMax: MEMORY_BYTES_MAX,
      workMsMax: WORK_MS_MAX,
      loadMsMax: LOAD_MS_MAX,
      idleMs: IDLE_MS,
      ...init,
    }
  }

  /** What each token stands for: see {@link TextStream}. @throws {TextError} */
  async table(): Promise<TokenTable> {
    this.#table ??= new TokenTable((await this.#ask<'table'>({ type: 'table' })).content)
    return this.#table
  }

  /** The tokens of a text: see {@link TextCodec.encode}. @throws {TextError} */
  async encode(text: string, options: EncodeOptions): Promise<readonly number[]> {
    return (await this.#ask<'tokens'>({ type: 'encode', text, options })).tokens
  }

  /** The tokens of a chat, whose messages are values of JSON: see {@link TextCodec.chat}. @throws {TextError} */
  async chat(messages: readonly ChatMessage[], options: ChatOptions): Promise<readonly number[]> {
    return (await this.#ask<'tokens'>({ type: 'chat', messages, options })).tokens
  }

  /** Ends the thread as soon as nobody waits for it; who calls later has it start again for that call. */
  async retire(): Promise<void> {
    this.#retired = true
    await this.#endIdle()
  }

  /** Ends the thread; work under way fails. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  /** One after another: so the time of each is its own. */
  async #ask<Type extends 'table' | 'tokens'>(request: ThreadRequest): Promise<ReplyOf<Type>> {
    if (this.#waiting > WAITING_MAX) {
      throw new TextError({ code: 'TEXT_QUEUE_FULL', limit: WAITING_MAX })
    }
    this.#waiting++
    const before = this.#done
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#done = promise
    await before
    try {
      const reply = await this.#exchange(request)
      if (reply.type === 'failed') throw new TextError(reply.failure)
      return reply as ReplyOf<Type>
    } finally {
      this.#waiting--
      resolve()
      if (this.#retired) void this.#endIdle()
    }
  }

  async #exchange(request: ThreadRequest): Promise<ThreadReply> {
    clearTimeout(this.#idle)
    const { workMsMax, loadMsMax, idleMs, memoryBytesMax } = this.#init
    const limitMs = workMsMax + (this.#worker === undefined ? loadMsMax : 0)
    const worker = (this.#worker ??= this.#start())
    const { promise, resolve, reject } = Promise.withResolvers<ThreadReply>()
    const timer = setTimeout(
      () => reject(new TextError({ code: 'TEXT_TIMEOUT', limitMs })),
      limitMs,
    )
    const died = (cause: unknown): void =>
      reject(new TextError({ code: 'TEXT_THREAD_DIED', limitBytes: memoryBytesMax }, { cause }))
    worker.once('message', resolve).once('error', died).once('exit', died)
    try {
      worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
      worker.postMessage(request)
      return await promise
    } catch (error) {
      if (this.#worker === worker) await this.stop()
      throw error
    } finally {
      clearTimeout(timer)
      worker.unref()
      worker.off('message', resolve).off('error', died).off('exit', died)
      this.#idle = setTimeout(() => void this.#endIdle(), idleMs).unref()
    }
  }

  #start(): Worker {
    const { text, memoryBytesMax } = this.#init
    // A bundle has its own name for this file, but the same end of it.
    const entry = new URL(`./text-main${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(entry, {
      workerData: text,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memoryBytesMax / MIB) },
    })
    // A thread that dies between two calls is noticed by the next one.
    worker.on('error', () => this.#forget(worker)).on('exit', () => this.#forget(worker))
    return worker
  }

  #forget(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined
  }

  async #endIdle(): Promise<void> {
    if (this.#waiting === 0) await this.stop()
  }
}
