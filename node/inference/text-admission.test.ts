import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { MEMORY_WAIT_MS_MAX } from '../../protocols/inference/index.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { ByteBudget } from './byte-budget.ts'
import { PrefixStore } from './prefix-store.ts'
import { type Room, TextAdmission } from './text-admission.ts'

const [self, a, b] = ['self', 'a', 'b'] as [PeerId, PeerId, PeerId]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A hundred bytes, of which one other device has fifty, and twelve are this device's. */
function setup() {
  const shares = { bytesMax: 100, bytesPerPeerMax: 50, self, selfBytesMin: 12 }
  const budget = new ByteBudget(shares)
  const admission = new TextAdmission(
    new PrefixStore({ bytesMax: 0, shared: false }, budget),
    shares,
  )
  /** What happened to each text, by its name. */
  const told = new Map<string, unknown[]>()
  const ask = (name: string, requester: PeerId, bytes: number, most = bytes): Room => {
    const own: unknown[] = []
    told.set(name, own)
    const room = admission.ask({
      name,
      requester,
      bytes,
      bytesMax: most,
      onWaiting: (before) => own.push(before),
      onTaken: () => own.push('taken'),
    })
    void room.granted.then((code) => own.push(code ?? 'has room'))
    return room
  }
  return { budget, admission, told, ask }
}

describe('admission of texts', () => {
  it('gives room by what is foreseen, which is more than texts begin with and less than they may have', async () => {
    const { told, ask, admission } = setup()
    for (const name of ['1', '2', '3', '4']) ask(name, self, 10, 50)
    await settle()
    expect([...told.values()]).toEqual([['has room'], ['has room'], ['has room'], [0]])
    expect(admission.freeBytes).toBe(0)
  })

  it('says what is left: for its owner all that its own texts leave, for others what all do', async () => {
    const { ask, admission } = setup()
    ask('own', self, 10, 30)
    ask('lent', a, 10, 50)
    await settle()
    expect([admission.freeBytes, admission.freeForOthersBytes]).toEqual([80, 50])
    ask('waits', b, 60)
    await settle()
    expect([admission.freeBytes, admission.freeForOthersBytes]).toEqual([80, 0])
  })

  it('refuses at once what would have no room if nobody else were here', async () => {
    const { told, ask, budget } = setup()
    ask('own', self, 1, 101)
    ask('lent', a, 1, 89)
    await settle()
    expect([...told.values()]).toEqual([['INFERENCE_TOO_LARGE'], ['INFERENCE_TOO_LARGE']])
    expect(budget.bytes).toBe(0)
  })

  it('gives to who has least, then in order, and lets nobody overtake another', async () => {
    const { told, ask } = setup()
    const all = ask('all', a, 80)
    ask('a', a, 20)
    ask('b', b, 40)
    ask('small', b, 1)
    await settle()
    expect(told.get('small')).toEqual([2])
    all.leave()
    await settle()
    expect(Object.fromEntries(told)).toEqual({
      all: ['has room'],
      a: [0, 'has room'],
      b: [1, 'has room'],
      small: [2, 'has room'],
    })
  })

  it('lets its owner wait for no text of others, as far as those make the difference', async () => {
    const { told, ask } = setup()
    ask('early', a, 40)
    ask('late', b, 40)
    await settle()
    ask('own', self, 50)
    ask('more', self, 60)
    await settle()
    expect(Object.fromEntries(told)).toEqual({
      early: ['has room'],
      late: ['has room', 'taken'],
      own: ['has room'],
      more: [0],
    })
  })

  it('does not let others wait for a device that has its share', async () => {
    const { told, ask } = setup()
    ask('1', a, 40)
    ask('2', a, 20)
    ask('3', b, 30)
    await settle()
    expect([...told.values()]).toEqual([['has room'], [0], ['has room']])
  })

  it('lets few texts of one device wait, and any of its own', async () => {
    const { told, ask } = setup()
    ask('first', self, 90)
    for (let nth = 0; nth < 9; nth++) ask(`a${nth}`, a, 10)
    for (let nth = 0; nth < 9; nth++) ask(`own${nth}`, self, 90)
    await settle()
    const ends = [...told.values()].map((own) => own.at(-1))
    expect(ends.filter((end) => end === 'INFERENCE_OVERLOADED')).toHaveLength(1)
    expect(told.get('a8')).toEqual(['INFERENCE_OVERLOADED'])
  })

  it('refuses what waited as long as may be, and forgets who has left', async () => {
    const { told, ask, admission } = setup()
    const all = ask('all', self, 100)
    ask('late', a, 10)
    const gone = ask('gone', b, 10)
    gone.leave()
    await vi.advanceTimersByTimeAsync(MEMORY_WAIT_MS_MAX)
    all.leave()
    await settle()
    expect(Object.fromEntries(told)).toEqual({
      all: ['has room'],
      late: [0, 'INFERENCE_MEMORY'],
      gone: [1, 'INFERENCE_SESSION_UNKNOWN'],
    })
    expect([admission.freeBytes, admission.freeForOthersBytes]).toEqual([100, 88])
  })

  it('has a text give way that can grow no more, and gives it all that it may need when it is back', async () => {
    const { ask, told, budget } = setup()
    const [first, second] = [ask('1', self, 10, 60), ask('2', self, 10, 60)]
    expect([first.grow(60), second.grow(30), second.grow(50)]).toEqual([true, true, false])
    second.leave()
    const again = ask('2', self, 10, 60)
    await settle()
    expect(told.get('2')).toEqual([0])
    first.leave()
    await settle()
    expect([told.get('2'), budget.bytes, again.grow(60)]).toEqual([[0, 'has room'], 60, true])
  })

  it('takes room of the latest text of another device for one of its own, and never the other way', async () => {
    const { ask, told } = setup()
    const early = ask('early', a, 10, 30)
    ask('late', b, 10, 30)
    const own = ask('own', self, 10, 90)
    await settle()
    expect([own.grow(85), told.get('early'), told.get('late')]).toEqual([
      true,
      ['has room'],
      ['has room', 'taken'],
    ])
    expect(early.grow(30)).toBe(false)
    expect(told.get('own')).toEqual(['has room'])
  })

  it('never has more than there is, and serves all in the end, whatever comes and goes', async () => {
    const text = fc.record({
      requester: fc.constantFrom(self, a, b),
      bytes: fc.integer({ min: 1, max: 40 }),
      more: fc.integer({ min: 0, max: 40 }),
      leavesFirst: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 20 }), async (texts) => {
        const { ask, told, budget, admission } = setup()
        const rooms: Room[] = []
        for (const [index, { requester, bytes, more, leavesFirst }] of texts.entries()) {
          const room = ask(String(index), requester, bytes, bytes + more)
          await settle()
          if (told.get(String(index))?.includes('has room')) room.grow(bytes + more)
          expect(budget.bytes).toBeLessThanOrEqual(100)
          if (leavesFirst) rooms.unshift(room)
          else rooms.push(room)
        }
        for (const room of rooms) {
          room.leave()
          await settle()
          expect(budget.bytes).toBeLessThanOrEqual(100)
        }
        expect([budget.bytes, admission.waiting]).toEqual([0, 0])
      }),
      { numRuns: 60 },
    )
  })
})
