/**
 * What one auditor does in a simulated mesh: it runs the task, or says that it did.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import {
  AUDIT_LIMITS,
  type AuditorInput,
  type AuditVerdict,
  commitmentOf,
  type Finding,
  type OpenedVerdict,
  signVerdict,
} from '../../protocols/audit/index.ts'
import { areAlike, areSame, hashOfResults } from './audit-results.ts'
import type { AuditedWork } from './audit-run.ts'
import type { Audited, AuditWorld } from './audit-world.ts'
import { simCrypto } from '../sim-crypto.ts'

/** A verdict, and what its auditor's run gave. */
export interface Handed {
  readonly opened: OpenedVerdict
  readonly outputs: readonly number[]
}

/** What an auditor is told once it is bound. */
export interface ToldClaim {
  readonly outputs: readonly number[]
  /** Of auditors before it, who differ. */
  readonly before: readonly Handed[]
}

/** On what those agree who accuse the innocent together. */
const AGREED = 13

export class AuditorWork {
  readonly #world: AuditWorld
  readonly #work: AuditedWork
  readonly #self: Audited
  readonly #salt: Uint8Array
  #own: readonly number[] = []

  constructor(world: AuditWorld, work: AuditedWork, self: Audited) {
    this.#world = world
    this.#work = work
    this.#self = self
    this.#salt = world.random.bytes(AUDIT_LIMITS.SALT_BYTES)
  }

  /** What its run gave, or what it says. */
  get own(): readonly number[] {
    return this.#own
  }

  /** Runs the task, and is bound to what it gave. */
  run(): AuditorInput {
    const { requests } = this.#work
    this.#own = this.#ran()
    const result = hashOfResults(requests, this.#own)
    const about = {
      auditor: this.#self.signer.peer,
      task: this.#work.task,
      result,
      salt: this.#salt,
    }
    return { type: 'committed', commitment: commitmentOf(simCrypto.sha256, about) }
  }

  /** Says what it found, now that it was told what the provider gave. */
  compare({ outputs, before }: ToldClaim): AuditorInput {
    const { kind, signer } = this.#self
    const { task, beacon, number: epoch, provider, requests } = this.#work
    // Whoever ran nothing says what it was just told.
    if (kind === 'copy-cat') this.#own = outputs
    const finding = this.#finding(outputs)
    const confirmed = before.find((other) => areAlike(other.outputs, this.#own))
    const verdict: AuditVerdict = {
      network: this.#world.network,
      epoch,
      beacon,
      task,
      provider: provider.signer.peer,
      requester: this.#world.requester.signer.peer,
      auditor: signer.peer,
      numericClass: classOf(this.#self),
      finding,
      compared: requests.length,
      result: hashOfResults(requests, this.#own),
      salt: this.#salt,
      confirms: finding === 'different' ? confirmed?.opened.id : undefined,
    }
    const signed = signVerdict(signer, verdict)
    return { type: 'concluded', answer: { verdict: signed, outputs: new Uint8Array() } }
  }

  #ran(): readonly number[] {
    const { kind } = this.#self
    const { task, requests, provider, outputs } = this.#work
    switch (kind) {
      case 'copy-cat':
      case 'echo':
      case 'lazy':
        return requests.map(() => this.#world.random.uint32())
      case 'colluder':
        // Fellows tell each other what they gave before anybody asks.
        return provider.kind === 'colluder' ? outputs : requests.map(() => AGREED)
      default:
        return this.#world.resultsOf(this.#self, task, requests)
    }
  }

  #finding(claimed: readonly number[]): Finding {
    if (this.#self.kind === 'echo' || areSame(claimed, this.#own)) return 'same'
    const { provider } = this.#work
    const sameClass = classOf(provider).join() === classOf(this.#self).join()
    return !sameClass && areAlike(claimed, this.#own) ? 'alike' : 'different'
  }
}

/** Whose results are the same bits: all but those of the noisy, who are alone with theirs, and of another class. */
function classOf({ kind, number }: Audited): Uint8Array {
  const name = kind === 'noisy' ? `noisy ${number}` : kind === 'other-class' ? 'other' : 'honest'
  return simCrypto.sha256(utf8(name))
}
