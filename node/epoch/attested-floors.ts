/**
 * What the hardware of each device is worth, by the evidence that all show once an hour.
 *
 * The evidence is over the beacon of a certified epoch, so that one showing answers everybody. What this
 * device finds counts where it proposes, and bounds what it votes for.
 *
 * @module
 */

import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import type { EpochAppraisal } from '../attestation/epoch-appraisal.ts'

export interface AttestedFloorsComponents {
  /** Shows this device's evidence over `epoch`, and appraises that of all others that has come. */
  readonly attest: (epoch: Uint8Array) => Promise<readonly EpochAppraisal[]>
  readonly logger: Logger
}

/** An epoch whose beacon evidence is shown over. */
export interface AttestedEpoch {
  readonly epoch: number
  readonly value: Uint8Array
}

/** Epochs from one showing to the next. */
const SHOWN_EVERY = 12
/** Epochs after a showing in which what has come by then is appraised again: others are slower. */
const LOOKED_AGAIN = 1
/** Epochs that a finding counts. */
const COUNTS_EPOCHS = 3 * SHOWN_EVERY
const DEVICES_MAX = 4_096

/** What the hardware of a device is worth, in millionths, and who made it. */
export interface HardwareFloor {
  readonly micros: number
  readonly vendor: string
}

interface Finding extends HardwareFloor {
  readonly epoch: number
}

export class AttestedFloors {
  readonly #components: AttestedFloorsComponents
  readonly #found = new RecentCache<PeerId, Finding>(DEVICES_MAX)
  #shown: AttestedEpoch | undefined
  #epoch = 0
  #working = false

  constructor(components: AttestedFloorsComponents) {
    this.#components = components
  }

  /** The floor of a device; undefined when it has shown no hardware lately. */
  floorOf(device: PeerId): HardwareFloor | undefined {
    const found = this.#found.get(device)
    const counts = found !== undefined && this.#epoch - found.epoch <= COUNTS_EPOCHS
    return counts ? { micros: found.micros, vendor: found.vendor } : undefined
  }

  /** An epoch was certified. Resolves when what there is to do about it is done. Never rejects. */
  async note(certified: AttestedEpoch): Promise<void> {
    this.#epoch = certified.epoch
    if (this.#working) return
    const due = certified.epoch % SHOWN_EVERY === 0 || this.#shown === undefined
    if (due) this.#shown = certified
    const shown = this.#shown
    if (shown === undefined || certified.epoch - shown.epoch > LOOKED_AGAIN) return
    this.#working = true
    try {
      for (const { peer, appraisal, vendor = '' } of await this.#components.attest(shown.value)) {
        // The word of a device is counted without evidence, by its statement.
        if (appraisal.tier === 'none' || appraisal.tier === 'self') continue
        const { scoreMicros: micros } = appraisal
        this.#found.set(peer, { micros, vendor, epoch: certified.epoch })
      }
    } catch (error) {
      this.#components.logger.debug('evidence of an epoch not appraised', {
        code: errorCode(error),
      })
    } finally {
      this.#working = false
    }
  }
}
