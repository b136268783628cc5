/**
 * Has one task audited, at the device that had it done: drives the machine of an audit over links.
 *
 * @module
 */

import { fromHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto } from '../../core/crypto.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  Assembly,
  type AuditAnswer,
  AuditMachine,
  type AuditInput,
  type AuditOutcome,
  type AuditOutput,
  type AuditQuestion,
  type OpenedVerdict,
  openBoundVerdict,
  partsOf,
  resultOf,
  verdictId,
} from '../../protocols/audit/index.ts'
import type { OpenRecord, SignedReceipt } from '../../protocols/inference/index.ts'
import { schedule } from '../mesh/exchange.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { Network } from '../network/network.ts'
import { QuestionError } from '../witness/errors.ts'
import { openQuestions, type QuestionLink } from '../witness/question-link.ts'
import { auditProtocol } from './audit-protocol.ts'
import { outputLeaves } from './comparison.ts'
import {
  decodeEvidence,
  encodeClaim,
  encodeTask,
  type Evidence,
  isClaimOf,
  isTask,
  type Task,
  taskId,
} from './evidence.ts'

export interface ConductorComponents {
  readonly network: Pick<Network, 'open'>
  readonly clock: Clock
  readonly crypto: Crypto
  readonly logger: Logger
  /** Id of the mesh; undefined in none. */
  readonly mesh: () => Uint8Array | undefined
}

/** What is audited, and by whom. */
export interface AuditPlan {
  readonly open: OpenRecord
  readonly receipt: SignedReceipt
  readonly epoch: number | undefined
  readonly beacon: Uint8Array
  /** In rising order, at least one. */
  readonly requests: readonly number[]
  /** In the order in which they were drawn. */
  readonly auditors: readonly PeerId[]
  /** True when the provider need not have kept its evidence until now. */
  readonly mayBeGone: () => boolean
}

interface Said {
  readonly verdict: SignedRecord
  readonly outputs: Uint8Array
}

/** How an audit ended. */
export interface AuditResult {
  readonly outcome: AuditOutcome
  readonly verdicts: readonly SignedRecord[]
  /** Who ran it, and what each found. */
  readonly opened: readonly OpenedVerdict[]
}

export class Conductor {
  readonly #components: ConductorComponents
  readonly #plan: AuditPlan
  readonly #machine: AuditMachine
  readonly #driver: MachineDriver<AuditInput, AuditOutput>
  readonly #done = Promise.withResolvers<AuditResult>()
  /** Each verdict as it was signed, and what its auditor's runs gave. */
  readonly #said = new Map<OpenedVerdict, Said>()
  #evidence: Evidence | undefined

