import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AttesterInput, AttesterMachine, type AttesterOutput } from './attester-machine.ts'
import { EXCHANGE_MS_MAX } from './limits.ts'
import { type AttestMessage, decodeAttestMessage, encodeAttestMessage } from './messages.ts'
import { type VerifierInput, VerifierMachine, type VerifierOutput } from './verifier-machine.ts'

const nonce = new Uint8Array(32).fill(1)
const keys = {
  ekPublic: Uint8Array.of(1),
  ekCertificate: Uint8Array.of(2),
  akPublic: Uint8Array.of(3),
}
const credential = { idObject: Uint8Array.of(4), encryptedSecret: Uint8Array.of(5) }
const result = { tier: 'tpm', scoreMicros: 700_000, codes: ['POLICY_X'] }
const messages: readonly AttestMessage[] = [
  { type: 'ask', nonce },
  { type: 'identity', keys },
  { type: 'identity', keys: undefined },
  { type: 'challenge', credential, registers: [0, 7] },
  { type: 'challenge', credential: undefined, registers: [] },
  { type: 'evidence', pieces: [Uint8Array.of(9)], handovers: [Uint8Array.of(8)] },
  { type: 'result', ...result },
]

/** Both machines against each other; returns what happened on both sides. */
function exchange(): readonly string[] {
  const [verifier, attester] = [new VerifierMachine(nonce), new AttesterMachine()]
  const happened: string[] = []
  const toVerifier: VerifierInput[] = [{ type: 'opened' }]
  const toAttester: AttesterInput[] = [{ type: 'opened' }]
  const byVerifier = (output: VerifierOutput): void => {
    if (output.type === 'send') {
      toAttester.push({ type: 'frame', frame: encodeAttestMessage(output.message) })
    } else if (output.type === 'prepare') {
      toVerifier.push({ type: 'prepared', credential, registers: [7] })
    } else if (output.type === 'appraise') {
      happened.push(`verifier appraises ${output.shown.pieces.length}`)
      toVerifier.push({ type: 'appraised', result })
    } else happened.push(`verifier over ${output.fault ?? 'well'}`)
  }
  const byAttester = (output: AttesterOutput): void => {
    if (output.type === 'send') {
      toVerifier.push({ type: 'frame', frame: encodeAttestMessage(output.message) })
    } else if (output.type === 'identify') toAttester.push({ type: 'identified', keys })
    else if (output.type === 'attest') {
      happened.push(`attester quotes ${output.question.registers.join()}`)
      expect(output.question).toEqual({ nonce, credential, registers: [7] })
      toAttester.push({
        type: 'attested',
        shown: { pieces: [Uint8Array.of(9)], handovers: [] },
      })
    } else happened.push(`attester over ${output.fault ?? output.result?.tier ?? ''}`)
  }
  for (let round = 0; round < 20; round++) {
    toVerifier
      .splice(0)
      .flatMap((input) => verifier.handle(input, 0))
      .forEach(byVerifier)
    toAttester
      .splice(0)
      .flatMap((input) => attester.handle(input, 0))
      .forEach(byAttester)
  }
  return happened
}

describe('messages', () => {
  it.each(messages)('$type comes back as it was', (message) => {
    expect(decodeAttestMessage(encodeAttestMessage(message))).toEqual(message)
  })

  it.each(messages)('$type is refused at every truncation', (message) => {
    const frame = encodeAttestMessage(message)
    for (let length = 0; length < frame.length; length++) {
      expect(decodeAttestMessage(frame.subarray(0, length))).toBe(undefined)
    }
  })

  it('are one of five kinds', () => {
    expect(decodeAttestMessage(Uint8Array.of(0))).toBe(undefined)
    expect(decodeAttestMessage(Uint8Array.of(6, 0x80))).toBe(undefined)
  })
})

describe('an exchange', () => {
  it('goes from a nonce to a result that both know', () => {
    expect(exchange()).toEqual([
      'attester quotes 7',
      'verifier appraises 1',
      'verifier over well',
      'attester over tpm',
    ])
  })

  it('ends in time on both sides', () => {
    const [verifier, attester] = [new VerifierMachine(nonce), new AttesterMachine()]
    for (const machine of [verifier, attester]) {
      machine.handle({ type: 'opened' }, 5)
      expect(machine.deadlineMs()).toBe(5 + EXCHANGE_MS_MAX)
      expect(machine.handle({ type: 'time-passed' }, 6)).toEqual([])
      expect(machine.handle({ type: 'time-passed' }, 5 + EXCHANGE_MS_MAX)).toEqual([
        { type: 'over', fault: 'ATTEST_TIMED_OUT' },
      ])
      expect(machine.deadlineMs()).toBe(undefined)
    }
  })

  it.each<[string, Uint8Array]>([
    ['ATTEST_FRAME_INVALID', Uint8Array.of(1, 2, 3)],
    ['ATTEST_OUT_OF_ORDER', encodeAttestMessage({ type: 'evidence', pieces: [], handovers: [] })],
  ])('is over with %s', (fault, frame) => {
    for (const machine of [new VerifierMachine(nonce), new AttesterMachine()]) {
      machine.handle({ type: 'opened' }, 0)
      expect(machine.handle({ type: 'frame', frame }, 0)).toEqual([{ type: 'over', fault }])
      expect(machine.handle({ type: 'ended' }, 0)).toEqual([])
    }
  })

  it('never asks for evidence twice and is over once, whatever comes in whatever order', () => {
    const input = fc.oneof(
      fc
        .constantFrom(...messages)
        .map((message) => ({ type: 'frame', frame: encodeAttestMessage(message) }) as const),
      fc.uint8Array({ maxLength: 40 }).map((frame) => ({ type: 'frame', frame }) as const),
      fc.constantFrom<VerifierInput>(
        { type: 'opened' },
        { type: 'ended' },
        { type: 'prepared', credential, registers: [] },
        { type: 'appraised', result },
      ),
    )
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        const machine = new VerifierMachine(nonce)
        const outputs = inputs.flatMap((one) => machine.handle(one, 0)).map(({ type }) => type)
        const count = (type: string) => outputs.filter((one) => one === type).length
        return count('appraise') <= 1 && count('prepare') <= 1 && count('over') <= 1
      }),
    )
  })
})
