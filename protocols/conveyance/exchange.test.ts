import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { type GiverInput, GiverMachine, type GiverOutput } from './giver-machine.ts'
import { CONVEYANCE_MS_MAX, INLINE_BYTES_MAX, WANTED_MAX } from './limits.ts'
import {
  type ConveyanceMessage,
  decodeConveyance,
  decodeNotice,
  encodeConveyance,
  encodeNotice,
  type ItemName,
} from './messages.ts'
import { type TakerInput, TakerMachine, type TakerOutput } from './taker-machine.ts'

const body = Uint8Array.of(1, 2, 3)
const one: ItemName = { kind: 'result', id: nodeCrypto.sha256(body) }
const gone: ItemName = { kind: 'evidence', id: new Uint8Array(32).fill(9) }
const messages: readonly ConveyanceMessage[] = [
  { type: 'ask' },
  { type: 'have', items: [one, gone] },
  { type: 'want', ...one },
  { type: 'item', body },
  { type: 'item', body: undefined },
]
const frame = (message: ConveyanceMessage) =>
  ({ type: 'frame', frame: encodeConveyance(message) }) as const

/** Both machines against each other; what the taker did, in words. */
function exchange(taker: TakerMachine, answer: () => Uint8Array = () => body): readonly string[] {
  const giver = new GiverMachine()
  const happened: string[] = []
  const toTaker: TakerInput[] = [{ type: 'opened' }]
  const toGiver: GiverInput[] = [{ type: 'opened' }]
  const byTaker = (output: TakerOutput): void => {
    if (output.type === 'send') toGiver.push(frame(output.message))
    else if (output.type === 'choose') toTaker.push({ type: 'chosen', items: output.items })
    else
      happened.push(
        output.type === 'take' ? `takes ${output.kind}` : `over ${output.fault ?? 'well'}`,
      )
  }
  const byGiver = (output: GiverOutput): void => {
    if (output.type === 'send') toTaker.push(frame(output.message))
    else if (output.type === 'list') toGiver.push({ type: 'listed', items: [gone, one] })
    else if (output.type === 'look') {
      toGiver.push({ type: 'looked', body: output.item.kind === 'result' ? answer() : undefined })
    }
  }
  for (let round = 0; round < 20; round++) {
    for (const input of toTaker.splice(0)) taker.handle(input, 0).forEach(byTaker)
    for (const input of toGiver.splice(0)) giver.handle(input, 0).forEach(byGiver)
  }
  return happened
}

describe('passing items on', () => {
  it('takes of all that there is what it chooses and what is still there', () => {
    expect(exchange(new TakerMachine(nodeCrypto.sha256))).toEqual(['takes result', 'over well'])
  })

  it('takes what it names without asking what there is', () => {
    const taker = new TakerMachine(nodeCrypto.sha256, [one])
    expect(exchange(taker)).toEqual(['takes result', 'over well'])
  })

  it('takes nothing that has another hash', () => {
    const taker = new TakerMachine(nodeCrypto.sha256, [one])
    expect(exchange(taker, () => Uint8Array.of(4))).toEqual(['over CONVEYANCE_ITEM_FOREIGN'])
  })

  it('is over for both after its time, or with the link', () => {
    for (const machine of [new TakerMachine(nodeCrypto.sha256), new GiverMachine()]) {
      machine.handle({ type: 'opened' }, 5)
      expect(machine.deadlineMs()).toBe(5 + CONVEYANCE_MS_MAX)
      expect(machine.handle({ type: 'time-passed' }, 5 + CONVEYANCE_MS_MAX)).toEqual([
        { type: 'over', fault: 'CONVEYANCE_TIMED_OUT' },
      ])
      expect(machine.handle({ type: 'ended' }, 0)).toEqual([])
    }
    expect(new GiverMachine().handle({ type: 'ended' }, 0)).toEqual([{ type: 'over' }])
  })

  it('gives no more than a link may have', () => {
    const giver = new GiverMachine()
    const give = () => [
      ...giver.handle(frame({ type: 'want', ...one }), 0),
      ...giver.handle({ type: 'looked', body }, 0),
    ]
    for (let times = 0; times < WANTED_MAX; times++) expect(give().length).toBe(2)
    expect(give()).toEqual([{ type: 'over', fault: 'CONVEYANCE_OUT_OF_ORDER' }])
  })

  it('refuses what does not belong', () => {
    const taker = new TakerMachine(nodeCrypto.sha256)
    taker.handle({ type: 'opened' }, 0)
    expect(taker.handle(frame({ type: 'item', body }), 0)).toEqual([
      { type: 'over', fault: 'CONVEYANCE_OUT_OF_ORDER' },
    ])
    const giver = new GiverMachine()
    giver.handle(frame({ type: 'ask' }), 0)
    expect(giver.handle(frame({ type: 'ask' }), 0)).toEqual([
      { type: 'over', fault: 'CONVEYANCE_OUT_OF_ORDER' },
    ])
    expect(new GiverMachine().handle({ type: 'frame', frame: Uint8Array.of(7) }, 0)).toEqual([
      { type: 'over', fault: 'CONVEYANCE_FRAME_INVALID' },
    ])
  })

  it('has one encoding for each message, and refuses it cut short', () => {
    for (const message of messages) {
      const encoded = encodeConveyance(message)
      expect(decodeConveyance(encoded)).toEqual(message)
      for (let length = 0; length < encoded.length; length++) {
        expect(decodeConveyance(encoded.subarray(0, length))).toBe(undefined)
      }
    }
    const notice = { ...one, body }
    expect(decodeNotice(encodeNotice(notice))).toEqual(notice)
    expect(decodeNotice(new Uint8Array(INLINE_BYTES_MAX + 65))).toBe(undefined)
    expect(Buffer.from(encodeNotice({ ...gone, body: undefined })).toString('hex')).toBe(
      `836865766964656e63655820${'09'.repeat(32)}f6`,
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 }), (frames) => {
        const machines = [new TakerMachine(nodeCrypto.sha256), new GiverMachine()]
        for (const machine of machines) {
          for (const bytes of frames) machine.handle({ type: 'frame', frame: bytes }, 0)
        }
        for (const bytes of frames) decodeNotice(bytes)
      }),
    )
  })
})