  constructor(components: ConductorComponents, plan: AuditPlan) {
    const { clock } = components
    this.#components = components
    this.#plan = plan
    this.#machine = new AuditMachine(plan.auditors)
    this.#driver = new MachineDriver(this.#machine, {
      nowMs: () => clock.monotonicMs(),
      schedule: (atMs, callback) => schedule(clock, atMs, callback),
      perform: (output) => this.#perform(output),
    })
  }

  /** Resolves when the audit has ended; never rejects. */
  async run(): Promise<AuditResult> {
    this.#driver.feed({ type: 'start' })
    return this.#done.promise
  }

  #perform(output: AuditOutput): void {
    switch (output.type) {
      case 'fetch':
        void this.#fetch().then((evidence) => {
          if (evidence !== 'gone') this.#evidence = evidence
          this.#driver.feed({ type: this.#shown(evidence) })
        })
        return
      case 'ask':
        void this.#ask(output.auditor, output.before).then((input) => this.#driver.feed(input))
        return
      case 'over': {
        this.#driver.stop()
        const verdicts = output.verdicts.flatMap((opened) => this.#said.get(opened)?.verdict ?? [])
        const { outcome, verdicts: opened } = output
        this.#done.resolve({ outcome, verdicts, opened })
      }
    }
  }

  #shown(evidence: Evidence | 'gone' | undefined): 'evidence' | 'gone' | 'withheld' {
    if (evidence === 'gone') return this.#plan.mayBeGone() ? 'gone' : 'withheld'
    return evidence === undefined ? 'withheld' : 'evidence'
  }

  /** Evidence that is what the receipt committed to; undefined when the provider shows none. */
  async #fetch(): Promise<Evidence | 'gone' | undefined> {
    const { open, requests } = this.#plan
    const { provider } = this.#plan.receipt.receipt
    const session = fromHex(open.session) ?? new Uint8Array(16)
    const whole = new Assembly()
    try {
      await using link = await openQuestions(this.#components, provider, auditProtocol)
      while (whole.whole === undefined) {
        const from = whole.received
        const answer = await link.ask({
          type: 'evidence',
          session,
          stage: open.stage,
          requests,
          from,
        })
        if (answer.type === 'gone') return 'gone'
        if (answer.type !== 'evidence' || !whole.take(answer)) return undefined
      }
    } catch (error) {
      this.#note('no evidence of a provider', provider, error)
      return undefined
    }
    const evidence = decodeEvidence(whole.whole)
    const { crypto } = this.#components
    if (evidence === undefined) return undefined
    const task = this.#taskOf(evidence)
    return isTask(crypto, task) && isClaimOf(crypto, task, { ...evidence, before: [] })
      ? evidence
      : undefined
  }

  #taskOf({ inputLeaves, inputs }: Evidence): Task {
    const { open, receipt, epoch, beacon, requests } = this.#plan
    return { open, receipt, epoch, beacon, requests, inputLeaves, inputs }
  }

  async #ask(auditor: PeerId, before: readonly OpenedVerdict[]): Promise<AuditInput> {
    try {
      await using link = await openQuestions(this.#components, auditor, auditProtocol)
      return { type: 'ran', auditor, opened: await this.#conclude(link, before) }
    } catch (error) {
      this.#note('auditor did not run a task', auditor, error)
      return { type: 'unable', auditor }
    }
  }

  async #conclude(
    link: QuestionLink<AuditQuestion, AuditAnswer>,
    before: readonly OpenedVerdict[],
  ): Promise<OpenedVerdict> {
    const evidence = this.#evidence
    if (evidence === undefined) throw new QuestionError('AUDIT_UNEXPECTED')
    const task = this.#taskOf(evidence)
    for (const part of partsOf(encodeTask(task))) {
      expect(await link.ask({ type: 'task', ...part }), 'taken')
    }
    const { commitment } = expect(await link.ask({ type: 'run' }), 'committed')
    const { outputLeaves: leaves, outputs } = evidence
    const said = before.flatMap((opened) => this.#said.get(opened) ?? [])
    for (const part of partsOf(encodeClaim({ outputLeaves: leaves, outputs, before: said }))) {
      expect(await link.ask({ type: 'claim', ...part }), 'taken')
    }
    const answer = expect(await link.ask({ type: 'conclude' }), 'verdict')
    return this.#opened(answer, commitment, evidence)
  }

  /** The verdict, when it is about this task and what its auditor was bound to. */
  #opened(
    answer: AuditAnswer & { readonly type: 'verdict' },
    commitment: Uint8Array,
    { outputs }: Evidence,
  ): OpenedVerdict {
    const { crypto, mesh } = this.#components
    const { epoch, beacon, requests, receipt } = this.#plan
    const { provider, requester } = receipt.receipt
    const network = mesh()
    if (network === undefined) throw new QuestionError('AUDIT_VERDICT_INVALID')
    const given = new Map(outputs.map(({ request, tensors }) => [request, tensors]))
    const result = openBoundVerdict(crypto, answer.verdict, {
      network,
      epoch,
      beacon,
      task: taskId(crypto, { receipt }),
      provider,
      requester,
      compared: requests.length,
      commitment,
      claimed: resultOf(crypto.sha256, outputLeaves(given, crypto.sha256)),
    })
    if (result.type === 'refused') throw new QuestionError('AUDIT_VERDICT_INVALID')
    const opened = { id: verdictId(crypto.sha256, answer.verdict), verdict: result.value }
    this.#said.set(opened, answer)
    return opened
  }

  #note(event: string, peer: PeerId, error: unknown): void {
    this.#components.logger.info(event, { peer, code: errorCode(error) })
  }
}

function expect<T extends AuditAnswer['type']>(
  answer: AuditAnswer,
  type: T,
): AuditAnswer & { readonly type: T } {
  if (answer.type !== type) throw new QuestionError('AUDIT_UNEXPECTED')
  return answer as AuditAnswer & { readonly type: T }
}
