import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '../../core/bytes.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { type Item, ItemSet } from './item-set.ts'
import { ID_BYTES, ITEMS_MAX, MESSAGE_BYTES_MAX, RANGES_MAX } from './limits.ts'
import { decodeRanges, encodeRanges } from './message.ts'
import { reconcileCodec } from './questions.ts'
import { answerReconciliation, Reconciliation } from './reconciliation.ts'
import { decodeVarint, encodeVarint } from './varint.ts'

const { sha256 } = nodeCrypto
const item = (number: number, times = 7): Item => ({
  time: number % times,
  id: sha256(utf8(`item ${number}`)),
})
const items = (from: number, to: number, times?: number): readonly Item[] =>
  Array.from({ length: to - from }, (_, at) => item(from + at, times))

/** What a side with `mine` learns of one with `theirs`, and how. */
function reconciled(mine: readonly Item[], theirs: readonly Item[]) {
  const [near, far] = [new ItemSet(sha256, mine), new ItemSet(sha256, theirs)]
  const asking = new Reconciliation(near)
  let [rounds, bytes, longest] = [0, 0, 0]
  for (let message: Uint8Array | undefined = asking.begin(); message !== undefined; rounds++) {
    const answer = answerReconciliation(far, message)
    if (answer.type === 'refused') throw new Error(answer.code)
    bytes += message.length + answer.value.length
    longest = Math.max(longest, message.length, answer.value.length)
    const next = asking.next(answer.value)
    if (next.type === 'refused') throw new Error(next.code)
    message = next.value
  }
  const names = (ids: ReadonlyMap<string, Uint8Array>): readonly string[] =>
    [...ids.keys()].toSorted()
  return { have: names(asking.have), need: names(asking.need), rounds, bytes, longest }
}

const namesOf = (some: readonly Item[]): readonly string[] =>
  some.map(({ id }) => toHex(id)).toSorted()

