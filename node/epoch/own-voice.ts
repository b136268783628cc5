/**
 * Says what this device has to say of each epoch: written down before it is said, and never said otherwise.
 *
 * A device that belongs to another one's domain tells that one, who says it for all of them.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { decodeToldStatement, EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import { openStatement, TRUST_LIMITS } from '../../trust/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import { DeviceReports } from './device-reports.ts'
import type { EpochChain } from './epoch-chain.ts'
import type { EpochStore } from './epoch-store.ts'
import { cutDelayMs, epochAt, type EpochCalendar, startMs } from './epoch-time.ts'
import { type OwnStatementInit, OwnStatements, type OwnTale } from './own-statement.ts'
import { OwnWork } from './own-work.ts'
import type { StatementPool } from './statement-pool.ts'

export interface OwnVoiceInit extends OwnStatementInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly calendar: EpochCalendar
  readonly store: Pick<EpochStore, 'statement' | 'keepStatement' | 'reports' | 'keepReport'>
  readonly pool: StatementPool
  readonly chain: EpochChain
  /** Tells whoever speaks for this device; false when nobody took it. Never rejects. */
  readonly report: (speaker: PeerId, encoded: Uint8Array) => Promise<boolean>
  readonly ledger: () => OpenLedger | undefined
  readonly publish: (topic: string, data: Uint8Array) => void
  readonly onSpoken: () => void
  /** What this device said of an epoch is not what lies on its disk. */
  readonly onDamaged: (epoch: number) => void
}

/** Part of the time before a cut that devices of this domain are waited for. */
const REPORTS_SHARE = 4

export class OwnVoice {
  /** What the devices that this one speaks for have told. */
  readonly reports: DeviceReports
  readonly #init: OwnVoiceInit
  readonly #statements: OwnStatements
  readonly #work = new OwnWork()
  #spoken = -1
  #silent = false

  constructor(init: OwnVoiceInit) {
    this.#init = init
    this.#statements = new OwnStatements(init)
    const { calendar, clock } = init
    this.reports = new DeviceReports({
      ...init,
      self: init.signer.peer,
      latestEpoch: () => epochAt(calendar, clock.wallMs() + EPOCH_LIMITS.CUT_SKEW_MS_MAX) - 1,
    })
  }

  /** Says nothing more, until the next start: this device leaves. */
  fallSilent(): void {
    this.#silent = true
  }

  /** Says what there is to say of the epoch that is over, once: also when the clock was set back since it last spoke. */
  async speak(signal: AbortSignal): Promise<void> {
    const { clock, calendar, chain, signer } = this.#init
    const epoch = epochAt(calendar, clock.wallMs()) - 1
    if (this.#silent || epoch < 0 || epoch === this.#spoken) return
    const speaker = chain.fold.owners.speakerOf(signer.peer, epoch)
    if (speaker === signer.peer) await this.#state(epoch, signal)
    else await this.#report(epoch, speaker)
    this.#spoken = epoch
    this.#init.onSpoken()
  }

  async #state(epoch: number, signal: AbortSignal): Promise<void> {
    const { store, pool, publish, onDamaged } = this.#init
    const kept = await store.statement(epoch)
    const statement = kept ?? (await this.#make(epoch, signal))
    const fate = pool.take(statement)
    if (fate.type === 'new') publish(EPOCH_LIMITS.STATEMENTS_TOPIC, statement)
    // Others may have heard the right one: another one would be a second word about the same epoch.
    if (kept !== undefined && fate.type === 'refused' && this.#isDamaged(kept)) onDamaged(epoch)
  }

  /** True when what lies on the disk is not what this device has signed. */
  #isDamaged(kept: Uint8Array): boolean {
    const { crypto, network, signer } = this.#init
    const told = decodeToldStatement(kept)
    if (told.type === 'refused') return true
    const said = { verify: crypto.verify, network, ownerOf: () => signer.peer }
    return openStatement(said, told.value.stated.signed).type === 'refused'
  }

  async #make(epoch: number, signal: AbortSignal): Promise<Uint8Array> {
    const { calendar, store } = this.#init
    await this.reports.told(epoch, Math.floor(cutDelayMs(calendar, epoch) / REPORTS_SHARE), signal)
    const statement = await this.#statements.make(await this.#tale(epoch), this.reports.of(epoch))
    await store.keepStatement(epoch, statement)
    return statement
  }

  /** Who is not reached hears it with the next epoch: sums run from the beginning of the day. */
  async #report(epoch: number, speaker: PeerId): Promise<void> {
    const report = await this.#statements.report(await this.#tale(epoch), speaker)
    const { logger } = this.#init
    // Nobody waits for a speaker that is far away.
    void this.#init.report(speaker, report).then((taken) => {
      if (!taken) logger.debug('report not taken', { epoch, peer: speaker })
    })
  }

  async #tale(epoch: number): Promise<OwnTale> {
    const { calendar, chain } = this.#init
    const ledger = this.#init.ledger()
    const span = spanOf(calendar, epoch)
    const ended = ledger === undefined ? [] : await this.#work.between(ledger, span)
    const settled = ended.map((work) => ({ ...work, settled: epochAt(calendar, work.wallMs) }))
    return { epoch, owners: chain.fold.owners, ledger, settled }
  }
}

/** From when to when the sums of a statement about `epoch` go: since its day began. */
function spanOf(
  calendar: EpochCalendar,
  epoch: number,
): { readonly fromMs: number; readonly toMs: number } {
  const day = Math.floor(epoch / TRUST_LIMITS.EPOCHS_PER_DAY)
  return {
    fromMs: startMs(calendar, day * TRUST_LIMITS.EPOCHS_PER_DAY),
    toMs: startMs(calendar, epoch + 1),
  }
}
