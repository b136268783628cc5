/**
 * What the owner told the daemon to do, kept over restarts.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { utf8 } from '../../core/bytes.ts'
import type { Logger } from '../../core/logger.ts'
import { writeFileAtomic } from '../storage/atomic-file.ts'
import type { Wish } from './signals.ts'

const FILE = 'harvest-wish.json'

const NO_WISH: Wish = { mode: 'none' }

export class OwnerWish {
  readonly #path: string
  #wish: Wish = NO_WISH

  private constructor(path: string, wish: Wish) {
    this.#path = path
    this.#wish = wish
  }

  /** The wish that was kept in `folder`; none when there is none, or when it cannot be read. */
  static async fromFolder(folder: string, logger: Logger): Promise<OwnerWish> {
    const path = join(folder, FILE)
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch {
      // The owner never said anything.
      return new OwnerWish(path, NO_WISH)
    }
    const wish = parseWish(text)
    if (wish === undefined) {
      // Better too careful than not: somebody had said something.
      logger.warn('wish of the owner not readable, taken for a pause', { path })
      return new OwnerWish(path, { mode: 'pause' })
    }
    return new OwnerWish(path, wish)
  }

  get current(): Wish {
    return this.#wish
  }

  /** Resolves once it is on disk. */
  async set(wish: Wish): Promise<void> {
    await writeFileAtomic(this.#path, utf8(`${JSON.stringify(wish)}\n`))
    this.#wish = wish
  }
}

/** Undefined when `text` is no wish. */
function parseWish(text: string): Wish | undefined {
  try {
    const { mode, untilWallMs } = JSON.parse(text) as Record<string, unknown>
    if (mode === 'none') return NO_WISH
    if (mode !== 'pause' && mode !== 'finish' && mode !== 'boost') return undefined
    if (untilWallMs === undefined) return { mode }
    return typeof untilWallMs === 'number' ? { mode, untilWallMs } : undefined
  } catch {
    // Not what this daemon wrote.
    return undefined
  }
}