describe('a reconciliation', () => {
  it('finds what each side lacks, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(400), { maxLength: 200 }),
        fc.uniqueArray(fc.nat(400), { maxLength: 200 }),
        fc.integer({ min: 1, max: 500 }),
        (left, right, times) => {
          const [mine, theirs] = [left, right].map((all) => all.map((one) => item(one, times)))
          const found = reconciled(mine ?? [], theirs ?? [])
          const [here, there] = [new Set(left), new Set(right)]
          expect(found.have).toEqual(namesOf(left.filter((n) => !there.has(n)).map((n) => item(n))))
          expect(found.need).toEqual(namesOf(right.filter((n) => !here.has(n)).map((n) => item(n))))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('of equal sets takes one round and few bytes', () => {
    const { rounds, bytes, need } = reconciled(items(0, 5_000), items(0, 5_000))
    expect([rounds, need.length]).toEqual([1, 0])
    expect(bytes).toBeLessThan(600)
  })

  it('of large sets that differ little tells little', () => {
    const { bytes, have, need } = reconciled(items(0, 10_000), items(3, 10_004))
    expect([have.length, need.length]).toEqual([3, 4])
    expect(bytes).toBeLessThan(30_000)
  })

  it('gets all of a set that does not fit into one message, none of which is too long', () => {
    const { need, longest, rounds } = reconciled([], items(0, 9_000))
    expect(need.length).toBe(9_000)
    expect(longest).toBeLessThanOrEqual(MESSAGE_BYTES_MAX)
    expect(rounds).toBeLessThan(10)
  })

  it('gives all of its own, when the other has nothing', () => {
    const { have } = reconciled(items(0, 9_000), [])
    expect(have.length).toBe(9_000)
  })
})

describe('a message', () => {
  const whole = new Reconciliation(new ItemSet(sha256, items(0, 100, 3))).begin()

  it('is the one encoding of its ranges', () => {
    const ranges = decodeRanges(whole)
    if (ranges.type === 'refused') throw new Error(ranges.code)
    expect(encodeRanges(ranges.value)).toEqual(whole)
  })

  it('of two items is what Negentropy’s version 1 writes: time, prefix, mode, list', () => {
    const ids = [1, 2].map((byte) => new Uint8Array(ID_BYTES).fill(byte))
    const set = new ItemSet(
      sha256,
      ids.map((id, at) => ({ time: 5 + at, id })),
    )
    const message = new Reconciliation(set).begin()
    expect(toHex(message)).toBe(`6100000202${'01'.repeat(32)}${'02'.repeat(32)}`)
  })

  it('has the fingerprint of the sum of its ids and their number', () => {
    const ids = [0xff, 0x01].map((byte) => new Uint8Array(ID_BYTES).fill(byte))
    const set = new ItemSet(
      sha256,
      ids.map((id) => ({ time: 1, id })),
    )
    // 0xffff… + 0x0101… = 0x0101…00 modulo 2^256, little-endian.
    const sum = Uint8Array.of(0, ...new Uint8Array(31).fill(1), 2)
    expect(set.fingerprint(0, 2)).toEqual(sha256(sum).subarray(0, 16))
  })

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'RECONCILE_MESSAGE_MALFORMED'],
    ['another version', Uint8Array.of(0x62), 'RECONCILE_VERSION_UNSUPPORTED'],
    ['no version', Uint8Array.of(0x11), 'RECONCILE_MESSAGE_MALFORMED'],
    ['an unknown mode', Uint8Array.of(0x61, 0, 0, 3), 'RECONCILE_MESSAGE_MALFORMED'],
    ['a list longer than it', Uint8Array.of(0x61, 0, 0, 2, 9), 'RECONCILE_MESSAGE_MALFORMED'],
    ['a number in two ways', Uint8Array.of(0x61, 128, 0, 0, 0), 'RECONCILE_MESSAGE_MALFORMED'],
    ['more after its end', Uint8Array.of(0x61, 0, 0, 0, 0, 0, 0), 'RECONCILE_MESSAGE_MALFORMED'],
    ['too many ranges', flood(RANGES_MAX + 1), 'RECONCILE_MESSAGE_TOO_LONG'],
    ['too many bytes', new Uint8Array(MESSAGE_BYTES_MAX + 1), 'RECONCILE_MESSAGE_TOO_LONG'],
  ])('with %s is refused', (_, message, code) => {
    expect(answerReconciliation(new ItemSet(sha256, []), message)).toMatchObject({ code })
  })

  it('that is cut short or changed never throws, and never asks for more than a message', () => {
    const set = new ItemSet(sha256, items(50, 300, 3))
    const damaged = [
      ...whole.keys().map((length) => whole.subarray(0, length)),
      ...whole.entries().map(([at, byte]) => whole.with(at, byte ^ (1 << (at % 8)))),
    ]
    const answers = damaged.map((message) => answerReconciliation(set, message))
    const lengths = answers.map((answer) => (answer.type === 'value' ? answer.value.length : 0))
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MESSAGE_BYTES_MAX)
  })

  it('that never ends is given up', () => {
    const asking = new Reconciliation(new ItemSet(sha256, items(0, 50)))
    const differs = encodeRanges([
      {
        mode: 'fingerprint',
        end: { time: Infinity, prefix: new Uint8Array() },
        fingerprint: new Uint8Array(16),
      },
    ])
    const codes = Array.from({ length: 80 }, () => asking.next(differs)).map((result) =>
      result.type === 'refused' ? result.code : '',
    )
    expect(codes.at(-1)).toBe('RECONCILE_ROUNDS_EXCEEDED')
  })
})

/** As many ranges, each of one more unit of time. */
function flood(count: number): Uint8Array {
  const ranges = Array.from({ length: count }, (_, at) => ({
    mode: 'skip' as const,
    end: { time: at + 1, prefix: new Uint8Array() },
  }))
  return encodeRanges(ranges)
}

describe('numbers', () => {
  it.each([0, 1, 127, 128, 300, 2 ** 32, Number.MAX_SAFE_INTEGER])(
    '%d is read as written',
    (value) => {
      const encoded = encodeVarint(value)
      expect(decodeVarint(encoded, 0)).toEqual({ value, end: encoded.length })
    },
  )

  it('are written as Negentropy does: the highest digit first', () => {
    expect(toHex(encodeVarint(300))).toBe('822c')
  })
})

describe('frames', () => {
  it('hold a set and a message', () => {
    const question = { set: 'evidence' as const, message: Uint8Array.of(0x61) }
    expect(reconcileCodec.decodeQuestion(reconcileCodec.encodeQuestion(question))).toEqual(question)
    expect(reconcileCodec.decodeQuestion(fromHex('09') ?? new Uint8Array())).toBeUndefined()
    const long = new Uint8Array(MESSAGE_BYTES_MAX + 2).fill(1)
    expect(reconcileCodec.decodeQuestion(long)).toBeUndefined()
  })
})

describe('a set', () => {
  it('has a limit', () => {
    expect(
      () =>
        new ItemSet(
          sha256,
          Array.from({ length: ITEMS_MAX + 1 }, () => item(1)),
        ),
    ).toThrow('a set that is reconciled has a limit')
  })
})
