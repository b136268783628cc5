/**
 * The simplest way in which two devices speak: one asks, the other answers, and so on, over one link.
 *
 * One question is open at a time, so that an answer needs no number and a link no queue.
 *
 * @module
 */

import type { Machine, TimePassed } from './machine.ts'

/** Questions and answers as bytes. A frame that is none is undefined, whatever it holds. */
export interface QuestionCodec<Question, Answer> {
  encodeQuestion(question: Question): Uint8Array
  decodeQuestion(frame: Uint8Array): Question | undefined
  encodeAnswer(answer: Answer): Uint8Array
  decodeAnswer(frame: Uint8Array): Answer | undefined
  /** True when `answer` may be one to `question`. */
  fits(question: Question, answer: Answer): boolean
}

/** What can go wrong between the two. */
export type QuestionFault =
  /** The frame is no message of the protocol, or does not belong here. */
  | 'unexpected'
  /** No answer came in time. */
  | 'late'
  /** The link was over before the answer was there. */
  | 'ended'
  /** More was asked over one link than one may ask. */
  | 'too-many'

interface LinkFrame {
  readonly type: 'frame'
  readonly frame: Uint8Array
}

export type AskerInput<Question> =
  | { readonly type: 'opened' }
  /** Asked only after the last question was answered. */
  | { readonly type: 'ask'; readonly question: Question }
  | LinkFrame
  | { readonly type: 'ended' }

export type AskerOutput<Answer> =
  | { readonly type: 'send'; readonly frame: Uint8Array }
  | { readonly type: 'answered'; readonly answer: Answer }
  /** Nothing comes after it. */
  | { readonly type: 'over'; readonly fault: QuestionFault }

/** The side that asks. */
export class Asker<Question, Answer> implements Machine<AskerInput<Question>, AskerOutput<Answer>> {
  readonly #codec: QuestionCodec<Question, Answer>
  readonly #answerMsMax: number
  #open: { readonly question: Question; readonly lateAtMs: number } | undefined
  #over = false

  /** @param answerMsMax - How long an answer may take, in milliseconds. */
  constructor(codec: QuestionCodec<Question, Answer>, answerMsMax: number) {
    this.#codec = codec
    this.#answerMsMax = answerMsMax
  }

  handle(input: AskerInput<Question> | TimePassed, nowMs: number): readonly AskerOutput<Answer>[] {
    if (this.#over) return []
    switch (input.type) {
      case 'opened':
        return []
      case 'ask':
        if (this.#open !== undefined) return []
        this.#open = { question: input.question, lateAtMs: nowMs + this.#answerMsMax }
        return [{ type: 'send', frame: this.#codec.encodeQuestion(input.question) }]
      case 'frame':
        return this.#onFrame(input.frame)
      case 'ended':
        return this.#end('ended')
      case 'time-passed':
        return nowMs < (this.deadlineMs() ?? Infinity) ? [] : this.#end('late')
    }
  }

  deadlineMs(): number | undefined {
    return this.#over ? undefined : this.#open?.lateAtMs
  }

  #onFrame(frame: Uint8Array): readonly AskerOutput<Answer>[] {
    const answer = this.#open === undefined ? undefined : this.#codec.decodeAnswer(frame)
    if (this.#open === undefined || answer === undefined) return this.#end('unexpected')
    if (!this.#codec.fits(this.#open.question, answer)) return this.#end('unexpected')
    this.#open = undefined
    return [{ type: 'answered', answer }]
  }

  #end(fault: QuestionFault): readonly AskerOutput<Answer>[] {
    this.#over = true
    return [{ type: 'over', fault }]
  }
}

export type AnswererInput<Answer> =
  | { readonly type: 'opened' }
  | LinkFrame
  /** Answers `answer`. */
  | { readonly type: 'answer'; readonly answer: Answer }
  | { readonly type: 'ended' }

export type AnswererOutput<Question> =
  | { readonly type: 'send'; readonly frame: Uint8Array }
  /** Find the answer to this. */
  | { readonly type: 'answer'; readonly question: Question }
  /** Without a fault when nobody asked for a while. Nothing comes after it. */
  | { readonly type: 'over'; readonly fault?: QuestionFault }

export interface AnswererInit {
  /** Questions over one link. */
  readonly questionsMax: number
  /** How long a link may lie idle, in milliseconds. */
  readonly idleMsMax: number
}

/** The side that answers. */
export class Answerer<Question, Answer> implements Machine<
  AnswererInput<Answer>,
  AnswererOutput<Question>
> {
  readonly #codec: QuestionCodec<Question, Answer>
  readonly #init: AnswererInit
  #asked = 0
  #answering = false
  #idleUntilMs: number | undefined
  #over = false

  constructor(codec: QuestionCodec<Question, Answer>, init: AnswererInit) {
    this.#codec = codec
    this.#init = init
  }

  handle(
    input: AnswererInput<Answer> | TimePassed,
    nowMs: number,
  ): readonly AnswererOutput<Question>[] {
    if (this.#over) return []
    switch (input.type) {
      case 'opened':
        this.#idleUntilMs ??= nowMs + this.#init.idleMsMax
        return []
      case 'frame':
        return this.#onFrame(input.frame)
      case 'answer':
        if (!this.#answering) return []
        this.#answering = false
        this.#idleUntilMs = nowMs + this.#init.idleMsMax
        return [{ type: 'send', frame: this.#codec.encodeAnswer(input.answer) }]
      case 'ended':
        return this.#end()
      case 'time-passed':
        return nowMs < (this.deadlineMs() ?? Infinity) ? [] : this.#end()
    }
  }

  deadlineMs(): number | undefined {
    return this.#over || this.#answering ? undefined : this.#idleUntilMs
  }

  #onFrame(frame: Uint8Array): readonly AnswererOutput<Question>[] {
    const question = this.#answering ? undefined : this.#codec.decodeQuestion(frame)
    if (question === undefined) return this.#end('unexpected')
    this.#asked++
    if (this.#asked > this.#init.questionsMax) return this.#end('too-many')
    this.#answering = true
    return [{ type: 'answer', question }]
  }

  #end(fault?: QuestionFault): readonly AnswererOutput<Question>[] {
    this.#over = true
    return [{ type: 'over', ...(fault !== undefined && { fault }) }]
  }
}
