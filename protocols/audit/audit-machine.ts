/**
 * One audit, at the device that had the work done: evidence from the provider, then one auditor after
 * another until the runs can be judged.
 *
 *     fetching   evidence → asking          withheld, gone → over
 *     asking     ran, unable → asking, or over
 *
 * One auditor is asked at a time, and the next only when the first differs from the provider: most
 * audits take one run, and nobody is blamed before a third one. Where even those three differ, one
 * more may find whom it agrees with (BOINC's validators keep inconclusive apart from invalid in the
 * same way).
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { AUDIT_MS_MAX, AUDITORS_ASKED_MAX, VERDICTS_MAX } from './limits.ts'
import { judge, type Judgement, type OpenedVerdict } from './verdict.ts'

export type AuditInput =
  | { readonly type: 'start' }
  /** The provider showed what its receipt committed to. */
  | { readonly type: 'evidence' }
  /** It did not, or something else. */
  | { readonly type: 'withheld' }
  /** It has given it up, as it may: so much was done since. */
  | { readonly type: 'gone' }
  | { readonly type: 'ran'; readonly auditor: PeerId; readonly opened: OpenedVerdict }
  /** An auditor could not be asked, could not run the task, or broke its word. */
  | { readonly type: 'unable'; readonly auditor: PeerId }

export type AuditOutput =
  | { readonly type: 'fetch' }
  /** Have `auditor` run the task; `before` is what others found that differs, from it and one another. */
  | {
      readonly type: 'ask'
      readonly auditor: PeerId
      readonly before: readonly OpenedVerdict[]
    }
  /** Nothing comes after it. */
  | {
      readonly type: 'over'
      readonly outcome: AuditOutcome
      readonly verdicts: readonly OpenedVerdict[]
    }

/** How an audit ended: with a judgement, without evidence, or without enough auditors. */
export type AuditOutcome = Judgement | 'withheld' | 'unaudited'

export class AuditMachine implements Machine<AuditInput, AuditOutput> {
  readonly #auditors: PeerId[]
  readonly #verdicts: OpenedVerdict[] = []
  #state: 'idle' | 'fetching' | 'asking' | 'over' = 'idle'
  #asked: PeerId | undefined
  #endMs: number | undefined

  /** @param auditors - Who may run the task, in the order in which they were drawn. */
  constructor(auditors: readonly PeerId[]) {
    this.#auditors = auditors.slice(0, AUDITORS_ASKED_MAX)
  }

  handle(input: AuditInput | TimePassed, nowMs: number): readonly AuditOutput[] {
    switch (input.type) {
      case 'start':
        return this.#start(nowMs)
      case 'evidence':
      case 'withheld':
      case 'gone':
        return this.#state === 'fetching' ? this.#onFetched(input.type) : []
      case 'ran':
        return this.#onRan(input.auditor, input.opened)
      case 'unable':
        return this.#isAsked(input.auditor) ? this.#next() : []
      case 'time-passed':
        return nowMs >= (this.deadlineMs() ?? Infinity) ? this.#giveUp() : []
    }
  }

  deadlineMs(): number | undefined {
    return this.#state === 'over' ? undefined : this.#endMs
  }

  #start(nowMs: number): readonly AuditOutput[] {
    if (this.#state !== 'idle') return []
    this.#endMs = nowMs + AUDIT_MS_MAX
    if (this.#auditors.length === 0) return this.#end('unaudited')
    this.#state = 'fetching'
    return [{ type: 'fetch' }]
  }

  #onFetched(how: 'evidence' | 'withheld' | 'gone'): readonly AuditOutput[] {
    if (how === 'evidence') return this.#next()
    return this.#end(how === 'gone' ? 'unaudited' : how)
  }

  #onRan(auditor: PeerId, opened: OpenedVerdict): readonly AuditOutput[] {
    if (!this.#isAsked(auditor)) return []
    // A verdict in somebody else's name is none.
    if (opened.verdict.auditor !== auditor) return this.#next()
    this.#verdicts.push(opened)
    const judgement = judge(this.#verdicts)
    const enough = judgement !== 'inconclusive' || this.#verdicts.length === VERDICTS_MAX
    return enough ? this.#end(judgement) : this.#next()
  }

  #isAsked(auditor: PeerId): boolean {
    return this.#state === 'asking' && this.#asked === auditor
  }

  #next(): readonly AuditOutput[] {
    const auditor = this.#auditors.shift()
    if (auditor === undefined) return this.#giveUp()
    this.#state = 'asking'
    this.#asked = auditor
    return [{ type: 'ask', auditor, before: [...this.#verdicts] }]
  }

  /** One run that differs and no other to compare it with blames nobody. */
  #giveUp(): readonly AuditOutput[] {
    return this.#end(this.#verdicts.length === 0 ? 'unaudited' : 'inconclusive')
  }

  #end(outcome: AuditOutcome): readonly AuditOutput[] {
    this.#state = 'over'
    return [{ type: 'over', outcome, verdicts: [...this.#verdicts] }]
  }
}
