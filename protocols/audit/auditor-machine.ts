/**
 * The side that runs a task again: it binds itself to what comes of it before it is told the answer.
 *
 *     task       parts of the task, then run → running
 *     running    committed → bound           failed → over
 *     bound      parts of the claim, then conclude → comparing
 *     comparing  concluded → over
 *
 * @module
 */

import { Assembly } from './parts.ts'
import type { AuditAnswer, AuditQuestion } from './messages.ts'

export type AuditorInput =
  | { readonly type: 'question'; readonly question: AuditQuestion }
  /** Answers `run`. */
  | { readonly type: 'committed'; readonly commitment: Uint8Array }
  /** Answers `compare`. */
  | {
      readonly type: 'concluded'
      readonly answer: Omit<AuditAnswer & { readonly type: 'verdict' }, 'type'>
    }
  /** Answers either. */
  | { readonly type: 'failed'; readonly reason: Unable }

export type Unable = (AuditAnswer & { readonly type: 'unable' })['reason']

export type AuditorOutput =
  | { readonly type: 'answer'; readonly answer: AuditAnswer }
  | { readonly type: 'run'; readonly task: Uint8Array }
  | { readonly type: 'compare'; readonly claim: Uint8Array }
  /** The question does not belong here: end the link. */
  | { readonly type: 'unexpected' }

/** One link's audit. Not a Machine of its own time: the link under it has deadlines. */
export class AuditorMachine {
  readonly #task = new Assembly()
  readonly #claim = new Assembly()
  #state: 'task' | 'running' | 'bound' | 'comparing' | 'over' = 'task'

  handle(input: AuditorInput): readonly AuditorOutput[] {
    switch (input.type) {
      case 'question':
        return this.#onQuestion(input.question)
      case 'committed':
        if (this.#state !== 'running') return []
        this.#state = 'bound'
        return [answer({ type: 'committed', commitment: input.commitment })]
      case 'concluded':
        if (this.#state !== 'comparing') return []
        this.#state = 'over'
        return [answer({ type: 'verdict', ...input.answer })]
      case 'failed':
        if (this.#state !== 'running' && this.#state !== 'comparing') return []
        this.#state = 'over'
        return [answer({ type: 'unable', reason: input.reason })]
    }
  }

  #onQuestion(question: AuditQuestion): readonly AuditorOutput[] {
    switch (question.type) {
      case 'task':
        return this.#state === 'task' && this.#task.take(question) ? [TAKEN] : this.#end()
      case 'run':
        return this.#run()
      case 'claim':
        return this.#state === 'bound' && this.#claim.take(question) ? [TAKEN] : this.#end()
      case 'conclude':
        return this.#conclude()
      case 'evidence':
        // Asked of providers, on a link of its own.
        return this.#end()
    }
  }

  #run(): readonly AuditorOutput[] {
    const task = this.#task.whole
    if (this.#state !== 'task' || task === undefined) return this.#end()
    this.#state = 'running'
    return [{ type: 'run', task }]
  }

  #conclude(): readonly AuditorOutput[] {
    const claim = this.#claim.whole
    if (this.#state !== 'bound' || claim === undefined) return this.#end()
    this.#state = 'comparing'
    return [{ type: 'compare', claim }]
  }

  #end(): readonly AuditorOutput[] {
    this.#state = 'over'
    return [{ type: 'unexpected' }]
  }
}

const TAKEN: AuditorOutput = answer({ type: 'taken' })

function answer(given: AuditAnswer): AuditorOutput {
  return { type: 'answer', answer: given }
}
