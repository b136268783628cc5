/**
 * What the devices that this one speaks for have told it of their work: the latest word of each.
 *
 * Sums run from the beginning of the day, so that a report that is lost, or comes while this device is away, is
 * said again by the next one. They are kept: a device that is off by now did its work all the same.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { type DeviceReport, domainIdOf, openReport, TRUST_LIMITS } from '../../trust/index.ts'
import type { EpochChain } from './epoch-chain.ts'
import type { EpochStore } from './epoch-store.ts'

export interface DeviceReportsRules {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly network: Uint8Array
  /** Who speaks here. */
  readonly self: PeerId
  readonly chain: EpochChain
  readonly store: Pick<EpochStore, 'reports' | 'keepReport'>
  /** The latest epoch that may be over now. */
  readonly latestEpoch: () => number
}

/** A device whose last report is older than this is not waited for. */
const AWAITED_EPOCHS = 2

export class DeviceReports {
  readonly #rules: DeviceReportsRules
  readonly #domain: Uint8Array
  readonly #latest = new Map<PeerId, DeviceReport>()
  #wake: () => void = () => undefined

  constructor(rules: DeviceReportsRules) {
    this.#rules = rules
    const { crypto, network, self } = rules
    this.#domain = domainIdOf(crypto.sha256, { network, owner: self })
  }

  /** Reads what an earlier life was told. */
  async restore(): Promise<void> {
    const { crypto, network, store } = this.#rules
    for (const encoded of await store.reports()) {
      const opened = openReport(crypto.verify, network, encoded)
      if (opened.type === 'value') this.#latest.set(opened.value.device, opened.value)
    }
  }

  /** Takes what a device tells; false when it is none of this domain, or nothing new. It is on the disk when this resolves. */
  async take(from: PeerId, encoded: Uint8Array): Promise<boolean> {
    const { crypto, network, self, chain, store, latestEpoch } = this.#rules
    const opened = openReport(crypto.verify, network, encoded)
    if (opened.type === 'refused') return false
    const { device, domain, epoch } = opened.value
    const isOurs =
      device === from &&
      bytesEqual(domain, this.#domain) &&
      chain.fold.owners.speakerOf(device, epoch) === self
    const isNew = epoch > (this.#latest.get(device)?.epoch ?? -1) && epoch <= latestEpoch()
    if (!isOurs || !isNew) return false
    this.#latest.set(device, opened.value)
    await store.keepReport(device, Uint8Array.from(encoded))
    this.#wake()
    return true
  }

  /** What was told of the day of an epoch, the last word of each device; who has left has no head any more. */
  of(epoch: number): readonly DeviceReport[] {
    const day = (at: number): number => Math.floor(at / TRUST_LIMITS.EPOCHS_PER_DAY)
    const { departures } = this.#rules.chain.fold
    return [...this.#latest.values()]
      .filter((report) => day(report.epoch) === day(epoch))
      .map((report) =>
        departures.hasLeft(report.device) ? { ...report, head: undefined } : report,
      )
  }

  /** Waits until all devices that are there have told of an epoch, but not longer than `msMax`. */
  async told(epoch: number, msMax: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#rules
    const untilMs = clock.monotonicMs() + msMax
    while (this.#isAwaited(epoch) && !signal.aborted) {
      const leftMs = untilMs - clock.monotonicMs()
      if (leftMs <= 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await Promise.race([promise, clock.sleep(leftMs, signal)])
    }
  }

  #isAwaited(epoch: number): boolean {
    const { chain, self } = this.#rules
    return chain.fold.owners.devicesOf(self, epoch).some((device) => {
      const last = this.#latest.get(device)?.epoch ?? epoch - 1
      return last < epoch && last >= epoch - AWAITED_EPOCHS
    })
  }
}
