/**
 * What devices say of each epoch, from the receipts in their ledgers: the statements that the daemon makes.
 *
 * Nobody decides anything here: each statement is heard by everybody. Committees are the question of other worlds.
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import { OwnStatements } from '../../node/epoch/own-statement.ts'
import { OwnWork } from '../../node/epoch/own-work.ts'
import { decodeToldStatement } from '../../protocols/epoch/index.ts'
import { decodeStatement, Owners, type Statement, TRUST_LIMITS } from '../../trust/index.ts'
import { BEGIN_WALL_MS } from '../meshes/device-clock.ts'
import type { LedgerDevice, LedgerLife } from './ledger-device.ts'
import type { LedgerRoster } from './ledger-roster.ts'

/** What somebody said, and when on the clock of the simulation. */
export interface Told {
  readonly device: number
  readonly epoch: number
  readonly statement: Statement
}

/** Nobody here has an owner but itself. */
const OWNERS = new Owners()

export class LedgerSpeaker {
  readonly #device: LedgerDevice
  readonly #statements: OwnStatements
  /** What it knows of its ledger, as long as its process runs. */
  #work: { readonly life: LedgerLife; readonly of: OwnWork } | undefined

  constructor(roster: LedgerRoster, device: LedgerDevice) {
    const { crypto, network } = roster.context
    this.#device = device
    const credential = (): Uint8Array => new Uint8Array()
    this.#statements = new OwnStatements({ crypto, signer: device.signer, network, credential })
  }

  /** What the device says of an epoch that is over; undefined while its ledger is not open. */
  async speak(epoch: number, epochMs: number): Promise<Told | undefined> {
    const { life, open: ledger, number, signer } = this.#device
    if (life === undefined || ledger === undefined) return undefined
    if (this.#work?.life !== life) this.#work = { life, of: new OwnWork() }
    // Sums run from the beginning of the day, in which the whole simulation lies.
    const span = { fromMs: 0, toMs: BEGIN_WALL_MS + (epoch + 1) * epochMs }
    const ended = await this.#work.of.between(ledger, span)
    const settled = ended.map((work) => ({ ...work, settled: epoch }))
    const tale = { epoch, owners: OWNERS, ledger, settled }
    const told = decodeToldStatement(await this.#statements.make(tale, []))
    invariant(told.type === 'value', 'an own statement can be read')
    const read = decodeStatement(told.value.stated.signed.body)
    invariant(read.type === 'value', `${signer.peer} says what can be read`)
    return { device: number, epoch, statement: this.#told(read.value) }
  }

  /** Those who sign what was never done tell of as much as there can be. */
  #told(statement: Statement): Statement {
    if (this.#device.ways.inflates !== true) return statement
    const milliCredits = TRUST_LIMITS.MILLI_CREDITS_MAX
    const [provided, consumed] = [statement.provided, statement.consumed].map((rows) =>
      rows.map((row) => ({ ...row, milliCredits })),
    )
    return { ...statement, provided: provided ?? [], consumed: consumed ?? [] }
  }
}
