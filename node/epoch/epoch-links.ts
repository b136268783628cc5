/**
 * Asks other members about epochs, and answers them.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import {
  type CutBody,
  decodeCutBody,
  decodeEpochRecord,
  EPOCH_LIMITS,
  EPOCH_QUESTION_FAULTS,
  type EpochAnswer,
  epochCodec,
  type EpochQuestion,
} from '../../protocols/epoch/index.ts'
import type { Network } from '../network/network.ts'
import {
  openQuestions,
  type QuestionLink,
  type QuestionProtocol,
} from '../witness/question-link.ts'
import type { EpochRoom } from './epoch-room.ts'
import type { EpochStore } from './epoch-store.ts'
import { EpochQuestionError } from './errors.ts'
import { lackedBy, RECONCILED, reconcileProtocol, takeItems } from './pool-sync.ts'

/** Questions about epochs. */
export const epochProtocol: QuestionProtocol<EpochQuestion, EpochAnswer> = {
  id: EPOCH_LIMITS.EPOCH_PROTOCOL,
  codec: epochCodec,
  frameBytesMax: EPOCH_LIMITS.EPOCH_FRAME_BYTES_MAX,
  answerMsMax: EPOCH_LIMITS.ANSWER_MS_MAX,
  answering: {
    questionsMax: EPOCH_LIMITS.QUESTIONS_PER_LINK_MAX,
    idleMsMax: EPOCH_LIMITS.LINK_IDLE_MS_MAX,
  },
  failure: (fault) => new EpochQuestionError(EPOCH_QUESTION_FAULTS[fault]),
}

export interface EpochLinksComponents {
  readonly network: Pick<Network, 'self' | 'open' | 'peers'>
  readonly clock: Clock
  readonly logger: Logger
  readonly isMember: (peer: PeerId) => boolean
}

/** Members that a device tells before it leaves; they tell the others. */
const FAREWELL_TOLD_MAX = 8
/** Devices that are asked for one thing before it is given up. */
const ASKED_MAX = 3

type EpochLink = QuestionLink<EpochQuestion, EpochAnswer>

export class EpochLinks {
  readonly #components: EpochLinksComponents
  readonly #open = new Set<{ abort(): void }>()
  #asking = new AbortController()

  constructor(components: EpochLinksComponents) {
    this.#components = components
  }

  /** What is in a header, by the first of `from` who is there and says so. */
  async cut(header: Uint8Array, from: readonly PeerId[]): Promise<CutBody | undefined> {
    for (const peer of this.#near(from)) {
      const answer = await this.#quietly(peer, (link) => link.ask({ type: 'cut', header }))
      const encoded = answer?.type === 'cut' ? answer.cut : undefined
      const cut = encoded === undefined ? undefined : decodeCutBody(encoded)
      if (cut?.type === 'value') return cut.value
    }
    return undefined
  }

