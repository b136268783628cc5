import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { device } from '../../test/fixtures/devices.ts'
import { questionCodecContract } from '../../test/fixtures/question-codec.contract.ts'
import { type LedgerAnswer, ledgerCodec, type LedgerQuestion } from './messages.ts'

const alice = device(1).peer
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const head = { body: Uint8Array.of(1, 2, 3), signature: new Uint8Array(64).fill(9) }

const questions: Readonly<Record<string, LedgerQuestion>> = {
  headsOf: { type: 'heads-of', device: alice },
  entriesOf: { type: 'entries-of', device: alice, from: 5, to: 300 },
  growthOf: { type: 'growth-of', device: alice, first: 3, second: 8 },
  evidenceFrom: { type: 'evidence-from', from: 0 },
  bundlePart: { type: 'bundle-part', begin: true },
}

const answers: Readonly<Record<string, LedgerAnswer>> = {
  heads: { type: 'heads', newest: head, whole: undefined },
  entries: { type: 'entries', entries: [Uint8Array.of(7), Uint8Array.of(8, 8)] },
  growth: { type: 'growth', growth: { rootThen: hash(1), proof: [hash(2), hash(3)] } },
  noGrowth: { type: 'growth', growth: undefined },
  evidence: { type: 'evidence', proofs: [Uint8Array.of(4)] },
  bundle: { type: 'bundle', bytes: Uint8Array.of(5, 6), last: true },
}

describe('the codec of /brume/ledger/1', () => {
  questionCodecContract(ledgerCodec, {
    questions,
    answers,
    vectors: JSON.parse(readFileSync('test/vectors/ledger-questions.json', 'utf8')) as Readonly<
      Record<string, string>
    >,
  })

  it('takes as an answer what answers the question, and not more than was asked for', () => {
    const fitting = (question: LedgerQuestion): readonly string[] =>
      Object.entries(answers)
        .filter(([, answer]) => ledgerCodec.fits(question, answer))
        .map(([name]) => name)
    expect(Object.values(questions).map(fitting)).toEqual([
      ['heads'],
      ['entries'],
      ['growth', 'noGrowth'],
      ['evidence'],
      ['bundle'],
    ])
    expect(fitting({ type: 'entries-of', device: alice, from: 5, to: 6 })).toEqual([])
  })
})
