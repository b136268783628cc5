import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../core/tensor.ts'
import { Journal } from './journal.ts'
import { LOGPROBS_MAX, TEXT_POSITIONS_MAX, VOCABULARY_MAX } from './limits.ts'
import { TextOrder } from './text-order.ts'
import {
  drawnOf,
  drawnTensors,
  mayBeDrawn,
  rowsOf,
  rowsTensor,
  type DrawnToken,
  type TextRows,
} from './text-rows.ts'

const token = fc.nat(VOCABULARY_MAX - 1)
const anyRows = fc
  .record({
    position: fc.nat(TEXT_POSITIONS_MAX - 40),
    tokens: fc.array(token, { minLength: 1, maxLength: 40 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ position, tokens, share }): TextRows => {
    return { position, tokens, drawFrom: Math.round(share * tokens.length) }
  })
const logprob = fc.float({ max: 0, noNaN: true })
const anyDrawn = fc
  .record({
    count: fc.nat(5),
    others: fc.nat(LOGPROBS_MAX),
    asks: fc.boolean(),
    hashes: fc.boolean(),
  })
  .chain(({ count, others, asks, hashes }) =>
    fc.array(
      fc.record({
        token,
        logprob: asks ? logprob : fc.constant(undefined),
        alternatives: fc.array(fc.record({ token, logprob }), {
          minLength: asks ? others : 0,
          maxLength: asks ? others : 0,
        }),
        logitsHash: hashes
          ? fc.uint8Array({ minLength: 32, maxLength: 32 })
          : fc.constant(undefined),
      }),
      { minLength: count, maxLength: count },
    ),
  )

function changed(tensors: readonly Tensor[], index: number, change: Partial<Tensor>): Tensor[] {
  return tensors.map((tensor, at) => (at === index ? { ...tensor, ...change } : tensor))
}

function rowsFrom(position: number, ...tokens: readonly number[]): TextRows {
  return { position, drawFrom: 0, tokens }
}

function message(request: number, rows: TextRows, bytes = 4) {
  const stream: Tensor = { name: 'x', type: 'uint8', dims: [bytes], data: new Uint8Array(bytes) }
  return { request, hops: [], tensors: [stream, rowsTensor(rows)], leaf: new Uint8Array(8) }
}

describe('rows of a text', () => {
  it('come across as they were', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        expect(rowsOf([rowsTensor(rows)])).toEqual(rows)
      }),
    )
    fc.assert(
      fc.property(anyDrawn, (drawn) => {
        expect(drawnOf(drawnTensors(drawn))).toEqual(drawn)
      }),
    )
  })

  it('are refused when they are missing, none, or out of bounds', () => {
    const integers = (...values: readonly number[]): Tensor => ({
      ...rowsTensor(rowsFrom(0, 1)),
      dims: [values.length],
      data: new Uint8Array(Int32Array.from(values).buffer),
    })
    const wrong = [
      [],
      [integers()],
      [integers(0, 0)],
      [integers(-1, 0, 5)],
      [integers(TEXT_POSITIONS_MAX, 0, 5)],
      [integers(0, 2, 5)],
      [integers(0, -1, 5)],
      [integers(0, 0, -5)],
      [integers(0, 0, VOCABULARY_MAX)],
      [{ ...integers(0, 0, 5), type: 'float32' as const }],
      [{ ...integers(0, 0, 5), dims: [1, 3] }],
    ]
    expect(wrong.map((tensors) => rowsOf(tensors))).toEqual(wrong.map(() => undefined))
  })

  it('are refused when what was drawn does not hang together', () => {
    const alternatives = [{ token: 7, logprob: -2 }]
    const drawn: DrawnToken[] = [
      { token: 5, logprob: -1, alternatives, logitsHash: new Uint8Array(32) },
    ]
    const tensors = drawnTensors(drawn)
    expect(drawnOf(tensors)).toEqual(drawn)
    const nan = new Uint8Array(Float32Array.of(Number.NaN, -2).buffer)
    const wrong = [
      tensors.slice(1),
      tensors.filter((_, index) => index !== 1),
      changed(tensors, 0, { dims: [1, 1] }),
      changed(tensors, 0, { data: new Uint8Array(Int32Array.of(-1).buffer) }),
      changed(tensors, 1, { dims: [2, 1] }),
      changed(tensors, 1, { data: nan }),
      changed(tensors, 2, { type: 'float32' }),
      changed(tensors, 2, { data: new Uint8Array(Int32Array.of(VOCABULARY_MAX).buffer) }),
      changed(tensors, 3, { dims: [1, 16] }),
    ]
    expect(wrong.map((each) => drawnOf(each))).toEqual(wrong.map(() => undefined))
  })

  it('let one token be drawn, and one more for each draft that was right', () => {
    const rows = { position: 3, drawFrom: 1, tokens: [9, 8, 7, 6] }
    const drawn = (...tokens: readonly number[]) => tokens.map((each) => ({ token: each }))
    const right = [drawn(1), drawn(7, 1), drawn(7, 6, 1)]
    const wrong = [drawn(), drawn(8, 1), drawn(7, 6, 5, 4), drawn(7, 7, 1)]
    expect(right.every((each) => mayBeDrawn(rows, each))).toBe(true)
    expect(wrong.some((each) => mayBeDrawn(rows, each))).toBe(false)
    expect(mayBeDrawn({ ...rows, drawFrom: 4 }, [])).toBe(true)
    expect(mayBeDrawn({ ...rows, drawFrom: 4 }, drawn(1))).toBe(false)
  })
})

describe('the order of a text', () => {
  it('lets steps follow, go back, and repeat, but leave no gap and no room unsaid', () => {
    const order = new TextOrder(10)
    const verdicts = [
      order.admit(0, rowsFrom(0, 1, 2, 3)),
      order.admit(0, rowsFrom(0, 1, 2, 3)),
      order.admit(1, rowsFrom(4, 5)),
      order.admit(1, rowsFrom(3, 5, 6)),
      order.admit(4, rowsFrom(4, 7)),
      order.admit(5, rowsFrom(5, 1, 2, 3, 4, 5, 6)),
      order.admit(5, rowsFrom(5, 1, 2, 3, 4, 5)),
    ]
    expect(verdicts).toEqual(['run', 'repeated', 'gap', 'run', 'run', 'too-long', 'run'])
    expect(order.length).toBe(10)
  })
})

describe('the journal of a text', () => {
  it('keeps what was released, and forgets what the text went back behind', () => {
    const journal = new Journal({ bytesMax: 1_000, keepsReleased: true })
    for (const [request, rows] of [
      rowsFrom(0, 1, 2),
      rowsFrom(2, 3, 4),
      rowsFrom(4, 5),
    ].entries()) {
      journal.keep(message(request, rows))
    }
    journal.release(3)
    expect(journal.messages.map(({ request }) => request)).toEqual([0, 1, 2])

    journal.truncate(3)
    journal.keep(message(3, rowsFrom(3, 9)))
    expect(journal.messages.map(({ request }) => request)).toEqual([0, 1, 3])
  })

  it('says what did not fit', () => {
    const journal = new Journal({ bytesMax: 100, keepsReleased: true })
    journal.keep(message(0, rowsFrom(0, 1), 60))
    journal.keep(message(1, rowsFrom(1, 1), 60))
    expect([journal.missing, journal.get(1)]).toEqual([[1], undefined])
  })
})
