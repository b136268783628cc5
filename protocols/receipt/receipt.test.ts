import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import { ChunkPace } from './chunk-pace.ts'
import { HALF_REFUSALS, type ReceiptFault } from './errors.ts'
import {
  ANSWER_MS_MAX,
  CHUNK_MS,
  FAULTS_PER_LINK_MAX,
  HALF_LIFE_MS,
  HALVES_IN_FLIGHT_MAX,
  HALVES_WAITING_MAX,
  RECEIPT_FRAME_BYTES_MAX,
  RETRY_MS,
  SETTLE_WAIT_MS,
} from './limits.ts'
import {
  decodeReceiptMessage,
  encodeReceiptMessage,
  type ReceiptMessage,
  type SentHalf,
} from './messages.ts'
import { type ReceiverInput, ReceiverMachine, type ReceiverOutput } from './receiver-machine.ts'
import { type SenderInput, SenderMachine, type SenderOutput } from './sender-machine.ts'

const network = new Uint8Array(32).fill(7)
const half: SentHalf = {
  kind: 'order',
  body: Uint8Array.of(0x81, 1),
  signature: new Uint8Array(64).fill(9),
}
const hello: ReceiptMessage = { type: 'hello', version: 1, network }

/** Messages by what they are, and their bytes, which other implementations make too. */
const vectors = JSON.parse(readFileSync('test/vectors/receipt.json', 'utf8')) as Record<
  string,
  string
>
const messages: Record<string, ReceiptMessage> = {
  hello,
  order: { type: 'half', number: 0, ...half },
  settle: { type: 'half', number: 300, ...half, kind: 'settle' },
  taken: { type: 'answer', number: 0, refusal: undefined },
  refused: { type: 'answer', number: 65_536, refusal: 'RECEIPT_HALF_REPLAYED' },
}

function frameOf(name: string): Uint8Array {
  const frame = fromHex(vectors[name] ?? '')
  if (frame === undefined) throw new Error(`no vector ${name}`)
  return frame
}

describe('messages', () => {
  it.each(Object.entries(messages))('%s has the bytes of its vector', (name, message) => {
    expect(toHex(encodeReceiptMessage(message))).toBe(vectors[name])
    expect(decodeReceiptMessage(frameOf(name))).toEqual(message)
  })

  it.each(Object.keys(messages))(
    '%s is refused at every truncation, and with more behind',
    (name) => {
      const frame = frameOf(name)
      for (let length = 0; length < frame.length; length++) {
        expect(decodeReceiptMessage(frame.subarray(0, length))).toBe(undefined)
      }
      expect(decodeReceiptMessage(Uint8Array.of(...frame, 0))).toBe(undefined)
    },
  )

  it.each(Object.keys(messages))('%s with a changed bit is another message or none', (name) => {
    const frame = frameOf(name)
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const flipped = frame.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const decoded = decodeReceiptMessage(flipped)
      if (decoded === undefined) continue
      expect(decoded).not.toEqual(messages[name])
      // Whatever is read has one encoding: what was read is what was sent.
      expect(encodeReceiptMessage(decoded)).toEqual(flipped)
    }
  })

  it.each<[string, string]>([
    ['a float', '0283fa3f80000000'],
    ['a list without a length', '029f00004181f658ff'],
    ['a number that is not the shortest', '038218 00f6'.replace(' ', '')],
    ['a map', '03a200f601f6'],
    ['a refusal that there is not', '0382001863'],
    ['an empty body', `0284000040 5840${'09'.repeat(64)}`.replace(' ', '')],
    [
      'a body that is too long',
      `028400005904 01${'00'.repeat(1_025)}5840${'09'.repeat(64)}`.replace(' ', ''),
    ],
    ['another kind of message', '0480'],
    ['nothing', ''],
  ])('refuses %s', (_, hex) => {
    expect(decodeReceiptMessage(fromHex(hex) ?? new Uint8Array())).toBe(undefined)
  })

  it('keep the limit of a frame', () => {
    const longest = encodeReceiptMessage({
      type: 'half',
      number: 2 ** 32 - 1,
      ...half,
      body: new Uint8Array(1_024),
    })
    expect(longest.length).toBeLessThanOrEqual(RECEIPT_FRAME_BYTES_MAX)
  })
})

