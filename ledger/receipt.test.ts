import { describe, expect, it } from 'vitest'
import { device } from '../test/fixtures/devices.ts'
import { halvesOf, hashOf, ledgerContext } from '../test/fixtures/ledgers.ts'
import { type Half, type HalfOf, openHalf, signHalf } from './halves.ts'
import {
  beginReceipt,
  continueReceipt,
  foldReceipt,
  isEnded,
  type Receipt,
  sideOf,
} from './receipt.ts'

const [alice, bob, carol] = [device(1), device(2), device(3)]
const parties = { requester: alice, provider: bob }
const simple = halvesOf({ ...parties, mode: 'simple', word: 'one' })
const stream = halvesOf({ ...parties, mode: 'stream', word: 'two', rounds: 3 })
const sealed = halvesOf({ ...parties, mode: 'sealed', word: 'three' })

function folded(halves: readonly Half[]): Receipt {
  const receipt = foldReceipt(ledgerContext, halves)
  if (receipt.type === 'refused') throw new Error(receipt.reason)
  return receipt.value
}

function codeOf(halves: readonly Half[]): string {
  const receipt = foldReceipt(ledgerContext, halves)
  return receipt.type === 'refused' ? receipt.code : receipt.value.stage
}

function last<K extends Half['kind']>(halves: readonly Half[], kind: K): HalfOf<K> {
  const half = halves.findLast((candidate) => candidate.kind === kind)
  if (half === undefined) throw new Error(`no ${kind}`)
  return half as HalfOf<K>
}

describe('a receipt', () => {
  it.each([
    ['simple', simple, { stage: 'settled', rounds: 1, milliCredits: 250 }],
    ['stream', stream, { stage: 'settled', rounds: 3, milliCredits: 750 }],
    ['sealed', sealed, { stage: 'settled', rounds: 1, milliCredits: 250 }],
  ] as const)('of mode %s ends settled', (_, halves, expected) => {
    const receipt = folded(halves)
    expect(receipt).toMatchObject(expected)
    expect(receipt.work.mflop).toBe(receipt.milliCredits * 1_000)
    expect(isEnded(receipt)).toBe(true)
  })

  it('is complete with four halves of some 0.9 kB', () => {
    const bytes = simple.reduce(
      (sum, { signed }) => sum + signed.body.length + signed.signature.length,
      0,
    )
    expect(simple.map(({ kind }) => kind)).toEqual(['order', 'accept', 'result', 'settle'])
    expect(bytes).toBeLessThan(900)
  })

  it('loses at most one chunk of a stream that breaks off', () => {
    const receipt = folded(stream.slice(0, 5))
    expect(receipt).toMatchObject({ stage: 'delivered', rounds: 1, milliCredits: 250 })
  })

  it('waits for the half that follows, at every length', () => {
    const stages = ['ordered', 'accepted', 'delivered', 'acknowledged', 'revealed', 'settled']
    expect(sealed.map((_, index) => folded(sealed.slice(0, index + 1)).stage)).toEqual(stages)
  })

  it('may end disputed instead of settled', () => {
    const result = last(simple, 'result')
    const dispute = signHalf(ledgerContext, alice, 'dispute', {
      task: result.body.task,
      after: result.id,
      reason: 1,
      incarnation: 0,
    })
    expect(folded([...simple.slice(0, 3), dispute])).toMatchObject({
      stage: 'disputed',
      milliCredits: 0,
    })
  })

  it('tells who is on which side', () => {
    const order = last(simple, 'order')
    expect(sideOf(order, alice.peer)).toEqual({ side: 'requester', other: bob.peer })
    expect(sideOf(order, bob.peer)).toEqual({ side: 'provider', other: alice.peer })
    expect(sideOf(order, carol.peer)).toBeUndefined()
  })
})

