/**
 * One audit in a simulated mesh: the machine of who has it done, those of the auditors, and what is said between them.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { MachineDriver } from '../../node/network/machine-driver.ts'
import {
  AUDIT_LIMITS,
  type AuditAnswer,
  auditCodec,
  type AuditInput,
  AuditMachine,
  AuditorMachine,
  type AuditOutcome,
  type AuditOutput,
  type AuditQuestion,
  openBoundVerdict,
  type OpenedVerdict,
  partsOf,
  verdictId,
} from '../../protocols/audit/index.ts'
import { hashOfResults, resultBytes } from './audit-results.ts'
import { AuditorWork, type Handed, type ToldClaim } from './auditor-work.ts'
import type { Audited, AuditWorld } from './audit-world.ts'
import { simCrypto } from '../sim-crypto.ts'

/** What is audited. */
export interface AuditedWork {
  readonly task: Uint8Array
  readonly beacon: Uint8Array
  /** The epoch of the beacon. */
  readonly number: number
  readonly requests: readonly number[]
  readonly provider: Audited
  /** What the provider gave for these requests. */
  readonly outputs: readonly number[]
}

/** What is said between who asks and one auditor. */
interface Talk {
  readonly machine: AuditorMachine
  readonly work: AuditorWork
  readonly claim: ToldClaim
  readonly asked: Audited
  readonly answers: AuditAnswer[]
}

type OnOver = (outcome: AuditOutcome, verdicts: readonly OpenedVerdict[]) => void

/** Longest way of a message, and longest run, in ms. */
const WAY_MS_MAX = 200
const RUN_MS_MAX = 20_000

export class AuditRun {
  readonly #world: AuditWorld
  readonly #work: AuditedWork
  readonly #onOver: OnOver
  /** What each auditor handed on beside its verdict. */
  readonly #handed = new Map<OpenedVerdict, Handed>()
  #driver: MachineDriver<AuditInput, AuditOutput> | undefined

  constructor(world: AuditWorld, work: AuditedWork, onOver: OnOver) {
    this.#world = world
    this.#work = work
    this.#onOver = onOver
  }

  start(order: readonly PeerId[]): void {
    const { device } = this.#world.requester
    this.#driver = device.drive(new AuditMachine(order), (output) => this.#perform(output))
    this.#driver.feed({ type: 'start' })
  }

  #perform(output: AuditOutput): void {
    switch (output.type) {
      case 'fetch':
        return this.#carry(() => this.#driver?.feed({ type: 'evidence' }))
      case 'ask':
        return this.#ask(output.auditor, output.before)
      case 'over':
        this.#onOver(output.outcome, output.verdicts)
    }
  }

  #ask(auditor: PeerId, before: readonly OpenedVerdict[]): void {
    const asked = this.#world.members.find(({ signer }) => signer.peer === auditor)
    const unable = (): void => this.#driver?.feed({ type: 'unable', auditor })
    if (asked === undefined || this.#world.random.fraction() < this.#world.plan.silence) {
      return this.#world.requester.device.after(AUDIT_LIMITS.ANSWER_MS_MAX, 'end', unable)
    }
    const handed = before.flatMap((opened) => this.#handed.get(opened) ?? [])
    const claim: ToldClaim = { outputs: this.#work.outputs, before: handed }
    const work = new AuditorWork(this.#world, this.#work, asked)
    const talk = { machine: new AuditorMachine(), work, claim, asked, answers: [] }
    this.#say(talk, this.#questions(), unable)
  }

  #questions(): readonly AuditQuestion[] {
    const { number, outputs } = this.#work
    const task = partsOf(utf8(`task ${number}`)).map((part) => ({ type: 'task', ...part }) as const)
    const claim = partsOf(resultBytes(outputs)).map((part) => ({ type: 'claim', ...part }) as const)
    return [...task, { type: 'run' }, ...claim, { type: 'conclude' }]
  }

  /** Asks one question after the other, and then looks at the verdict. */
  #say(talk: Talk, questions: readonly AuditQuestion[], unable: () => void): void {
    const [question, ...rest] = questions
    if (question === undefined) return this.#concluded(talk, unable)
    const onAnswer = (answer: AuditAnswer | undefined): void =>
      this.#carry(() => {
        if (answer === undefined || !auditCodec.fits(question, answer)) return unable()
        talk.answers.push(answer)
        this.#say(talk, rest, unable)
      })
    this.#carry(() => this.#hear(talk, auditCodec.encodeQuestion(question), onAnswer))
  }

  /** A question comes to an auditor. */
  #hear(
    { machine, work, claim, asked }: Talk,
    frame: Uint8Array,
    onAnswer: (answer: AuditAnswer | undefined) => void,
  ): void {
    const question = auditCodec.decodeQuestion(frame)
    const [output] = question === undefined ? [] : machine.handle({ type: 'question', question })
    switch (output?.type) {
      case 'answer':
        return onAnswer(carried(output.answer))
      case 'run':
      case 'compare':
        return asked.device.after(RUN_MS_MAX * this.#world.random.fraction(), 'work', () => {
          const [done] = machine.handle(output.type === 'run' ? work.run() : work.compare(claim))
          onAnswer(done?.type === 'answer' ? carried(done.answer) : undefined)
        })
      default:
        return onAnswer(undefined)
    }
  }

  /** A verdict is taken from whoever kept to what it had bound itself to before it was told the answer. */
  #concluded({ answers, asked, work }: Talk, unable: () => void): void {
    const auditor = asked.signer.peer
    const committed = answers.find((answer) => answer.type === 'committed')
    const concluded = answers.find((answer) => answer.type === 'verdict')
    if (committed === undefined || concluded === undefined) return unable()
    const { task, beacon, number: epoch, provider, requests, outputs } = this.#work
    const verdict = openBoundVerdict(simCrypto, concluded.verdict, {
      network: this.#world.network,
      task,
      beacon,
      epoch,
      compared: requests.length,
      provider: provider.signer.peer,
      requester: this.#world.requester.signer.peer,
      commitment: committed.commitment,
      claimed: hashOfResults(requests, outputs),
    })
    if (verdict.type === 'refused') return unable()
    const opened = { id: verdictId(simCrypto.sha256, concluded.verdict), verdict: verdict.value }
    this.#handed.set(opened, { opened, outputs: work.own })
    this.#driver?.feed({ type: 'ran', auditor, opened })
  }

  #carry(act: () => void): void {
    const ms = WAY_MS_MAX * this.#world.random.fraction()
    this.#world.requester.device.after(ms, 'arrival', act)
  }
}

/** What comes of an answer on its way. */
function carried(answer: AuditAnswer): AuditAnswer | undefined {
  return auditCodec.decodeAnswer(auditCodec.encodeAnswer(answer))
}