describe('who takes halves', () => {
  const said = (outputs: readonly ReceiverOutput[]) =>
    outputs.map((output) => ('code' in output ? output.code : output.type))
  const frame = (message: ReceiptMessage): ReceiverInput => ({
    type: 'frame',
    frame: encodeReceiptMessage(message),
  })
  const numbered = (number: number): ReceiverInput => frame({ type: 'half', number, ...half })

  it('judges each half, and answers when it was judged, in any order', () => {
    const machine = new ReceiverMachine(network)
    expect(machine.handle(frame(hello))).toEqual([])
    expect(machine.handle(numbered(0))).toEqual([{ type: 'judge', number: 0, half }])
    expect(machine.handle(numbered(1))).toEqual([{ type: 'judge', number: 1, half }])
    const judged = machine.handle({ type: 'judged', number: 1, refusal: undefined })
    expect(judged).toEqual([
      { type: 'send', message: { type: 'answer', number: 1, refusal: undefined } },
    ])
    expect(machine.handle({ type: 'judged', number: 1, refusal: undefined })).toEqual([])
  })

  it.each<[ReceiptFault, readonly ReceiverInput[]]>([
    ['RECEIPT_FRAME_INVALID', [{ type: 'frame', frame: Uint8Array.of(9, 9) }]],
    ['RECEIPT_VERSION_UNSUPPORTED', [frame({ ...hello, version: 2 })]],
    ['RECEIPT_NETWORK_MISMATCH', [frame({ ...hello, network: new Uint8Array(32) })]],
    ['RECEIPT_OUT_OF_ORDER', [numbered(0)]],
    ['RECEIPT_OUT_OF_ORDER', [frame(hello), frame(hello)]],
    ['RECEIPT_OUT_OF_ORDER', [frame(hello), numbered(1)]],
    ['RECEIPT_OUT_OF_ORDER', [frame(hello), numbered(0), numbered(0)]],
    ['RECEIPT_OUT_OF_ORDER', [frame({ type: 'answer', number: 0, refusal: undefined })]],
  ])('ends the link for %s', (code, inputs) => {
    const machine = new ReceiverMachine(network)
    const last = inputs.map((input) => machine.handle(input)).at(-1) ?? []
    expect(said(last)).toEqual([code, 'over'])
    expect(machine.handle(frame(hello))).toEqual([])
  })

  it('ends the link when more wait than may', () => {
    const machine = new ReceiverMachine(network)
    machine.handle(frame(hello))
    for (let number = 0; number < HALVES_IN_FLIGHT_MAX; number++) machine.handle(numbered(number))
    expect(said(machine.handle(numbered(HALVES_IN_FLIGHT_MAX)))).toEqual([
      'RECEIPT_OVERLOADED',
      'over',
    ])
  })

  it('counts what only dishonest peers do, and ends the link after enough of it', () => {
    const machine = new ReceiverMachine(network)
    machine.handle(frame(hello))
    const heard: string[] = []
    for (let number = 0; number <= FAULTS_PER_LINK_MAX; number++) {
      machine.handle(numbered(2 * number))
      machine.handle({ type: 'judged', number: 2 * number, refusal: 'RECEIPT_TASK_UNKNOWN' })
      machine.handle(numbered(2 * number + 1))
      const refusal = 'RECEIPT_HALF_FORGED'
      heard.push(...said(machine.handle({ type: 'judged', number: 2 * number + 1, refusal })))
    }
    expect(heard.filter((word) => word === 'RECEIPT_HALF_FORGED')).toHaveLength(17)
    expect(heard.slice(-3)).toEqual(['send', 'RECEIPT_HALF_FORGED', 'over'])
  })

  it('never judges a number twice, and is over once, whatever comes', () => {
    const input = fc.oneof(
      fc.constantFrom(...Object.keys(messages)).map((name) => frame(messages[name] ?? hello)),
      fc
        .uint8Array({ maxLength: 40 })
        .map((bytes): ReceiverInput => ({ type: 'frame', frame: bytes })),
      fc.nat(5).map(numbered),
      fc
        .tuple(fc.nat(5), fc.constantFrom(undefined, ...HALF_REFUSALS))
        .map(([number, refusal]): ReceiverInput => ({ type: 'judged', number, refusal })),
    )
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
        const machine = new ReceiverMachine(network)
        const outputs = [frame(hello), ...inputs].flatMap((each) => machine.handle(each))
        const numbers = outputs.flatMap((each) => (each.type === 'judge' ? each.number : []))
        const ends = outputs.filter(({ type }) => type === 'over').length
        return new Set(numbers).size === numbers.length && ends <= 1
      }),
    )
  })
})