describe('a receipt refuses', () => {
  const order = last(simple, 'order')
  const result = last(simple, 'result')
  const settle = last(simple, 'settle')

  it('every half that is left out, doubled or swapped', () => {
    for (const halves of [simple, stream, sealed]) {
      for (const index of halves.keys()) {
        const half = halves[index] as Half
        if (index < halves.length - 1)
          expect(codeOf(halves.toSpliced(index, 1))).toMatch(/^LEDGER_/)
        expect(codeOf(halves.toSpliced(index, 0, half))).toMatch(/^LEDGER_HALF_/)
        if (index === 0) continue
        const swapped = halves.with(index, halves[index - 1] as Half).with(index - 1, half)
        expect(codeOf(swapped)).toMatch(/^LEDGER_/)
      }
    }
  })

  it('a half again', () => {
    expect(codeOf([...simple, settle])).toBe('LEDGER_HALF_REPLAYED')
    expect(codeOf([...simple.slice(0, 2), order])).toBe('LEDGER_HALF_REPLAYED')
  })

  it("a settlement of another's order", () => {
    const other = halvesOf({ ...parties, mode: 'simple', word: 'other' })
    expect(codeOf([...simple.slice(0, 3), last(other, 'settle')])).toBe('LEDGER_HALF_UNLINKED')
  })

  it('a half that names another task', () => {
    const task = hashOf('another task').subarray(0, 16)
    const other = signHalf(ledgerContext, alice, 'settle', { ...settle.body, task })
    expect(codeOf([...simple.slice(0, 3), other])).toBe('LEDGER_HALF_UNLINKED')
  })

  it.each(['accept', 'result', 'settle'] as const)('a %s by a stranger', (kind) => {
    const index = simple.findIndex((half) => half.kind === kind)
    const body = last(simple, kind).body as never
    const forged = signHalf(ledgerContext, carol, kind, body) as Half
    expect(codeOf([...simple.slice(0, index), forged])).toBe('LEDGER_SIGNATURE_INVALID')
  })

  it('an order by a stranger, or to oneself', () => {
    const forged = signHalf(ledgerContext, carol, 'order', order.body)
    expect(codeOf([forged])).toBe('LEDGER_SIGNATURE_INVALID')
    const toOneself = signHalf(ledgerContext, alice, 'order', {
      ...order.body,
      provider: alice.peer,
    })
    expect(codeOf([toOneself])).toBe('LEDGER_HALF_FOREIGN')
  })

  it('a half of another mesh', () => {
    const elsewhere = { ...ledgerContext, network: hashOf('another mesh') }
    expect(beginReceipt(elsewhere, order)).toMatchObject({ code: 'LEDGER_SIGNATURE_INVALID' })
  })

  it('more than was done, or than was ordered', () => {
    const greedy = signHalf(ledgerContext, alice, 'settle', { ...settle.body, milliCredits: 251 })
    expect(codeOf([...simple.slice(0, 3), greedy])).toBe('LEDGER_SETTLE_EXCESSIVE')
    const refused = signHalf(ledgerContext, alice, 'settle', { ...settle.body, verdict: 'refused' })
    expect(codeOf([...simple.slice(0, 3), refused])).toBe('LEDGER_SETTLE_EXCESSIVE')
    const small = signHalf(ledgerContext, alice, 'order', { ...order.body, milliCreditsMax: 249 })
    const accept = signHalf(ledgerContext, bob, 'accept', {
      ...last(simple, 'accept').body,
      order: small.id,
    })
    const done = signHalf(ledgerContext, bob, 'result', {
      ...result.body,
      after: accept.id,
      accept: accept.id,
    })
    const granted = signHalf(ledgerContext, alice, 'settle', {
      ...settle.body,
      after: done.id,
      result: done.id,
    })
    expect(codeOf([small, accept, done, granted])).toBe('LEDGER_SETTLE_EXCESSIVE')
  })

  it.each([
    ['a second chunk of a simple task', { last: false }],
    ['a chunk out of turn', { chunk: 1 }],
    ['sealed bytes of a simple task', { sealed: { ciphertext: hashOf('c'), key: hashOf('k') } }],
  ])('%s', (_, change) => {
    const odd = signHalf(ledgerContext, bob, 'result', { ...result.body, ...change })
    expect(codeOf([...simple.slice(0, 2), odd])).toBe('LEDGER_MODE_BROKEN')
  })

  it('a key that is not the one that was promised', () => {
    const reveal = last(sealed, 'reveal')
    const wrong = signHalf(ledgerContext, bob, 'reveal', { ...reveal.body, key: hashOf('no') })
    expect(codeOf([...sealed.slice(0, 4), wrong])).toBe('LEDGER_HALF_UNLINKED')
  })

  it('an acknowledgement of what is not sealed, and a grant before the key', () => {
    const early = signHalf(ledgerContext, alice, 'settle', {
      ...settle.body,
      verdict: 'acknowledged',
      milliCredits: 0,
    })
    expect(codeOf([...simple.slice(0, 3), early])).toBe('LEDGER_MODE_BROKEN')
    const first = sealed[3] as HalfOf<'settle'>
    const granted = signHalf(ledgerContext, alice, 'settle', {
      ...first.body,
      verdict: 'accepted',
    })
    expect(codeOf([...sealed.slice(0, 3), granted])).toBe('LEDGER_MODE_BROKEN')
  })

  it('nothing for its signature when that is known to hold', () => {
    const forged = signHalf(ledgerContext, carol, 'order', order.body)
    const begun = beginReceipt(ledgerContext, forged, false)
    expect(begun.type).toBe('value')
    const [, accept] = simple
    if (begun.type === 'refused' || accept === undefined) return
    expect(continueReceipt(ledgerContext, begun.value, accept, false).type).toBe('value')
  })
})

describe('a half', () => {
  it('is read as it was written, of each kind', () => {
    for (const half of [...simple, ...sealed]) {
      const { body, signature } = half.signed
      const opened = openHalf(ledgerContext, half.kind, { body, signature })
      expect(opened).toMatchObject({ type: 'value', value: { id: half.id, body: half.body } })
    }
  })

  it('of the future, or cut off, is refused', () => {
    const { body, signature } = last(simple, 'order').signed
    const future = Uint8Array.from(body)
    future[1] = 2
    expect(openHalf(ledgerContext, 'order', { body: future, signature })).toMatchObject({
      code: 'LEDGER_VERSION_UNSUPPORTED',
    })
    for (let length = 0; length < body.length; length++) {
      const cut = { body: body.subarray(0, length), signature }
      expect(openHalf(ledgerContext, 'order', cut)).toMatchObject({ code: 'LEDGER_MALFORMED' })
    }
    const long = { body: new Uint8Array(2_000), signature }
    expect(openHalf(ledgerContext, 'order', long)).toMatchObject({ code: 'LEDGER_TOO_LONG' })
  })
})
