/**
 * Whose devices are, as it is folded with the epochs: who speaks in a cut, for whom, and whose audits they are.
 *
 * @module
 */

import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { CutBody } from '../../protocols/epoch/index.ts'
import {
  type AuditVerdict,
  type DomainTie,
  openOwnerWord,
  type OwnerPlace,
  Owners,
  type OwnerWord,
  type Statement,
  type Tie,
} from '../../trust/index.ts'
import type { AuditedTask } from './audited-task.ts'
import { statementIn } from './cut-order.ts'

export interface OwnerFoldRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  /** The domain that a device has for itself. */
  readonly domainOf: (device: PeerId) => Uint8Array
}

/** A statement that counts, and who made it. */
export interface Spoken {
  readonly owner: PeerId
  readonly statement: Statement
}

export class OwnerFold {
  readonly table: Owners
  readonly #rules: OwnerFoldRules

  constructor(rules: OwnerFoldRules, ties: readonly Tie[] = []) {
    this.#rules = rules
    this.table = new Owners(ties)
  }

  /** Takes those words of a cut that hold and count. */
  take(words: readonly Uint8Array[], place: OwnerPlace): void {
    this.table.take(this.#signed(words), place)
  }

  /** True when all of these words hold, and count beside each other. */
  countsAll(words: readonly Uint8Array[], place: OwnerPlace): boolean {
    return this.table.copy().take(this.#signed(words), place).length === words.length
  }

  /** The domain that a device is in, in an epoch. */
  homeOf(device: PeerId, epoch: number): Uint8Array {
    return this.#rules.domainOf(this.table.speakerOf(device, epoch))
  }

  /** The domains that some devices are in, each once. */
  homesOf(devices: readonly PeerId[], epoch: number): readonly Uint8Array[] {
    const speakers = new Set(devices.map((device) => this.table.speakerOf(device, epoch)))
    return [...speakers].map((speaker) => this.#rules.domainOf(speaker))
  }

  /** Who speaks for each of some devices. */
  speakersOf(devices: readonly PeerId[], epoch: number): ReadonlyMap<PeerId, PeerId> {
    return new Map(devices.map((device) => [device, this.table.speakerOf(device, epoch)] as const))
  }

  /** Devices that begin to be somebody's after one epoch and by another, or to be their own again. */
  turningIn(after: number, by: number): readonly DomainTie[] {
    const { domainOf } = this.#rules
    return this.table.turningIn(after, by).flatMap(({ device, owner, before }) => {
      const other = owner ?? before
      const binds = owner !== undefined
      return other === undefined
        ? []
        : [{ device: domainOf(device), owner: domainOf(other), binds }]
    })
  }

  /** Statements by devices that speak for themselves, then and in the epoch of the cut. */
  spokenIn({ statements }: CutBody, epoch: number): readonly Spoken[] {
    return statements.flatMap(({ owner, signed }) => {
      const statement = statementIn(signed.body)
      const speaks = [statement.epoch, epoch].every((at) => this.#isOwn(owner, at))
      return speaks ? [{ owner, statement }] : []
    })
  }

  /** Who was there, by statements: who made them, and the devices of their domains that they name. */
  heardIn(spoken: readonly Spoken[]): readonly { device: PeerId; epoch: number }[] {
    return spoken.flatMap(({ owner, statement: { epoch, heads } }) => {
      const named = heads.map(({ device }) => device)
      const parts = named.filter((device) => this.table.speakerOf(device, epoch) === owner)
      return [...new Set([owner, ...parts])].map((device) => ({ device, epoch }))
    })
  }

  /** Audits as verdicts: a failed one is also that of who the device belonged to when it was drawn. */
  verdictsOf(audits: readonly AuditedTask[], now: number): readonly AuditVerdict[] {
    const { domainOf } = this.#rules
    return audits.flatMap(({ provider, passed, epoch: drawn }) => {
      const before = this.table.speakerOf(provider, drawn)
      const hasLeft = before !== provider && this.table.speakerOf(provider, now) !== before
      const blamed = hasLeft && !passed ? [provider, before] : [provider]
      return blamed.map((device) => ({ provider: domainOf(device), passed }))
    })
  }

  #isOwn(device: PeerId, epoch: number): boolean {
    return this.table.speakerOf(device, epoch) === device
  }

  #signed(words: readonly Uint8Array[]): readonly OwnerWord[] {
    const { crypto, network } = this.#rules
    return words.flatMap((encoded) => {
      const opened = openOwnerWord(crypto.verify, network, encoded)
      return opened.type === 'value' ? [opened.value] : []
    })
  }
}
