import { describe, expect, it } from 'vitest'
import { AuditorMachine, type AuditorInput } from './auditor-machine.ts'
import type { AuditQuestion } from './messages.ts'

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const signed = { body: Uint8Array.of(1), signature: new Uint8Array(64) }

describe('the machine of an auditor', () => {
  const whole = (type: 'task' | 'claim', byte: number): AuditorInput => ({
    type: 'question',
    question: { type, total: 1, from: 0, bytes: Uint8Array.of(byte) },
  })
  const ask = (question: AuditQuestion): AuditorInput => ({ type: 'question', question })
  const answer = { verdict: signed, outputs: new Uint8Array() }

  it('is bound before it is told', () => {
    const machine = new AuditorMachine()
    const outputs = [
      whole('task', 1),
      ask({ type: 'run' }),
      { type: 'committed', commitment: hash(1) } as const,
      whole('claim', 2),
      ask({ type: 'conclude' }),
      { type: 'concluded', answer } as const,
    ].flatMap((input) => machine.handle(input))
    expect(outputs).toEqual([
      { type: 'answer', answer: { type: 'taken' } },
      { type: 'run', task: Uint8Array.of(1) },
      { type: 'answer', answer: { type: 'committed', commitment: hash(1) } },
      { type: 'answer', answer: { type: 'taken' } },
      { type: 'compare', claim: Uint8Array.of(2) },
      { type: 'answer', answer: { type: 'verdict', ...answer } },
    ])
  })

  it.each<[string, readonly AuditorInput[]]>([
    ['a claim before it is bound', [whole('task', 1), whole('claim', 2)]],
    ['a run of nothing', [ask({ type: 'run' })]],
    ['another task while it runs one', [whole('task', 1), ask({ type: 'run' }), whole('task', 1)]],
    [
      'a conclusion without a claim',
      [
        whole('task', 1),
        ask({ type: 'run' }),
        { type: 'committed', commitment: hash(1) },
        ask({ type: 'conclude' }),
      ],
    ],
    [
      'a question for providers',
      [ask({ type: 'evidence', session: new Uint8Array(16), stage: 0, requests: [], from: 0 })],
    ],
  ])('takes no %s', (_, inputs) => {
    const machine = new AuditorMachine()
    expect(inputs.flatMap((input) => machine.handle(input)).at(-1)).toEqual({ type: 'unexpected' })
    expect(machine.handle(whole('task', 1))).toEqual([{ type: 'unexpected' }])
  })

  it('says when it cannot', () => {
    const machine = new AuditorMachine()
    machine.handle(whole('task', 1))
    machine.handle(ask({ type: 'run' }))
    expect(machine.handle({ type: 'failed', reason: 'memory' })).toEqual([
      { type: 'answer', answer: { type: 'unable', reason: 'memory' } },
    ])
  })
})
