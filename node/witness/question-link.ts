/**
 * Questions and answers over real links: who asks awaits an answer, who answers is called.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  Answerer,
  type AnswererInit,
  type AnswererInput,
  type AnswererOutput,
  Asker,
  type AskerInput,
  type AskerOutput,
  type QuestionCodec,
  type QuestionFault,
} from '../../core/question.ts'
import { runExchange } from '../mesh/exchange.ts'
import type { Link, Network } from '../network/network.ts'

/** A protocol of questions and answers. */
export interface QuestionProtocol<Question, Answer> {
  /** `/brume/<name>/<major>`. */
  readonly id: string
  readonly codec: QuestionCodec<Question, Answer>
  readonly frameBytesMax: number
  /** How long an answer may take, in milliseconds. */
  readonly answerMsMax: number
  readonly answering: AnswererInit
  /** What a fault is reported as. */
  readonly failure: (fault: QuestionFault) => Error
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** The asking end of one link. One question at a time. */
export class QuestionLink<Question, Answer> implements AsyncDisposable {
  readonly #link: Link
  readonly #feed: (input: AskerInput<Question>) => void
  #waiting: Waiting<Answer> | undefined
  #failure: Error | undefined

  constructor(link: Link, clock: Clock, protocol: QuestionProtocol<Question, Answer>) {
    this.#link = link
    const machine = new Asker(protocol.codec, protocol.answerMsMax)
    const perform = (output: AskerOutput<Answer>): void => {
      switch (output.type) {
        case 'send':
          return link.send(output.frame)
        case 'answered':
          return this.#settle()?.resolve(output.answer)
        case 'over':
          this.#failure = protocol.failure(output.fault)
          this.#settle()?.reject(this.#failure)
          link.abort()
      }
    }
    this.#feed = runExchange<AskerInput<Question>, AskerOutput<Answer>>({
      link,
      clock,
      machine,
      perform,
    })
  }

  /** @throws {CodedError} what the protocol calls the fault that kept the answer away. */
  async ask(question: Question): Promise<Answer> {
    if (this.#failure !== undefined) throw this.#failure
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#waiting = { resolve, reject }
    this.#feed({ type: 'ask', question })
    return promise
  }

  /** Ends the link now; what is asked has no answer. */
  abort(): void {
    this.#link.abort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close()
  }

  #settle(): Waiting<Answer> | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    return waiting
  }
}

export interface QuestionComponents {
  readonly network: Pick<Network, 'open'>
  readonly clock: Clock
}

/**
 * Opens a link to `peer` on which questions can be asked.
 *
 * @param signal - Gives up opening it.
 * @throws {NetworkError}
 */
export async function openQuestions<Question, Answer>(
  { network, clock }: QuestionComponents,
  peer: PeerId,
  protocol: QuestionProtocol<Question, Answer>,
  signal?: AbortSignal,
): Promise<QuestionLink<Question, Answer>> {
  const { frameBytesMax } = protocol
  const link = await network.open(peer, protocol.id, {
    frameBytesMax,
    ...(signal === undefined ? {} : { signal }),
  })
  return new QuestionLink(link, clock, protocol)
}

export interface AnsweringInit<Question, Answer> {
  readonly link: Link
  readonly clock: Clock
  readonly protocol: QuestionProtocol<Question, Answer>
  /** Undefined, or a rejection, for what cannot be answered: that ends the link. */
  readonly answer: (question: Question) => Promise<Answer | undefined>
  /** The link is over. */
  readonly onEnd: () => void
}

/** Answers the questions that come over a link. */
export function answerQuestions<Question, Answer>(init: AnsweringInit<Question, Answer>): void {
  const { link, clock, protocol, answer, onEnd } = init
  const machine = new Answerer(protocol.codec, protocol.answering)
  const perform = (
    output: AnswererOutput<Question>,
    feed: (input: AnswererInput<Answer>) => void,
  ): void => {
    switch (output.type) {
      case 'send':
        return link.send(output.frame)
      case 'answer':
        void answer(output.question).then(
          (found) => (found === undefined ? link.abort() : feed({ type: 'answer', answer: found })),
          // Whatever kept the answer away was reported where it happened.
          () => link.abort(),
        )
        return
      case 'over':
        if (output.fault === undefined) void link.close()
        else link.abort()
    }
  }
  runExchange<AnswererInput<Answer>, AnswererOutput<Question>>({
    link,
    clock,
    machine,
    perform,
    onEnd,
  })
}
