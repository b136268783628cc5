/**
 * Says what this device has to say of each epoch: written down before it is said, and never said otherwise.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import { EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import type { EpochStore } from './epoch-store.ts'
import { epochAt, type EpochCalendar, startMs } from './epoch-time.ts'
import { type OwnStatementInit, OwnStatements } from './own-statement.ts'
import { OwnWork } from './own-work.ts'
import type { StatementPool } from './statement-pool.ts'

export interface OwnVoiceInit extends OwnStatementInit {
  readonly clock: Clock
  readonly calendar: EpochCalendar
  readonly store: Pick<EpochStore, 'statement' | 'keepStatement'>
  readonly pool: StatementPool
  readonly ledger: () => OpenLedger | undefined
  readonly publish: (topic: string, data: Uint8Array) => void
  readonly onSpoken: () => void
}

export class OwnVoice {
  readonly #init: OwnVoiceInit
  readonly #statements: OwnStatements
  readonly #work = new OwnWork()
  #spoken = -1
  #silent = false

  constructor(init: OwnVoiceInit) {
    this.#init = init
    this.#statements = new OwnStatements(init)
  }

  /** Says nothing more, until the next start: this device leaves. */
  fallSilent(): void {
    this.#silent = true
  }

  /** Says what there is to say of the epoch that is over, once. */
  async speak(): Promise<void> {
    const { clock, calendar, store, pool, publish } = this.#init
    const epoch = epochAt(calendar, clock.wallMs()) - 1
    if (this.#silent || epoch < 0 || epoch <= this.#spoken) return
    const statement = (await store.statement(epoch)) ?? (await this.#make(epoch))
    this.#spoken = epoch
    if (pool.take(statement).type === 'new') publish(EPOCH_LIMITS.STATEMENTS_TOPIC, statement)
    this.#init.onSpoken()
  }

  async #make(epoch: number): Promise<Uint8Array> {
    const ledger = this.#init.ledger()
    const span = spanOf(this.#init.calendar, epoch)
    const settled = ledger === undefined ? [] : await this.#work.between(ledger, span)
    const statement = await this.#statements.make(epoch, ledger, settled)
    await this.#init.store.keepStatement(epoch, statement)
    return statement
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
