import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { floatRows, READY, stageOpen, TEXT, SESSION } from '../../test/fixtures/session-records.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import type { CopyRecord, ReadyRecord } from './records.ts'
import { leafOf } from './receipt-roots.ts'
import { StageMachine } from './stage-machine.ts'
import type { StageInput, StageOutput } from './stage-types.ts'
import { rowsTensor } from './text-rows.ts'

const [before, leaver, after, behind, requester] = ['a', 'b', 'c', 'd', 'r'] as PeerId[] as [
  PeerId,
  PeerId,
  PeerId,
  PeerId,
  PeerId,
]

/** So many that a chunk is two rows. */
const ROW_BYTES = 131_072

const open = stageOpen([before, leaver, behind], 1, { text: TEXT })

const ready: ReadyRecord = { ...READY, stepUs: 10, chunkUs: 5, keptRowBytes: ROW_BYTES }

const NONE = { type: 'copied', request: 0, rows: 0 } as const

/** A step of one row; its only number says which one it is. */
function stepOf(request: number, position = request): TensorMessage {
  const rows = rowsTensor({ position, drawFrom: 1, tokens: [5] })
  const tensors = [floatRows([position]), rows]
  const leaf = leafOf(tensors, nodeCrypto.sha256).subarray(0, 8)
  return { request, hops: [], tensors, leaf }
}

/** One holder of the stage, whose keys and values are the numbers of its rows. */
class Holder {
  readonly machine: StageMachine
  readonly kept: number[] = []
  readonly said: InferenceMessage[] = []
  readonly ran: number[] = []
  other: Holder | undefined
  /** What happens to a message of a copy on its way. */
  spoil: (message: TensorMessage) => TensorMessage = (message) => message
  readonly #link: number
  readonly #inputs: StageInput[] = []
  #over = false

  constructor(peer: PeerId, epoch: number, link: number) {
    const route = open.route.map((each, stage) => (stage === 1 ? { peer, epoch } : each))
    const init = { open: { ...open, route }, self: peer, requester, sha256: nodeCrypto.sha256 }
    this.machine = new StageMachine({ ...init, journalBytesMax: 10_000 })
    this.#link = link
    this.feed({ type: 'loaded', ready })
    const record = { version: 1, session: SESSION, stage: 0, to: 1, epoch: 0 }
    this.feed({ type: 'attach', from: before, link, record })
  }

