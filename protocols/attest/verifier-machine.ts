/**
 * The side that asks: one question about one device, on one link.
 *
 *     asked       identity → preparing
 *     preparing   prepared → challenged
 *     challenged  evidence → appraising
 *     appraising  appraised → over
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

export type VerifierInput =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  | { readonly type: 'ended' }
  /** Answers `prepare`. */
  | {
      readonly type: 'prepared'
      readonly credential: TpmCredential | undefined
      readonly registers: readonly number[]
    }
  /** Answers `appraise`. */
  | { readonly type: 'appraised'; readonly result: AttestResult }

export type VerifierOutput =
  | { readonly type: 'send'; readonly message: AttestMessage }
  /** Make a credential for these keys, if there are any. */
  | { readonly type: 'prepare'; readonly keys: TpmKeys | undefined }
  | { readonly type: 'appraise'; readonly shown: ShownEvidence }
  /** It is over: without a fault once the result was sent. Nothing comes after it. */
  | { readonly type: 'over'; readonly fault?: AttestFault }

type State = 'new' | 'asked' | 'preparing' | 'challenged' | 'appraising' | 'over'

export class VerifierMachine implements Machine<VerifierInput, VerifierOutput> {
  readonly #nonce: Uint8Array
  #state: State = 'new'
  #deadlineMs: number | undefined

  constructor(nonce: Uint8Array) {
    this.#nonce = nonce
  }

  handle(input: VerifierInput | TimePassed, nowMs: number): readonly VerifierOutput[] {
    if (this.#state === 'over') return []
    switch (input.type) {
      case 'opened':
        return this.#onOpened(nowMs)
      case 'frame':
        return this.#onFrame(input.frame)
      case 'prepared':
        return this.#onPrepared(input)
      case 'appraised':
        return this.#onAppraised(input.result)
      case 'ended':
        return this.#over('ATTEST_LINK_ENDED')
      case 'time-passed':
        return nowMs < (this.#deadlineMs ?? Infinity) ? [] : this.#over('ATTEST_TIMED_OUT')
    }
  }

  deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  #onOpened(nowMs: number): readonly VerifierOutput[] {
    if (this.#state !== 'new') return []
    this.#state = 'asked'
    this.#deadlineMs = nowMs + EXCHANGE_MS_MAX
    return [{ type: 'send', message: { type: 'ask', nonce: this.#nonce } }]
  }

  #onFrame(frame: Uint8Array): readonly VerifierOutput[] {
    const message = decodeAttestMessage(frame)
    if (message === undefined) return this.#over('ATTEST_FRAME_INVALID')
    if (message.type === 'identity' && this.#state === 'asked') {
      this.#state = 'preparing'
      return [{ type: 'prepare', keys: message.keys }]
    }
    if (message.type === 'evidence' && this.#state === 'challenged') {
      this.#state = 'appraising'
      const { pieces, handovers } = message
      return [{ type: 'appraise', shown: { pieces, handovers } }]
    }
    return this.#over('ATTEST_OUT_OF_ORDER')
  }

  #onPrepared(input: Extract<VerifierInput, { type: 'prepared' }>): readonly VerifierOutput[] {
    if (this.#state !== 'preparing') return []
    this.#state = 'challenged'
    const { credential, registers } = input
    return [{ type: 'send', message: { type: 'challenge', credential, registers } }]
  }

  #onAppraised(result: AttestResult): readonly VerifierOutput[] {
    if (this.#state !== 'appraising') return []
    return [{ type: 'send', message: { type: 'result', ...result } }, ...this.#over()]
  }

  #over(fault?: AttestFault): readonly VerifierOutput[] {
    this.#state = 'over'
    this.#deadlineMs = undefined
    return [{ type: 'over', ...(fault !== undefined && { fault }) }]
  }
}