  /** Statements by their ids, as they were gossiped, by the first of `from` who is there. */
  async statements(
    ids: readonly Uint8Array[],
    from: readonly PeerId[],
  ): Promise<readonly Uint8Array[]> {
    const { ITEMS_PER_ANSWER_MAX } = EPOCH_LIMITS
    const found: Uint8Array[] = []
    for (const peer of this.#near(from).slice(0, 1)) {
      await this.#quietly(peer, async (link) => {
        for (let at = 0; at < ids.length; at += ITEMS_PER_ANSWER_MAX) {
          const asked = ids.slice(at, at + ITEMS_PER_ANSWER_MAX)
          const answer = await link.ask({ type: 'items', ids: asked })
          if (answer.type === 'items') found.push(...answer.statements)
        }
      })
    }
    return found
  }

  /**
   * Tells whoever speaks for this device what it did, wherever that is; false when it is not reached, or does not take it.
   * Never rejects.
   */
  async report(speaker: PeerId, report: Uint8Array): Promise<boolean> {
    if (!this.#components.isMember(speaker)) return false
    const answer = await this.#quietly(speaker, (link) => link.ask({ type: 'report', report }))
    return answer?.type === 'report' && answer.taken
  }

  /** Takes over what `peer` knows to be decided. Never rejects. */
  async follow(peer: PeerId, room: EpochRoom): Promise<void> {
    await this.#quietly(peer, async (link) => {
      for (;;) {
        const { next } = room.chain
        const answer = await link.ask({ type: 'epochs', from: next })
        if (answer.type !== 'epochs' || answer.epochs.length === 0) return
        for (const record of answer.epochs) {
          if (!(await room.appendRecord(record))) return
        }
        if (room.chain.next === next) return
      }
    })
  }

  /** Tells members that this device leaves; resolves to how many of them know it now. Never rejects. */
  async tellFarewell(word: Uint8Array, members: readonly PeerId[]): Promise<number> {
    const told = await Promise.all(
      members.slice(0, FAREWELL_TOLD_MAX).map(async (peer) => {
        const answer = await this.#quietly(peer, (link) => link.ask({ type: 'farewell', word }))
        return answer?.type === 'farewell' && answer.known
      }),
    )
    return told.filter(Boolean).length
  }

  /** Gets the statements, proofs, audits and words about owners that `peer` holds and this device lacks. Never rejects. */
  async reconcile(peer: PeerId, room: EpochRoom): Promise<void> {
    await this.#quietly(peer, (link) =>
      this.#over(peer, reconcileProtocol, async (comparing) => {
        for (const set of RECONCILED) {
          const ids = await lackedBy(comparing, room, set)
          if (ids.length > 0) await takeItems(link, room, { from: peer, ids })
        }
      }),
    )
  }

  /** Those of `from` who are connected members, each once. */
  #near(from: readonly PeerId[]): readonly PeerId[] {
    const { network, isMember } = this.#components
    const connected = new Set(network.peers().map(({ peer }) => peer))
    const near = from.filter((peer) => connected.has(peer) && isMember(peer))
    return [...new Set(near)].slice(0, ASKED_MAX)
  }

  /** Gives up everything that waits for an answer, as nobody needs it any more, and asks nothing until {@link resume}. */
  abort(): void {
    this.#asking.abort()
    for (const link of this.#open) link.abort()
  }

  /** Asks again: this device is in a mesh. */
  resume(): void {
    if (this.#asking.signal.aborted) this.#asking = new AbortController()
  }

  async #quietly<T>(peer: PeerId, work: (link: EpochLink) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#over(peer, epochProtocol, work)
    } catch (error) {
      // Another device is asked, or the same one later.
      this.#components.logger.debug('not told about epochs', { peer, error })
      return undefined
    }
  }

  /** Does something over a link of its own, as long as nobody gives it up. */
  async #over<Question, Answer, T>(
    peer: PeerId,
    protocol: QuestionProtocol<Question, Answer>,
    work: (link: QuestionLink<Question, Answer>) => Promise<T>,
  ): Promise<T> {
    const { signal } = this.#asking
    await using link = await openQuestions(this.#components, peer, protocol, signal)
    this.#open.add(link)
    try {
      if (signal.aborted) link.abort()
      return await work(link)
    } finally {
      this.#open.delete(link)
    }
  }
}

/** What this device says when it is asked. */
export async function answerAbout(
  { room, store }: { readonly room: EpochRoom; readonly store: EpochStore },
  from: PeerId,
  question: EpochQuestion,
): Promise<EpochAnswer> {
  switch (question.type) {
    case 'cut':
      return { type: 'cut', cut: await room.cutOf(question.header) }
    case 'epochs':
      return { type: 'epochs', epochs: await epochsFrom(store, question.from) }
    case 'report':
      return { type: 'report', taken: await room.reports.take(from, question.report) }
    case 'items': {
      const statements = question.ids.flatMap((id) => room.pools.statements.get(id)?.encoded ?? [])
      const evidence = question.ids.flatMap(
        (id) => (room.pools.evidence.get(id) ?? room.pools.farewells.get(id))?.encoded ?? [],
      )
      const audits = question.ids.flatMap((id) => room.pools.audits.get(id)?.encoded ?? [])
      const owners = question.ids.flatMap((id) => room.pools.owners.get(id)?.encoded ?? [])
      return { type: 'items', statements, evidence, audits, owners }
    }
    case 'farewell':
      return { type: 'farewell', known: room.pools.hearFarewell(question.word) }
  }
}

async function epochsFrom(
  store: EpochStore,
  from: number,
): Promise<Extract<EpochAnswer, { type: 'epochs' }>['epochs']> {
  const { EPOCHS_PER_ANSWER_MAX, EPOCHS_ANSWER_BYTES_MAX } = EPOCH_LIMITS
  const epochs = []
  let room = EPOCHS_ANSWER_BYTES_MAX
  for await (const encoded of store.encoded(from)) {
    const decoded = decodeEpochRecord(encoded)
    room -= encoded.length
    if (decoded.type === 'refused' || (room < 0 && epochs.length > 0)) break
    epochs.push(decoded.value)
    if (epochs.length >= EPOCHS_PER_ANSWER_MAX) break
  }
  return epochs
}
