/**
 * Statements that have come and are in no epoch yet.
 *
 * Only members speak, each domain has room for as many epochs as may be late, and a second word about
 * one epoch is a proof against whoever signed both.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  decodeToldStatement,
  EPOCH_LIMITS,
  type EpochErrorCode,
  type Stated,
  type ToldStatement,
} from '../../protocols/epoch/index.ts'
import {
  decodeStatement,
  domainIdOf,
  encodeStatementFork,
  openStatement,
  type Statement,
  TRUST_LIMITS,
  type TrustErrorCode,
} from '../../trust/index.ts'

/** A statement that waits. */
export interface PooledStatement {
  readonly id: Uint8Array
  readonly stated: Stated
  readonly statement: Statement
  /** As it was gossiped. */
  readonly encoded: Uint8Array
  /** On the monotonic clock. */
  readonly sinceMs: number
}

export type StatementFate =
  | { readonly type: 'new'; readonly statement: Statement }
  | { readonly type: 'known' }
  /** Both are signed by `owner`: `proof` is against it. */
  | { readonly type: 'forked'; readonly owner: PeerId; readonly proof: Uint8Array }
  | { readonly type: 'refused'; readonly code: TrustErrorCode | EpochErrorCode }

export interface StatementPoolRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  /** True when this chain of certificates makes `peer` a member now. */
  readonly provesMembership: (peer: PeerId, credential: Uint8Array) => boolean
  /** The latest epoch of which a statement may speak now. */
  readonly latestEpoch: () => number
  /** The latest epoch of a domain that is in; -1 for none. */
  readonly latestIn: (domain: Uint8Array) => number
  /** Who speaks for a device in an epoch. */
  readonly speakerOf: (device: PeerId, epoch: number) => PeerId
  /** The epoch that is decided on. */
  readonly deciding: () => number
  readonly nowMs: () => number
}

/** Statements that wait, of all domains. */
const POOLED_MAX = 8 * EPOCH_LIMITS.CUT_STATEMENTS_MAX

export class StatementPool {
  readonly #rules: StatementPoolRules
  /** By domain and epoch. */
  readonly #pooled = new Map<string, PooledStatement>()

  constructor(rules: StatementPoolRules) {
    this.#rules = rules
  }

  get size(): number {
    return this.#pooled.size
  }

  /** Takes a statement as it is gossiped. */
  take(encoded: Uint8Array): StatementFate {
    const told = decodeToldStatement(encoded)
    return told.type === 'refused' ? told : this.#takeTold(told.value, Uint8Array.from(encoded))
  }

  /** Those that may be in `epoch`, in no order. */
  for(epoch: number): readonly PooledStatement[] {
    return this.all().filter(
      ({ stated, statement }) =>
        this.#fits(statement, epoch) && this.#rules.speakerOf(stated.owner, epoch) === stated.owner,
    )
  }

  get(id: Uint8Array): PooledStatement | undefined {
    return [...this.#pooled.values()].find((pooled) => bytesEqual(pooled.id, id))
  }

  /** True when a statement of a device waits. */
  isHeard(device: PeerId): boolean {
    return this.all().some(({ stated }) => stated.owner === device)
  }

  /** True when whoever signed a statement was heard about its epoch: with it, or with another, which is a proof. */
  hasTold({ owner, signed }: Stated): boolean {
    const decoded = decodeStatement(signed.body)
    if (decoded.type === 'refused') return false
    return this.#pooled.get(keyOf(decoded.value))?.stated.owner === owner
  }

  /** Everything that waits. */
  all(): readonly PooledStatement[] {
    return [...this.#pooled.values()]
  }

  /** True when a statement may be in a cut of `epoch`, and is not in yet. */
  #fits({ domain, epoch: of }: Statement, epoch: number): boolean {
    const late = epoch - of
    return late >= 0 && late <= TRUST_LIMITS.LATE_EPOCHS_MAX && of > this.#rules.latestIn(domain)
  }

  /** Gives up what is in, or too late. */
  sweep(): void {
    for (const [key, { statement }] of this.#pooled) {
      const tooLate = this.#rules.deciding() - statement.epoch > TRUST_LIMITS.LATE_EPOCHS_MAX
      if (tooLate || statement.epoch <= this.#rules.latestIn(statement.domain)) {
        this.#pooled.delete(key)
      }
    }
  }

  /** What is wrong with a statement that is in a cut; undefined when it may be. */
  problemOf(stated: Stated, epoch: number): TrustErrorCode | undefined {
    const opened = this.#open(stated)
    if (opened.type === 'refused') return opened.code
    if (this.#rules.speakerOf(stated.owner, epoch) !== stated.owner) return 'TRUST_DOMAIN_BOUND'
    return this.#fits(opened.value, epoch) ? undefined : 'TRUST_EPOCH_INVALID'
  }

  #takeTold({ stated, credential }: ToldStatement, encoded: Uint8Array): StatementFate {
    const { crypto, latestIn, latestEpoch, deciding, nowMs, provesMembership } = this.#rules
    const opened = this.#open(stated)
    if (opened.type === 'refused') return opened
    const statement = opened.value
    const { domain, epoch } = statement
    const key = keyOf(statement)
    const known = this.#pooled.get(key)
    const id = crypto.sha256(stated.signed.body)
    if (known !== undefined) return this.#again(known, stated, id)
    if (epoch > latestEpoch()) return { type: 'refused', code: 'TRUST_EPOCH_INVALID' }
    if (deciding() - epoch > TRUST_LIMITS.LATE_EPOCHS_MAX || epoch <= latestIn(domain)) {
      return { type: 'known' }
    }
    if (!provesMembership(stated.owner, credential)) {
      return { type: 'refused', code: 'TRUST_DOMAIN_UNKNOWN' }
    }
    if (this.#pooled.size >= POOLED_MAX) return { type: 'known' }
    this.#pooled.set(key, { id, stated, statement, encoded, sinceMs: nowMs() })
    return { type: 'new', statement }
  }

  #again(known: PooledStatement, stated: Stated, id: Uint8Array): StatementFate {
    if (bytesEqual(known.id, id)) return { type: 'known' }
    const { owner } = stated
    const proof = encodeStatementFork(owner, known.stated.signed, stated.signed)
    return { type: 'forked', owner, proof }
  }

  #open({ owner, signed }: Stated): ReturnType<typeof openStatement> {
    const { crypto, network, speakerOf } = this.#rules
    const own = domainIdOf(crypto.sha256, { network, owner })
    const ownerOf = (domain: Uint8Array): PeerId | undefined =>
      bytesEqual(domain, own) ? owner : undefined
    const opened = openStatement({ verify: crypto.verify, network, ownerOf }, signed)
    if (opened.type === 'refused') return opened
    const { heads, epoch } = opened.value
    if (speakerOf(owner, epoch) !== owner) {
      return { type: 'refused', code: 'TRUST_DOMAIN_BOUND', reason: 'expected its owner to speak' }
    }
    // What it says of the ledgers of others than its own devices is not its to say.
    const foreign = heads.some(({ device }) => speakerOf(device, epoch) !== owner)
    return foreign
      ? { type: 'refused', code: 'TRUST_DOMAIN_UNKNOWN', reason: 'expected heads of the domain' }
      : opened
  }
}

/** A domain speaks once of an epoch. */
function keyOf({ domain, epoch }: Statement): string {
  return `${toHex(domain)} ${epoch}`
}
