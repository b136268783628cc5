import { describe, expect, it } from 'vitest'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { halvesOf, hashOf, ledgerContext, WrittenLedger } from '../test/fixtures/ledgers.ts'
import { ENTRY_KINDS } from './entry.ts'
import {
  contradictionOf,
  encodeEquivocation,
  type HeadFork,
  headForkOf,
  verifyEquivocation,
} from './equivocation.ts'
import { rolloverBody } from './genesis.ts'
import { type Half, type HalfBody, type HalfOf, signHalf } from './halves.ts'
import { EVIDENCE_BYTES_MAX } from './limits.ts'
import { consistencyProof, rangeRoot } from '../core/merkle-proof.ts'

const [alice, bob] = [device(1), device(2)]
const { sha256 } = nodeCrypto

function ledgerOf(notes: readonly string[]): WrittenLedger {
  const ledger = new WrittenLedger(alice)
  for (const text of notes) ledger.note(text)
  return ledger
}

/** What one would have to show to say that `later` does not grow out of `earlier`. */
function forkOf(earlier: WrittenLedger, later: WrittenLedger): Omit<HeadFork, 'type'> {
  const [first, second] = [earlier.chain.size, later.chain.size]
  return {
    accused: alice.peer,
    earlier: earlier.head(),
    later: later.head(),
    rootThen: rangeRoot(sha256, [0, first], later.source),
    proof: consistencyProof(sha256, { first, second }, later.source),
  }
}

function numbered(count: number, from = 0): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(from + index))
}

describe('a head fork', () => {
  it('is proven between histories of any two sizes', () => {
    for (const first of [2, 3, 4, 7, 8, 13]) {
      for (const second of [13, 16, 21]) {
        const earlier = ledgerOf(numbered(first - 1))
        const later = ledgerOf([...numbered(first - 2), 'another', ...numbered(second - first)])
        const proof = headForkOf(ledgerContext, forkOf(earlier, later))
        expect(proof, `${first} and ${second}`).toBeDefined()
        if (proof === undefined) continue
        const encoded = encodeEquivocation(ledgerContext, proof)
        expect(verifyEquivocation(nodeCrypto, encoded)).toEqual({
          type: 'value',
          value: { network: ledgerContext.network, proof },
        })
        expect(encoded.length).toBeLessThan(EVIDENCE_BYTES_MAX)
      }
    }
  })

  it('is proven by two heads of one size', () => {
    const proof = forkOf(ledgerOf(['a', 'b']), ledgerOf(['a', 'c']))
    expect(proof.proof).toEqual([])
    expect(headForkOf(ledgerContext, proof)).toBeDefined()
  })

  it('is not proven by a ledger that grew', () => {
    const fork = forkOf(ledgerOf(numbered(5)), ledgerOf(numbered(9)))
    expect(headForkOf(ledgerContext, fork)).toBeUndefined()
  })

  it('is not proven against a device that said that it lost entries', () => {
    const earlier = ledgerOf(['a', 'b', 'c'])
    const later = ledgerOf(['a'])
    later.write(
      ENTRY_KINDS.rollover,
      rolloverBody({ incarnation: 1, size: 2, reason: 0, lastKnown: earlier.head() }),
    )
    for (const text of ['x', 'y']) later.note(text)
    expect(headForkOf(ledgerContext, forkOf(earlier, later))).toBeUndefined()
  })

  it('is not proven by a root that is made up, against another, or in another mesh', () => {
    const fork = forkOf(ledgerOf(['a', 'b']), ledgerOf(['a', 'c', 'd']))
    const holds = (change: Partial<HeadFork>): boolean =>
      headForkOf(ledgerContext, { ...fork, ...change }) !== undefined
    expect(holds({})).toBe(true)
    expect(holds({ rootThen: hashOf('made up') })).toBe(false)
    expect(holds({ accused: bob.peer })).toBe(false)
    expect(holds({ proof: [] })).toBe(false)
    expect(holds({ earlier: fork.later, later: fork.earlier })).toBe(false)
    const elsewhere = { ...ledgerContext, network: hashOf('another mesh') }
    expect(headForkOf(elsewhere, fork)).toBeUndefined()
  })
})

describe('a contradiction', () => {
  const halves = halvesOf({ requester: alice, provider: bob, mode: 'simple', word: 'one' })
  const half = <K extends Half['kind']>(kind: K): HalfOf<K> =>
    halves.find((candidate) => candidate.kind === kind) as HalfOf<K>

  it('is proven by two settlements of one result', () => {
    const settle = half('settle')
    const other = signHalf(ledgerContext, alice, 'settle', { ...settle.body, milliCredits: 1 })
    const proof = contradictionOf(ledgerContext, alice.peer, settle, other)
    expect(proof).toBeDefined()
    if (proof === undefined) return
    const encoded = encodeEquivocation(ledgerContext, proof)
    expect(verifyEquivocation(nodeCrypto, encoded).type).toBe('value')
    expect(encoded.length).toBeLessThan(EVIDENCE_BYTES_MAX)
  })

  it('is proven by two results of one chunk and two accepts of one order', () => {
    const result = half('result')
    const otherResult = signHalf(ledgerContext, bob, 'result', {
      ...result.body,
      output: hashOf('another output'),
    })
    expect(contradictionOf(ledgerContext, bob.peer, result, otherResult)).toBeDefined()
    const accept = half('accept')
    const otherAccept = signHalf(ledgerContext, bob, 'accept', {
      ...accept.body,
      startByWallMs: 1,
    })
    expect(contradictionOf(ledgerContext, bob.peer, accept, otherAccept)).toBeDefined()
  })

  it.each([
    ['the same half twice', 'settle', {}],
    ['halves of two incarnations', 'settle', { incarnation: 1, milliCredits: 1 }],
    ['answers to two results', 'settle', { result: hashOf('another'), milliCredits: 1 }],
    ['the acknowledgement and the end', 'settle', { after: hashOf('reveal'), milliCredits: 1 }],
    ['two chunks of a stream', 'result', { chunk: 1 }],
    ['two orders', 'order', { milliCreditsMax: 1 }],
  ] as const)('is not proven by %s', (_, kind, change) => {
    const one = half(kind)
    const signer = kind === 'result' ? bob : alice
    const body: HalfBody<Half['kind']> = { ...one.body, ...change }
    const other = signHalf(ledgerContext, signer, kind, body as never)
    expect(contradictionOf(ledgerContext, signer.peer, one as Half, other as Half)).toBeUndefined()
  })

  it('is not proven by a half that somebody else signed, or of another kind', () => {
    const settle = half('settle')
    const forged = signHalf(ledgerContext, bob, 'settle', { ...settle.body, milliCredits: 1 })
    expect(contradictionOf(ledgerContext, alice.peer, settle, forged)).toBeUndefined()
    expect(contradictionOf(ledgerContext, alice.peer, settle, half('order'))).toBeUndefined()
  })
})

describe('bytes that are no proof', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['some bytes', hashOf('some bytes')],
    ['too many', new Uint8Array(EVIDENCE_BYTES_MAX + 1)],
  ])('are refused: %s', (_, encoded) => {
    expect(verifyEquivocation(nodeCrypto, encoded).type).toBe('refused')
  })
})
