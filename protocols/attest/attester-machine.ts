/**
 * The side that is asked: it answers one question, on one link.
 *
 *     waiting      ask → identifying
 *     identifying  identified → identified
 *     identified   challenge → attesting
 *     attesting    attested → attested
 *     attested     result → over
 *
 * @module
 */

import type { Machine, TimePassed } from '../../core/machine.ts'
import type { AttestFault } from './errors.ts'
import { EXCHANGE_MS_MAX } from './limits.ts'
import {
  type AttestMessage,
  type AttestResult,
  decodeAttestMessage,
  type ShownEvidence,
  type TpmCredential,
  type TpmKeys,
} from './messages.ts'

export type AttesterInput =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  | { readonly type: 'ended' }
  /** Answers `identify`. */
  | { readonly type: 'identified'; readonly keys: TpmKeys | undefined }
  /** Answers `attest`. */
  | { readonly type: 'attested'; readonly shown: ShownEvidence }

/** What evidence must be made for. */
export interface Question {
  readonly nonce: Uint8Array
  readonly credential: TpmCredential | undefined
  readonly registers: readonly number[]
}

export type AttesterOutput =
  | { readonly type: 'send'; readonly message: AttestMessage }
  | { readonly type: 'identify' }
  | { readonly type: 'attest'; readonly question: Question }
  /** It is over, with what the verifier made of it, or with a fault. Nothing comes after it. */
  | { readonly type: 'over'; readonly result?: AttestResult; readonly fault?: AttestFault }

type State = 'waiting' | 'identifying' | 'identified' | 'attesting' | 'attested' | 'over'

export class AttesterMachine implements Machine<AttesterInput, AttesterOutput> {
  #state: State = 'waiting'
  #nonce = new Uint8Array()
  #deadlineMs: number | undefined

  handle(input: AttesterInput | TimePassed, nowMs: number): readonly AttesterOutput[] {
    if (this.#state === 'over') return []
    switch (input.type) {
      case 'opened':
        this.#deadlineMs ??= nowMs + EXCHANGE_MS_MAX
        return []
      case 'frame':
        return this.#onFrame(input.frame)
      case 'identified':
        return this.#onIdentified(input.keys)
      case 'attested':
        return this.#onAttested(input.shown)
      case 'ended':
        return this.#over({ fault: 'ATTEST_LINK_ENDED' })
      case 'time-passed':
        return nowMs < (this.#deadlineMs ?? Infinity)
          ? []
          : this.#over({ fault: 'ATTEST_TIMED_OUT' })
    }
  }

  deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  #onIdentified(keys: TpmKeys | undefined): readonly AttesterOutput[] {
    if (this.#state !== 'identifying') return []
    this.#state = 'identified'
    return [{ type: 'send', message: { type: 'identity', keys } }]
  }

  #onAttested(shown: ShownEvidence): readonly AttesterOutput[] {
    if (this.#state !== 'attesting') return []
    this.#state = 'attested'
    return [{ type: 'send', message: { type: 'evidence', ...shown } }]
  }

  #onFrame(frame: Uint8Array): readonly AttesterOutput[] {
    const message = decodeAttestMessage(frame)
    if (message === undefined) return this.#over({ fault: 'ATTEST_FRAME_INVALID' })
    if (message.type === 'ask' && this.#state === 'waiting') {
      this.#state = 'identifying'
      this.#nonce = message.nonce.slice()
      return [{ type: 'identify' }]
    }
    if (message.type === 'challenge' && this.#state === 'identified') {
      this.#state = 'attesting'
      const { credential, registers } = message
      return [{ type: 'attest', question: { nonce: this.#nonce, credential, registers } }]
    }
    if (message.type === 'result' && this.#state === 'attested') {
      const { type: _, ...result } = message
      return this.#over({ result })
    }
    return this.#over({ fault: 'ATTEST_OUT_OF_ORDER' })
  }

  #over(how: {
    readonly result?: AttestResult
    readonly fault?: AttestFault
  }): readonly AttesterOutput[] {
    this.#state = 'over'
    this.#deadlineMs = undefined
    return [{ type: 'over', ...how }]
  }
}
