/**
 * Small durable values by key: what the daemon must still know after a restart.
 *
 * Keys are `namespace/rest`, so that parts of the daemon do not see each other's.
 *
 * @module
 */

import { Level } from 'level'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import { databaseFailure } from './database-failure.ts'

/** Longest key, in UTF-16 code units. */
export const STATE_KEY_LENGTH_MAX = 512

export interface StateEntry {
  readonly key: string
  readonly value: Uint8Array
}

export type StateChange =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

export interface WriteOptions {
  /** True to return only after the disk has it: survives loss of power, costs a sync. Default false: survives the death of the process. */
  readonly sync?: boolean
}

export interface StateStoreInit {
  /** Folder of the database, made on first use. */
  readonly path: string
}

/**
 * Every method throws {@link StorageError}: `STATE_STORE_CORRUPTED`, `STATE_DISK_FULL` or
 * `STATE_IO_FAILED`; `start` also `STATE_LOCKED`.
 */
export class StateStore implements Startable {
  readonly #init: StateStoreInit
  #level: Level<string, Uint8Array> | undefined

  constructor(init: StateStoreInit) {
    this.#init = init
  }

  async start(signal: AbortSignal): Promise<void> {
    invariant(this.#level === undefined, 'a state store is started once')
    signal.throwIfAborted()
    const level = new Level<string, Uint8Array>(this.#init.path, { valueEncoding: 'view' })
    await this.#guard(level.open())
    this.#level = level
  }

  async stop(): Promise<void> {
    await this.#level?.close()
  }

  /** The value under `key`, or undefined. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const value = await this.#guard(this.#opened().get(checked(key)))
    // Callers compare and keep plain arrays; the database hands out views on its own buffers.
    return value === undefined ? undefined : Uint8Array.from(value)
  }

  async put(key: string, value: Uint8Array, options: WriteOptions = {}): Promise<void> {
    await this.batch([{ type: 'put', key, value }], options)
  }

  /** Forgets `key`; nothing happens when it is not there. */
  async del(key: string, options: WriteOptions = {}): Promise<void> {
    await this.batch([{ type: 'del', key }], options)
  }

  /** All of `changes` or none. */
  async batch(changes: readonly StateChange[], options: WriteOptions = {}): Promise<void> {
    for (const { key } of changes) checked(key)
    await this.#guard(this.#opened().batch([...changes], { sync: options.sync ?? false }))
  }

  /**
   * The first `limit` entries whose key begins with `prefix`, in the order of their keys' UTF-8
   * bytes, from the first key after `afterKey` on when it is given.
   */
  async entries(prefix: string, limit: number, afterKey?: string): Promise<readonly StateEntry[]> {
    invariant(limit >= 1 && Number.isSafeInteger(limit), 'a listing has a limit')
    const from = afterKey === undefined ? { gte: checked(prefix) } : { gt: checked(afterKey) }
    // U+10FFFF encodes higher than anything that a key holds after its prefix.
    const range = { ...from, lt: `${prefix}\u{10ffff}`, limit }
    const pairs = await this.#guard(this.#opened().iterator(range).all())
    return pairs.map(([key, value]) => ({ key, value: Uint8Array.from(value) }))
  }

  #opened(): Level<string, Uint8Array> {
    invariant(this.#level !== undefined, 'a state store is used between start and stop')
    return this.#level
  }

  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw databaseFailure(error, this.#init.path)
    }
  }
}

function checked(key: string): string {
  invariant(
    key.length <= STATE_KEY_LENGTH_MAX && /^[a-z0-9-]+\//.test(key),
    'keys of the state store are namespace/rest',
  )
  return key
}
