/**
 * The folders of /proc, /sys and /dev that signals are read from, and how.
 *
 * Files there are made when they are read, take microseconds and never wait for a disk, so that
 * they are read at once: a round through the thread pool costs ten times the reading.
 *
 * @module
 */

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'

/** Where this machine shows itself; tests give folders of their own. */
export interface HostRoots {
  readonly proc: string
  readonly sys: string
  readonly dev: string
  readonly run: string
}

export const HOST_ROOTS: HostRoots = { proc: '/proc', sys: '/sys', dev: '/dev', run: '/run' }

export interface FileTimes {
  readonly readMs: number
  readonly writtenMs: number
}

/** Bytes of one file that are looked at: a /proc/interrupts of 512 processors has fewer. */
const FILE_BYTES_MAX = 1_048_576

/** Entries of one folder that are looked at. */
const ENTRIES_MAX = 65_536

/** Descriptors that are kept open, for files that are read in every tick. */
const KEPT_MAX = 64

export class HostFiles {
  readonly roots: HostRoots
  readonly #kept = new Map<string, number>()
  #buffer = Buffer.allocUnsafe(16_384)

  constructor(roots: HostRoots = HOST_ROOTS) {
    this.roots = roots
  }

  /**
   * The text of a file such as `proc/stat`, at most 1 MiB of it.
   *
   * @throws {Error} of the system when it cannot be read.
   */
  text(root: keyof HostRoots, path: string): string {
    const descriptor = openSync(join(this.roots[root], path), 'r')
    try {
      return this.#readAll(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }

  /** The same of a file that is read again and again: its descriptor is kept. @throws as `text`. */
  again(root: keyof HostRoots, path: string): string {
    const full = join(this.roots[root], path)
    const kept = this.#kept.get(full)
    if (kept === undefined && this.#kept.size >= KEPT_MAX) return this.text(root, path)
    const descriptor = kept ?? openSync(full, 'r')
    this.#kept.set(full, descriptor)
    try {
      return this.#readAll(descriptor)
    } catch (error) {
      this.#kept.delete(full)
      closeSync(descriptor)
      throw error
    }
  }

  /** The text of a file, or undefined when it cannot be read: for what only some machines have. */
  maybe(root: keyof HostRoots, path: string): string | undefined {
    try {
      return this.text(root, path)
    } catch {
      // Not there, not allowed, or its device is gone: the caller knows what that means.
      return undefined
    }
  }

  /** A whole number that is alone in its file, as most are in /sys. */
  integer(root: keyof HostRoots, path: string): number | undefined {
    const text = this.maybe(root, path)?.trim()
    return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
  }

  /** Names in a folder, in order; none when it cannot be read. */
  names(root: keyof HostRoots, path: string): readonly string[] {
    try {
      return readdirSync(join(this.roots[root], path)).slice(0, ENTRIES_MAX).toSorted()
    } catch {
      // A machine without such things has no such folder.
      return []
    }
  }

  /** True when there is such a file, whatever it is. */
  has(root: keyof HostRoots, path: string): boolean {
    return existsSync(join(this.roots[root], path))
  }

  /** Where a link points to, or undefined when it is none. */
  link(root: keyof HostRoots, path: string): string | undefined {
    try {
      return readlinkSync(join(this.roots[root], path))
    } catch {
      // Closed meanwhile, or of another user.
      return undefined
    }
  }

  /** When a file was last read and written, in ms since the Unix epoch. */
  times(root: keyof HostRoots, path: string): FileTimes | undefined {
    try {
      const { atimeMs, mtimeMs } = statSync(join(this.roots[root], path))
      return { readMs: atimeMs, writtenMs: mtimeMs }
    } catch {
      // Terminals come and go between the list and the look.
      return undefined
    }
  }

  /** Closes what was kept open. */
  close(): void {
    for (const descriptor of this.#kept.values()) closeSync(descriptor)
    this.#kept.clear()
  }

  #readAll(descriptor: number): string {
    let length = 0
    for (;;) {
      if (length === this.#buffer.length) this.#grow()
      const count = readSync(descriptor, this.#buffer, length, this.#buffer.length - length, length)
      length += count
      if (count === 0 || length >= FILE_BYTES_MAX) return this.#buffer.toString('utf8', 0, length)
    }
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(2 * this.#buffer.length)
    this.#buffer.copy(larger)
    this.#buffer = larger
  }
}
