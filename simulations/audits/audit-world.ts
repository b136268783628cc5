/**
 * A simulated mesh whose work is audited: who had it done asks those who are drawn, over links with the messages that
 * devices exchange, while some of them copy, collude, or run nothing.
 *
 * What work gives is pretended: numbers, which honest devices have to within a little.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import type { SeededRandom } from '../../core/random.ts'
import {
  AUDIT_LIMITS,
  type AuditOutcome,
  auditorOrder,
  drawnRequests,
  type OpenedVerdict,
} from '../../protocols/audit/index.ts'
import { afterAudit, type AuditHistory, auditRate, NO_AUDITS } from '../../trust/index.ts'
import { VALUE_STEP } from './audit-results.ts'
import { AuditRun } from './audit-run.ts'
import { below } from '../faults.ts'
import { SimClock } from '../sim-clock.ts'
import { simCrypto, simSigner } from '../sim-crypto.ts'
import { SimDevice } from '../sim-device.ts'

/**
 * `noisy`: an environment of its own, whose results are never twice the same. `lazy`: gives what it has at hand, now and
 * then. `colluder`: cheats, and says of its fellows that they do not, and of others that they do. `copy-cat`: works, but
 * audits by what it is told. `echo`: the same, and keeps to what it had bound itself to.
 */
export const AUDITED_KINDS = [
  'honest',
  'other-class',
  'noisy',
  'lazy',
  'colluder',
  'copy-cat',
  'echo',
] as const

export type AuditedKind = (typeof AUDITED_KINDS)[number]

export interface AuditPlan {
  /** The first of them has all the work done, and is honest. */
  readonly kinds: readonly AuditedKind[]
  readonly tasks: number
  /** Share of its tasks for which a lazy one gives what it has at hand. */
  readonly laziness: number
  /** Share of answers that never come. */
  readonly silence: number
}

/** One device, and how it came by its results. */
export interface Audited {
  readonly number: number
  readonly kind: AuditedKind
  readonly signer: Signer
  readonly device: SimDevice
}

/** How one audit ended. */
export interface EndedAudit {
  readonly provider: Audited
  /** True when what the provider gave was not what it should be. */
  readonly cheated: boolean
  readonly outcome: AuditOutcome
  readonly verdicts: readonly OpenedVerdict[]
  /** Numbers of those whose verdicts were taken, in the order in which they were asked. */
  readonly auditors: readonly number[]
  readonly counts: 'passed' | 'failed' | undefined
}

/** Requests of one task. */
const REQUESTS = 8
/** From the beginning of one task to that of the next, in ms: no audit takes longer. */
const TASK_MS: number = AUDIT_LIMITS.AUDIT_MS_MAX + 60_000
/** What is at hand where nothing is computed. */
const CACHED = 7

export class AuditWorld {
  readonly clock = new SimClock()
  readonly random: SeededRandom
  readonly plan: AuditPlan
  readonly members: readonly Audited[]
  readonly ended: EndedAudit[] = []
  readonly network = simCrypto.sha256(utf8('an audited mesh'))
  readonly #histories = new Map<number, AuditHistory>()

  constructor(plan: AuditPlan, random: SeededRandom) {
    this.plan = plan
    this.random = random
    this.members = plan.kinds.map((kind, number) => {
      const signer = simSigner(number)
      const device = new SimDevice(number, signer.peer, this.clock)
      return { number, kind, signer, device }
    })
  }

  run(): this {
    for (const provider of this.members.slice(1)) {
      this.clock.tell(`device ${provider.number} is ${provider.kind}`)
      for (let task = 0; task < this.plan.tasks; task++) {
        this.clock.after(task * TASK_MS, 'wish', provider.number, () => this.#task(provider, task))
      }
    }
    this.clock.run(Number.POSITIVE_INFINITY, () => false)
    return this
  }

  /** Who has all the work done. */
  get requester(): Audited {
    const [first] = this.members
    invariant(first !== undefined, 'a mesh has a first device')
    return first
  }

  /** What `member` gets when it runs some requests of a task, now. */
  resultsOf(member: Audited, task: Uint8Array, requests: readonly number[]): readonly number[] {
    return requests.map((request) => {
      const hash = simCrypto.sha256(utf8(`${task.join()} ${request}`))
      const right = VALUE_STEP * (1 + new DataView(hash.buffer).getUint16(0))
      if (member.kind === 'other-class') return right + 1
      return member.kind === 'noisy' ? right + below(this.random, 3) : right
    })
  }

  #task(provider: Audited, number: number): void {
    const { random } = this
    const { sha256 } = simCrypto
    const task = sha256(utf8(`task ${number} of ${provider.number}`))
    const draw = { task, beacon: random.bytes(AUDIT_LIMITS.HASH_BYTES) }
    const history = this.#histories.get(provider.number) ?? NO_AUDITS
    const rate = auditRate(history)
    const requests = drawnRequests(sha256, draw, { requests: REQUESTS, rate })
    if (requests.length === 0) return
    const parties = new Set([provider, this.requester])
    const strangers = this.members.filter((member) => !parties.has(member))
    const order = auditorOrder(
      sha256,
      draw,
      strangers.map(({ signer }) => signer.peer),
    )
    const right = this.resultsOf(provider, task, requests)
    const cheats =
      provider.kind === 'colluder' ||
      (provider.kind === 'lazy' && random.fraction() < this.plan.laziness)
    const outputs = cheats ? right.map(() => CACHED) : right
    const work = { ...draw, number, requests, provider, outputs }
    new AuditRun(this, work, (outcome, verdicts) => {
      this.#end({ provider, cheated: cheats }, outcome, verdicts)
    }).start(order)
  }

  #end(
    work: Pick<EndedAudit, 'provider' | 'cheated'>,
    outcome: AuditOutcome,
    verdicts: readonly OpenedVerdict[],
  ): void {
    const { number } = work.provider
    const before = this.#histories.get(number) ?? NO_AUDITS
    const after = outcome === 'unaudited' ? undefined : afterAudit(before, outcome)
    if (after !== undefined) this.#histories.set(number, after.history)
    const auditors = verdicts.map(
      ({ verdict }) =>
        this.members.find(({ signer }) => signer.peer === verdict.auditor)?.number ?? 0,
    )
    this.clock.tell(`work of device ${number} ${outcome}, by ${auditors.join(' ')}`)
    this.ended.push({ ...work, outcome, verdicts, auditors, counts: after?.counts })
  }
}
