/**
 * The epochs of a mesh on the disk of this device: kept as they are decided, and read again at the start.
 *
 * What the disk has changed is noticed by what it leads to, given up, and asked of others from there on.
 *
 * @module
 */

import type { Sha256 } from '../../core/crypto.ts'
import type { Logger } from '../../core/logger.ts'
import { decodeEpochRecord, type EpochRecord } from '../../protocols/epoch/index.ts'
import type { EpochChain } from './epoch-chain.ts'
import type { EpochHealth } from './epoch-health.ts'
import type { EpochPools } from './epoch-pools.ts'
import type { EpochStore } from './epoch-store.ts'
import { decodeSnapshot } from './fold-snapshot.ts'

export interface KeptEpochsComponents {
  readonly chain: EpochChain
  readonly pools: EpochPools
  readonly store: EpochStore
  readonly health: EpochHealth
  readonly freeBytes: () => Promise<number>
  readonly sha256: Sha256
  readonly logger: Logger
}

/** Epochs that are folded between two turns of the event loop. */
const FOLDS_AT_ONCE = 8
/** Epochs that are folded again after a start, at most. */
const SNAPSHOT_EPOCHS = 16

export class KeptEpochs {
  readonly #components: KeptEpochsComponents

  constructor(components: KeptEpochsComponents) {
    this.#components = components
  }

  /** Goes on from what an earlier life kept, as far as it holds. */
  async replay(signal: AbortSignal): Promise<void> {
    const { store, logger, chain, pools, health } = this.#components
    await this.#resume()
    let folded = 0
    for await (const encoded of store.encoded(chain.next)) {
      if (signal.aborted) return
      const record = decodeEpochRecord(encoded)
      const appended = record.type === 'value' ? chain.appendRecord(record.value) : record.code
      if (typeof appended === 'string') {
        // What the disk changed is asked for again, from there on.
        logger.warn('kept epoch does not hold', { epoch: chain.next, code: appended })
        health.noteDamage('epoch', chain.next)
        break
      }
      pools.noteDecided([])
      if (++folded % FOLDS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await pools.restoreTold()
    const restart = await store.restart()
    if (restart !== undefined) chain.beginAgain(restart)
    this.#lookAtDisk()
  }

  /**
   * Keeps the epoch that was decided last, and from time to time what follows from all of them.
   *
   * @param cuts - Rows of what was proposed for it, which are given up.
   */
  async keep(record: EpochRecord, cuts: readonly number[]): Promise<void> {
    const { chain, store, sha256 } = this.#components
    await store.keep(chain.next - 1, record, cuts)
    this.#lookAtDisk()
    const snapshot = chain.next % SNAPSHOT_EPOCHS === 0 ? chain.snapshot() : undefined
    if (snapshot !== undefined) await store.keepSnapshot(sha256, snapshot)
  }

  #lookAtDisk(): void {
    const { freeBytes, health } = this.#components
    // What the system does not tell is not low.
    void freeBytes().then(
      (bytes) => health.noteFree(bytes),
      () => undefined,
    )
  }

  /** Goes on from a snapshot, where it fits. */
  async #resume(): Promise<void> {
    const { store, sha256, logger, chain } = this.#components
    const kept = await store.snapshot(sha256)
    const snapshot = kept === undefined ? undefined : decodeSnapshot(kept)
    const record = snapshot === undefined ? undefined : await store.record(snapshot.epoch)
    if (snapshot === undefined || record === undefined) return
    if (chain.resume(snapshot, record)) return
    logger.warn('kept scores do not fit, folding again', { epoch: snapshot.epoch })
  }
}
