/**
 * Audits for others: one link is one audit. Runs the task again, binds itself, and only then compares.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import {
  AUDIT_LIMITS,
  type AuditAnswer,
  AuditorMachine,
  type AuditorInput,
  type AuditQuestion,
  type AuditVerdict,
  commitmentOf,
  openVerdict,
  resultOf,
  signVerdict,
  type Unable,
  verdictId,
} from '../../protocols/audit/index.ts'
import { areLike, encodeOutputs, findingOf, isDoubted, outputLeaves } from './comparison.ts'
import {
  type Claim,
  decodeClaim,
  decodeTask,
  isClaimOf,
  isTask,
  type Task,
  taskId,
} from './evidence.ts'
import { runAgain, type Rerun, type RerunComponents } from './rerun.ts'

/** What says that it was too much for this device, and not that it cannot be run. */
const MEMORY_CODES: ReadonlySet<string> = new Set(['INFERENCE_MEMORY', 'INFERENCE_TOO_LARGE'])

export interface AuditorComponents {
  readonly signer: Signer
  readonly crypto: Crypto
  readonly random: Random
  readonly logger: Logger
  readonly rerun: RerunComponents
  /** Id of the mesh; undefined in none. */
  readonly mesh: () => Uint8Array | undefined
  /** One audit at a time: how to end it, or undefined while another one runs or nothing is lent. */
  readonly begin: () => (() => void) | undefined
}

/** What is known once the task was run. */
interface Bound {
  readonly task: Task
  readonly rerun: Rerun
  readonly result: Uint8Array
  readonly salt: Uint8Array
}

/** The audit of one link. */
export class Auditor {
  readonly #components: AuditorComponents
  /** Whose link it is: who had the work done. */
  readonly #requester: PeerId
  readonly #machine = new AuditorMachine()
  readonly #over = new AbortController()
  #bound: Bound | undefined
  #end: (() => void) | undefined

  constructor(components: AuditorComponents, requester: PeerId) {
    this.#components = components
    this.#requester = requester
  }

  /** The answer to a question of the link; undefined for one that ends it. */
  async answer(question: AuditQuestion): Promise<AuditAnswer | undefined> {
    const [output] = this.#machine.handle({ type: 'question', question })
    switch (output?.type) {
      case 'answer':
        return output.answer
      case 'run':
        return this.#feed(await this.#run(output.task))
      case 'compare':
        return this.#feed(this.#compare(output.claim))
      default:
        return undefined
    }
  }

  /** The link is over: nobody waits for what still runs. */
  close(): void {
    this.#over.abort()
    this.#end?.()
    this.#end = undefined
  }

  #feed(input: AuditorInput): AuditAnswer | undefined {
    const [output] = this.#machine.handle(input)
    return output?.type === 'answer' ? output.answer : undefined
  }

  async #run(encoded: Uint8Array): Promise<AuditorInput> {
    const { crypto, random, signer, begin, rerun: parts, logger } = this.#components
    const task = decodeTask(encoded)
    if (task === undefined || !this.#isMine(task)) return failed('invalid')
    this.#end = begin()
    if (this.#end === undefined) return failed('busy')
    try {
      const rerun = await runAgain(parts, task, {
        requester: this.#requester,
        signal: this.#over.signal,
      })
      const result = resultOf(crypto.sha256, outputLeaves(rerun.outputs, crypto.sha256))
      const salt = random.bytes(AUDIT_LIMITS.SALT_BYTES)
      this.#bound = { task, rerun, result, salt }
      const about = { auditor: signer.peer, task: taskId(crypto, task), result, salt }
      return { type: 'committed', commitment: commitmentOf(crypto.sha256, about) }
    } catch (error) {
      logger.info('task not run again', { peer: this.#requester, code: errorCode(error) })
      return failed(MEMORY_CODES.has(errorCode(error) ?? '') ? 'memory' : 'failed')
    } finally {
      this.#end?.()
      this.#end = undefined
    }
  }

  /** True for a task of who asks, that this device had no part in. */
  #isMine(task: Task): boolean {
    const { crypto, signer } = this.#components
    const { requester, provider } = task.receipt.receipt
    const party = requester === signer.peer || provider === signer.peer
    return requester === this.#requester && !party && isTask(crypto, task)
  }

  #compare(encoded: Uint8Array): AuditorInput {
    const { crypto, signer } = this.#components
    const network = this.#components.mesh()
    const claim = decodeClaim(encoded)
    const bound = this.#bound
    const good = bound !== undefined && claim !== undefined && isClaimOf(crypto, bound.task, claim)
    if (!good || network === undefined) return failed('invalid')
    const { task, rerun, result, salt } = bound
    const { receipt } = task.receipt
    const claimed = new Map(claim.outputs.map(({ request, tensors }) => [request, tensors]))
    const sameClass = bytesEqual(rerun.numericClass, receipt.numericClass)
    const doubted = isDoubted(rerun.draws, claimed)
    const finding = findingOf(rerun.outputs, claimed, { sameClass, doubted, sha256: crypto.sha256 })
    const verdict: AuditVerdict = {
      network,
      epoch: task.epoch,
      beacon: task.beacon,
      task: taskId(crypto, task),
      provider: receipt.provider,
      requester: receipt.requester,
      auditor: signer.peer,
      numericClass: rerun.numericClass,
      finding,
      compared: task.requests.length,
      result,
      salt,
      confirms: finding === 'different' ? this.#confirmed(network, bound, claim) : undefined,
    }
    const outputs = finding === 'different' ? handedOn(rerun) : new Uint8Array()
    return { type: 'concluded', answer: { verdict: signVerdict(signer, verdict), outputs } }
  }

  /** The id of a verdict before this one whose runs gave the same as those of this device. */
  #confirmed(network: Uint8Array, bound: Bound, { before }: Claim): Uint8Array | undefined {
    const { sha256 } = this.#components.crypto
    const found = before.find((other) => this.#agrees(network, bound, other))
    return found === undefined ? undefined : verdictId(sha256, found.verdict)
  }

  #agrees(
    network: Uint8Array,
    { task, rerun, result }: Bound,
    said: Claim['before'][number],
  ): boolean {
    const { crypto } = this.#components
    const opened = openVerdict(crypto, network, said.verdict)
    if (opened.type === 'refused') return false
    const other = opened.value
    const about =
      bytesEqual(other.task, taskId(crypto, task)) &&
      bytesEqual(other.beacon, task.beacon) &&
      other.finding === 'different'
    const like = bytesEqual(other.numericClass, rerun.numericClass)
      ? bytesEqual(other.result, result)
      : areLike(rerun.outputs, said.outputs)
    return about && like
  }
}

/** What the next auditor compares its own outputs with: asked for only where they differ, and dear to make. */
function handedOn({ outputs }: Rerun): Uint8Array {
  const encoded = encodeOutputs(outputs)
  return encoded.length <= AUDIT_LIMITS.PART_BYTES_MAX ? encoded : new Uint8Array()
}

function failed(reason: Unable): AuditorInput {
  return { type: 'failed', reason }
}
