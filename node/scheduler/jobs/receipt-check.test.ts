import { describe, expect, it } from 'vitest'
import type { ModelId, SessionId } from '../../../core/ids.ts'
import {
  leafOf,
  receiptMessage,
  rootOf,
  type Receipt,
  type SignedReceipt,
} from '../../../protocols/inference/index.ts'
import { device, nodeCrypto } from '../../../test/fixtures/devices.ts'
import { floats } from '../../../test/fixtures/stage-executors.ts'
import { ReceiptCheck } from './receipt-check.ts'

const { sha256 } = nodeCrypto
const [requester, a, b] = [device(1), device(2), device(3)]
const init = {
  session: '01'.repeat(16) as SessionId,
  model: 'ab'.repeat(32) as ModelId,
  requester: requester.peer,
  ranges: [
    { fromLayer: 0, toLayer: 2 },
    { fromLayer: 2, toLayer: 3 },
  ],
}

/** The root of what passes cut `cut` for requests 0 and 1. */
function root(cut: number): Uint8Array {
  const leaves = new Map([0, 1].map((request) => [request, leafOf(floats(cut, request), sha256)]))
  return rootOf(leaves, leaves, sha256)
}

/** The receipt of a stage, signed by its holder, with what it says otherwise. */
function signed(
  stage: number,
  change: Partial<Receipt> = {},
  by = [a, b][stage] ?? a,
): SignedReceipt {
  const receipt: Receipt = {
    version: 1,
    session: init.session,
    stage,
    model: init.model,
    fromLayer: 0,
    toLayer: 0,
    ...init.ranges[stage],
    provider: by.peer,
    requester: requester.peer,
    numericClass: new Uint8Array(32),
    requests: 2,
    inputRoot: root(stage),
    outputRoot: root(stage + 1),
    computeUs: 1,
    ...change,
  }
  return { receipt, signature: by.sign(receiptMessage(receipt)) }
}

/** A check that saw two requests go in and come out, and took these receipts. */
function checked(...receipts: readonly (readonly [number, SignedReceipt])[]) {
  const check = new ReceiptCheck(nodeCrypto, init)
  for (const request of [0, 1]) {
    check.input(request, floats(0, request))
    check.output(request, floats(2, request))
  }
  const taken = receipts.map(
    ([stage, receipt]) => check.receipt(stage, ([a, b][stage] ?? a).peer, receipt) !== undefined,
  )
  const { text: verdict, refused } = check.verdict()
  return { check, taken, verdict, refused: [...refused] }
}

describe('receipt check', () => {
  it('finds nothing wrong with receipts that agree', () => {
    const { taken, verdict } = checked([1, signed(1)], [0, signed(0)])
    expect([taken, verdict]).toEqual([[true, true], undefined])
  })

  it.each([
    ['of another session', signed(0, { session: '02'.repeat(16) as SessionId })],
    ['of another stage', signed(0, { stage: 1 })],
    ['of another model', signed(0, { model: 'cd'.repeat(32) as ModelId })],
    ['of other layers', signed(0, { toLayer: 3 })],
    ['for another requester', signed(0, { requester: b.peer })],
    ['signed by another device', signed(0, {}, b)],
    [
      'in the name of its holder, signed by another',
      { ...signed(0), signature: b.sign(new Uint8Array()) },
    ],
    [
      'changed after it was signed',
      { ...signed(0), receipt: { ...signed(0).receipt, computeUs: 9 } },
    ],
  ])('refuses a receipt %s', (_what, receipt) => {
    const { taken, verdict } = checked([0, receipt], [1, signed(1)])
    expect([taken, verdict]).toEqual([[false, true], 'the receipt of stage 0 is missing'])
  })

  it('says which stage names other tensors than it was sent or sent on', () => {
    const other = root(7)
    expect(checked([0, signed(0, { inputRoot: other })], [1, signed(1)]).verdict).toBe(
      'the receipt of stage 0 names other inputs than it was sent',
    )
    expect(checked([0, signed(0, { outputRoot: other })], [1, signed(1)]).verdict).toBe(
      'the receipt of stage 1 names other inputs than it was sent',
    )
    expect(checked([0, signed(0)], [1, signed(1, { outputRoot: other })]).verdict).toBe(
      'the last receipt names other outputs than came back',
    )
  })

  it('refuses the results of the stages that contradict what was seen or one another', () => {
    const other = root(7)
    expect(checked([0, signed(0)], [1, signed(1)]).refused).toEqual([])
    expect(checked([0, signed(0, { inputRoot: other })], [1, signed(1)]).refused).toEqual([0])
    expect(checked([0, signed(0, { outputRoot: other })], [1, signed(1)]).refused).toEqual([0, 1])
    expect(checked([0, signed(0)], [1, signed(1, { outputRoot: other })]).refused).toEqual([1])
    expect([
      ...checked([0, signed(0)])
        .check.verdict()
        .hashes.keys(),
    ]).toEqual([0])
  })

  it('says that the last receipt is missing, and nothing of a session that gave no output', () => {
    expect(checked([0, signed(0)]).verdict).toBe('the receipt of stage 1 is missing')
    expect(new ReceiptCheck(nodeCrypto, init).verdict().text).toBe(undefined)
  })

  it('compares nothing once a stage was replaced', () => {
    const { check } = checked([0, signed(0, { inputRoot: root(7) })], [1, signed(1)])
    check.interrupted()
    expect(check.verdict().text).toBe(undefined)
  })
})
