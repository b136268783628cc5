/**
 * Texts on disk while they are written, so that they can be taken up again after a crash.
 *
 * What a text says follows from what was asked and from its seed, so little is kept: the request, in
 * one file, and the tokens that were drawn, appended to another as they come (u32, little endian).
 * Tokens that a loss of power took along are drawn again, and are the same.
 *
 * @module
 */

import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { utf8 } from '../../../core/bytes.ts'
import type { Logger } from '../../../core/logger.ts'
import { type AskedText, keptTextSchema } from '../../api/schemas/kept-text.ts'
import { writeFileAtomic } from '../../storage/atomic-file.ts'

/** Texts that are kept after a crash; the oldest are given up first. */
const KEPT_MAX = 256

const TOKEN_BYTES = 4
const ID = /^[0-9a-f]{32}$/

/** A text as it was left. */
export interface KeptText extends AskedText {
  readonly id: string
  /** The answer so far. */
  readonly said: readonly number[]
}

export interface TextKeepInit {
  readonly folder: string
  /** How long a text that nobody writes can be taken up again, in milliseconds; 0 keeps none. */
  readonly resumeMs: number
}

export interface TextKeepComponents {
  readonly logger: Logger
  wallMs(): number
}

interface Write {
  asked: AskedText
  /** Of the tokens, open until the end: a text has a write for nearly every token. */
  readonly file: FileHandle
  readonly tokens: number[]
  done: Promise<void>
}

export class TextKeep {
  readonly #components: TextKeepComponents
  readonly #init: TextKeepInit
  /** The write that is under way for each text, and tokens that wait for it. */
  readonly #writes = new Map<string, Write>()

  constructor(components: TextKeepComponents, init: TextKeepInit) {
    this.#components = components
    this.#init = init
  }

  get resumeMs(): number {
    return this.#init.resumeMs
  }

  /** A text is written from now on. What cannot be kept is written all the same. */
  async begin(id: string, asked: AskedText, said: readonly number[]): Promise<void> {
    const { folder, resumeMs } = this.#init
    if (resumeMs === 0) return
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFileAtomic(this.#file(id, 'tokens'), bytesOf(said))
      await this.#write(id, asked)
      const file = await open(this.#file(id, 'tokens'), 'a')
      this.#writes.set(id, { asked, file, tokens: [], done: Promise.resolve() })
    } catch (error) {
      this.#components.logger.warn('text is not kept', { text: id, error })
    }
  }

  /** Tokens that are part of the answer now; those that come during a write share the next. */
  append(id: string, tokens: readonly number[]): void {
    const write = this.#writes.get(id)
    if (write === undefined || tokens.length === 0) return
    write.tokens.push(...tokens)
    if (write.tokens.length > tokens.length) return
    write.done = write.done.then(async () => {
      try {
        await write.file.appendFile(bytesOf(write.tokens.splice(0)))
      } catch (error) {
        // Tokens with a gap would be another text.
        this.#components.logger.warn('text is kept no more', { text: id, error })
        this.#writes.delete(id)
        await write.file.close()
        await this.#remove(id)
      }
    })
  }

  /** What became known of how the text is written: those that take it up again are to compute alike. */
  amend(id: string, change: Pick<AskedText, 'stages' | 'exact'>): void {
    const write = this.#writes.get(id)
    if (write === undefined) return
    const asked = { ...write.asked, ...change }
    write.asked = asked
    write.done = write.done.then(async () => {
      try {
        await this.#write(id, asked)
      } catch (error) {
        this.#components.logger.warn('what was asked for is not kept', { text: id, error })
      }
    })
  }

  async #write(id: string, asked: AskedText): Promise<void> {
    await writeFileAtomic(this.#file(id, 'json'), utf8(JSON.stringify({ version: 1, ...asked })))
  }

  /** The text is over: nothing of it is kept, or all so that it can be taken up again. */
  async end(id: string, keep: boolean): Promise<void> {
    const write = this.#writes.get(id)
    this.#writes.delete(id)
    await write?.done
    await write?.file.close()
    if (!keep) await this.#remove(id)
  }

  /** A text as it was left; undefined when there is none, or its time is over. */
  async find(id: string): Promise<KeptText | undefined> {
    await this.sweep()
    if (!ID.test(id)) return undefined
    try {
      const [json, bytes] = await Promise.all([
        readFile(this.#file(id, 'json'), 'utf8'),
        readFile(this.#file(id, 'tokens')),
      ])
      const { version: _, ...asked } = keptTextSchema.parse(JSON.parse(json))
      return { id, ...asked, said: tokensOf(bytes) }
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (!missing) this.#components.logger.warn('kept text is of no use', { text: id, error })
      return undefined
    }
  }

  /** Forgets what nobody took up in time. */
  async sweep(): Promise<void> {
    // A folder that is not there holds nothing.
    const names = await readdir(this.#init.folder).catch(() => [])
    const ids = names.flatMap((name) => (name.endsWith('.json') ? name.slice(0, -5) : []))
    const left = ids.filter((id) => ID.test(id) && !this.#writes.has(id))
    const ages = await Promise.all(
      left.map(async (id) => ({ id, atMs: await changedMs(this.#file(id, 'tokens')) })),
    )
    const oldestMs = this.#components.wallMs() - this.#init.resumeMs
    const over = ages
      .toSorted((a, b) => b.atMs - a.atMs)
      .filter(({ atMs }, index) => atMs < oldestMs || index >= KEPT_MAX)
    for (const { id } of over) await this.#remove(id)
  }

  async #remove(id: string): Promise<void> {
    for (const kind of ['json', 'tokens'] as const) {
      await rm(this.#file(id, kind), { force: true })
    }
  }

  #file(id: string, kind: 'json' | 'tokens'): string {
    return join(this.#init.folder, `${id}.${kind}`)
  }
}

/** When a file was last written; long ago when it is not there. */
async function changedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch {
    return 0
  }
}

function bytesOf(tokens: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(TOKEN_BYTES * tokens.length)
  const view = new DataView(bytes.buffer)
  for (const [index, token] of tokens.entries()) view.setUint32(TOKEN_BYTES * index, token, true)
  return bytes
}

/** Whole tokens: the end of the last write may be missing. */
function tokensOf(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = Math.floor(bytes.length / TOKEN_BYTES)
  return Array.from({ length: count }, (_, index) => view.getUint32(TOKEN_BYTES * index, true))
}