describe('who tells halves', () => {
  const offer = (key: string): SenderInput => ({ type: 'offer', key, half })
  const answer = (number: number, refusal?: (typeof HALF_REFUSALS)[number]): SenderInput => ({
    type: 'frame',
    frame: encodeReceiptMessage({ type: 'answer', number, refusal }),
  })
  const numbersOf = (outputs: readonly SenderOutput[]) =>
    outputs.flatMap((each) =>
      each.type === 'send' && each.message.type === 'half' ? each.message.number : [],
    )

  it('connects for the first, greets, and sends in order', () => {
    const machine = new SenderMachine(network)
    expect(machine.handle(offer('a'), 0)).toEqual([{ type: 'connect' }])
    expect(machine.handle(offer('b'), 0)).toEqual([])
    expect(machine.handle({ type: 'linked' }, 1)).toEqual([
      { type: 'send', message: hello },
      { type: 'send', message: { type: 'half', number: 0, ...half } },
      { type: 'send', message: { type: 'half', number: 1, ...half } },
    ])
    expect(machine.handle(answer(1), 2)).toEqual([
      { type: 'answered', key: 'b', refusal: undefined },
    ])
    expect(machine.handle(answer(0, 'RECEIPT_HALF_FORGED'), 2)).toEqual([
      { type: 'answered', key: 'a', refusal: 'RECEIPT_HALF_FORGED' },
    ])
    expect(machine.pending).toBe(0)
    expect(machine.deadlineMs()).toBe(undefined)
    expect(numbersOf(machine.handle(offer('c'), 3))).toEqual([2])
  })

  it('tells again what had no answer when the link breaks, later each time', () => {
    const machine = new SenderMachine(network)
    machine.handle(offer('a'), 0)
    machine.handle(offer('b'), 0)
    machine.handle({ type: 'linked' }, 0)
    machine.handle(answer(0), 0)
    expect(machine.handle({ type: 'unlinked' }, 10)).toEqual([])
    expect(machine.handle(offer('c'), 10)).toEqual([])
    expect(machine.deadlineMs()).toBe(10 + RETRY_MS)
    expect(machine.handle({ type: 'time-passed' }, 10 + RETRY_MS)).toEqual([{ type: 'connect' }])
    machine.handle({ type: 'unlinked' }, 2_000)
    expect(machine.deadlineMs()).toBe(2_000 + 2 * RETRY_MS)
    machine.handle({ type: 'time-passed' }, 2_000 + 2 * RETRY_MS)
    expect(numbersOf(machine.handle({ type: 'linked' }, 5_000))).toEqual([0, 1])
  })

  it('waits for a ledger that is not open, and gives up in the end', () => {
    const machine = new SenderMachine(network)
    machine.handle(offer('a'), 0)
    machine.handle({ type: 'linked' }, 0)
    expect(machine.handle(answer(0, 'RECEIPT_NOT_OPEN'), 1)).toEqual([
      { type: 'disconnect', fault: undefined },
    ])
    expect(machine.pending).toBe(1)
    expect(machine.handle({ type: 'time-passed' }, HALF_LIFE_MS)).toEqual([
      { type: 'dropped', key: 'a' },
    ])
    expect(machine.deadlineMs()).toBe(undefined)
  })

  it('ends a link on which no answer comes, or what is no answer', () => {
    const machine = new SenderMachine(network)
    machine.handle(offer('a'), 0)
    machine.handle({ type: 'linked' }, 5)
    expect(machine.deadlineMs()).toBe(5 + ANSWER_MS_MAX)
    expect(machine.handle({ type: 'time-passed' }, 5 + ANSWER_MS_MAX)).toEqual([
      { type: 'disconnect', fault: 'RECEIPT_TIMED_OUT' },
    ])
    const other = new SenderMachine(network)
    other.handle(offer('a'), 0)
    other.handle({ type: 'linked' }, 0)
    expect(other.handle(answer(1), 1)).toEqual([
      { type: 'disconnect', fault: 'RECEIPT_OUT_OF_ORDER' },
    ])
    expect(other.handle(answer(0), 1)).toEqual([])
  })

  it('holds no more than it may', () => {
    const machine = new SenderMachine(network)
    for (let count = 0; count < HALVES_WAITING_MAX; count++) machine.handle(offer(`${count}`), 0)
    expect(machine.handle(offer('one more'), 0)).toEqual([{ type: 'dropped', key: 'one more' }])
    expect(numbersOf(machine.handle({ type: 'linked' }, 0))).toHaveLength(HALVES_IN_FLIGHT_MAX)
    expect(numbersOf(machine.handle(answer(3), 0))).toEqual([HALVES_IN_FLIGHT_MAX])
  })

  it('says of each half once what became of it, and its time never stands still', () => {
    const input = fc.oneof(
      fc.constantFrom<SenderInput | { readonly type: 'time-passed' }>(
        { type: 'linked' },
        { type: 'unlinked' },
        { type: 'time-passed' },
      ),
      fc
        .tuple(fc.nat(3), fc.constantFrom(undefined, ...HALF_REFUSALS))
        .map(([number, refusal]) => answer(number, refusal)),
    )
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
        const machine = new SenderMachine(network)
        let nowMs = 0
        const told: string[] = []
        for (const [index, each] of inputs.entries()) {
          const outputs = [
            ...machine.handle(offer(`${index}`), nowMs),
            ...machine.handle(each, nowMs),
          ]
          for (const one of outputs) if ('key' in one) told.push(one.key)
          const deadlineMs = machine.deadlineMs()
          if (deadlineMs !== undefined) nowMs = Math.max(nowMs, deadlineMs)
          const passed = machine.handle({ type: 'time-passed' }, nowMs)
          for (const one of passed) if ('key' in one) told.push(one.key)
          expect(machine.deadlineMs() ?? Infinity).toBeGreaterThan(nowMs)
        }
        expect(new Set(told).size).toBe(told.length)
        expect(told.length + machine.pending).toBe(inputs.length)
      }),
    )
  })
})