  /** One input after another, as a driver has it. */
  feed(input: StageInput): void {
    this.#inputs.push(input)
    if (this.#inputs.length > 1) return
    for (let next = this.#inputs[0]; next !== undefined; next = this.#inputs[0]) {
      for (const output of this.machine.handle(next, 0)) this.#perform(output)
      this.#inputs.shift()
    }
  }

  step(request: number, position = request): void {
    this.feed({ type: 'step', link: this.#link, step: stepOf(request, position) })
  }

  order(record: CopyRecord): void {
    this.feed({ type: 'control', message: { type: 'copy', record } })
  }

  #perform(output: StageOutput): void {
    switch (output.type) {
      case 'run': {
        const { request, tensors, rows } = output
        this.ran.push(request)
        this.kept.length = rows?.position ?? 0
        this.kept.push(rows?.position ?? 0)
        this.feed({ type: 'ran', request, tensors: tensors.slice(0, 1), queueUs: 0, computeUs: 1 })
        return
      }
      case 'reply':
        this.said.push(output.message)
        return
      case 'export': {
        const { from, to } = output
        const tensors = [floatRows(this.kept.slice(from, to))]
        this.feed({ type: 'exported', from, to, tensors })
        return
      }
      case 'import': {
        const [rows] = output.tensors
        this.kept.length = output.from
        this.kept.push(...new Float32Array(rows?.data.slice().buffer ?? new ArrayBuffer(0)))
        this.feed({ type: 'imported', to: output.to })
        return
      }
      default:
        this.#onWay(output)
    }
  }

  #onWay(output: StageOutput): void {
    if (output.type === 'connect-copy') {
      const { attach: record } = output
      this.other?.feed({ type: 'attach', from: leaver, link: 99, record })
    } else if (output.type === 'answer-copy' && output.message.type === 'copied') {
      this.other?.feed({ type: 'copy-answer', rows: output.message.rows })
    } else if (output.type === 'forward' && output.to === 'copy') this.#send(output.message)
    else if (output.type === 'end-copy') this.#over = true
  }

  #send(message: InferenceMessage): void {
    if (message.type === 'output') this.other?.feed({ type: 'kept', link: 99, message })
    if (message.type !== 'cache' || this.#over) return
    this.other?.feed({ type: 'cache', link: 99, message: this.spoil(message) })
  }
}

/** A holder with `steps` rows, and one that is to follow it. */
function pair(steps: number) {
  const from = new Holder(leaver, 0, 1)
  const to = new Holder(after, 3, 2)
  from.other = to
  to.other = from
  for (let request = 0; request < steps; request++) from.step(request)
  from.said.length = 0
  to.said.length = 0
  const copy = (): void => {
    to.order({ role: 'take', peer: leaver, epoch: 0 })
    from.order({ role: 'give', peer: after, epoch: 3 })
  }
  return { from, to, copy }
}

const copied = ({ said }: Holder) => said.filter(({ type }) => type === 'copied')

describe('a copy of keys and values', () => {
  it('has all that came before the latest step, and the text goes on from that one', () => {
    const { from, to, copy } = pair(6)
    copy()
    expect(copied(to)).toEqual([{ type: 'copied', request: 5, rows: 5 }])
    expect(to.kept).toEqual(from.kept.slice(0, 5))

    for (const request of [4, 5, 6]) to.step(request)
    // What came with the copy is not run again.
    expect(to.ran).toEqual([5, 6])
    expect(copied(from)).toEqual([])
  })

  it('brings the journal along: the stage behind can be rebuilt', () => {
    const { to, copy } = pair(4)
    copy()
    const shadow = { stage: 2, peer: behind, epoch: 9, from: 0 }
    const route = open.route.map((each, stage) => (stage === 1 ? { peer: after, epoch: 3 } : each))
    const message = { type: 'route', route, fed: 0, shadow } as const
    const fed = to.machine.handle({ type: 'control', message }, 0)
    const requests = fed.flatMap((output) =>
      output.type === 'forward' && output.to === 'shadow' && output.message.type === 'step'
        ? output.message.request
        : [],
    )
    expect(requests).toEqual([0, 1, 2])
  })

  it.each<[string, (message: TensorMessage) => TensorMessage]>([
    ['a hash that is not its own', (message) => ({ ...message, leaf: new Uint8Array(8) })],
    ['no rows', (message) => ({ ...message, tensors: [] })],
    ['other rows than the next', (message) => ({ ...message, request: message.request + 1 })],
  ])('is refused for a chunk with %s, and the text is run instead', (_what, spoil) => {
    const { from, to, copy } = pair(6)
    let chunks = 0
    from.spoil = (message) => (++chunks === 2 ? spoil(message) : message)
    copy()
    expect(copied(to)).toEqual([NONE])
    for (let request = 0; request < 7; request++) to.step(request)
    expect(to.ran).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(to.kept).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('ends when its stage is fed meanwhile: half of it is not taken for the whole', () => {
    const { from, to, copy } = pair(6)
    let chunks = 0
    from.spoil = (message) => {
      if (++chunks === 2) to.step(0)
      return message
    }
    copy()
    expect([copied(to), copied(from)]).toEqual([[NONE], [NONE]])
    for (let request = 1; request < 6; request++) to.step(request)
    expect(to.kept).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('ends when the text goes back behind it, which changes what was copied', () => {
    const { from, to, copy } = pair(6)
    from.spoil = (message) => {
      from.spoil = (other) => other
      from.step(6, 2)
      return message
    }
    copy()
    expect(copied(from)).toContainEqual(NONE)
    expect(copied(to).every((message) => message.type === 'copied' && message.rows === 0)).toBe(
      true,
    )
  })

  it('is refused where there is nothing to copy, or a text that has begun already', () => {
    const { from, to } = pair(0)
    from.order({ role: 'give', peer: after, epoch: 3 })
    to.step(0)
    to.order({ role: 'take', peer: leaver, epoch: 0 })
    expect([copied(from), copied(to)]).toEqual([[NONE], [NONE]])
  })

  it('comes from the device that the requester named, and from no other', () => {
    const { to } = pair(3)
    const record = { version: 1, session: SESSION, stage: 1, to: 1, epoch: 0 }
    expect(to.machine.expects(leaver, record)).toBe(false)
    to.order({ role: 'take', peer: leaver, epoch: 0 })
    expect(to.machine.expects(leaver, record)).toBe(true)
    expect(to.machine.expects(behind, record)).toBe(false)
    expect(to.machine.expects(leaver, { ...record, epoch: 1 })).toBe(false)
    // The next stage may be on the same device: it is given steps, and the follower a copy.
    expect(to.machine.expects(leaver, { ...record, to: 2 })).toBe(false)
  })
})