describe('the pace of a stream', () => {
  it('asks for a settlement after 1,000 tokens or 30 s of work, and not before it is ordered', () => {
    const pace = new ChunkPace()
    pace.worked(1_000, 0)
    expect(pace.isDue(CHUNK_MS)).toBe(false)
    pace.ordered()
    expect(pace.isDue(0)).toBe(true)
    pace.delivered(5)
    expect(pace.isDue(CHUNK_MS)).toBe(false)
    pace.worked(1, 10)
    pace.settled()
    expect(pace.isDue(9 + CHUNK_MS)).toBe(false)
    expect(pace.deadlineMs()).toBe(10 + CHUNK_MS)
    expect(pace.isDue(10 + CHUNK_MS)).toBe(true)
  })

  it('waits a while for an order and for a settlement, and no longer', () => {
    const pace = new ChunkPace()
    expect(pace.deadlineMs()).toBe(undefined)
    pace.worked(1, 100)
    expect(pace.isOverdue(99 + SETTLE_WAIT_MS)).toBe(false)
    expect(pace.isOverdue(100 + SETTLE_WAIT_MS)).toBe(true)
    pace.ordered()
    expect(pace.isOverdue(100 + SETTLE_WAIT_MS)).toBe(false)
    pace.delivered(500)
    expect(pace.deadlineMs()).toBe(500 + SETTLE_WAIT_MS)
    expect(pace.isOverdue(500 + SETTLE_WAIT_MS)).toBe(true)
    pace.settled()
    expect(pace.isOverdue(500 + SETTLE_WAIT_MS)).toBe(false)

    const idle = new ChunkPace()
    idle.ended(7)
    expect(idle.deadlineMs()).toBe(7 + SETTLE_WAIT_MS)
  })
})
