import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import type { TimePassed } from '../../core/machine.ts'
import { RECALL_MS_MAX, RECALL_PEERS_MAX, RECALL_QUIET_MS } from './limits.ts'
import { type RecallInput, RecallMachine } from './recall-machine.ts'

type Step = readonly [atMs: number, input: RecallInput | TimePassed]
const passed: TimePassed = { type: 'time-passed' }
const connected = (name: string): RecallInput => ({ type: 'connected', peer: name as PeerId })
const answered = (name: string): RecallInput => ({ type: 'answered', peer: name as PeerId })
const failed = (name: string): RecallInput => ({ type: 'failed', peer: name as PeerId })
const begun = (others: number): RecallInput => ({ type: 'begun', others })

/** What comes out, at each time when something does, in words. */
function history(steps: readonly Step[]): readonly string[] {
  const machine = new RecallMachine()
  return steps.flatMap(([atMs, input]) =>
    machine
      .handle(input, atMs)
      .map((output) =>
        output.type === 'ask' ? `${atMs} ask ${output.peer}` : `${atMs} ${output.type}`,
      ),
  )
}

describe('a recall', () => {
  it('is over at once where nobody else is', () => {
    expect(history([[0, begun(0)]])).toEqual(['0 enough'])
  })

  it('asks everybody who is there, and has enough when all have answered', () => {
    expect(
      history([
        [0, connected('a')],
        [0, begun(2)],
        [10, connected('b')],
        [20, answered('a')],
        [30, answered('b')],
        [40, connected('c')],
      ]),
    ).toEqual(['0 ask a', '10 ask b', '30 enough'])
  })

  it('has enough after three answers, once nobody who was asked is silent', () => {
    expect(
      history([
        [0, begun(9)],
        ...['a', 'b', 'c', 'd'].map((name): Step => [0, connected(name)]),
        ...['a', 'b', 'c'].map((name): Step => [10, answered(name)]),
        [20, failed('d')],
      ]).at(-1),
    ).toBe('20 enough')
  })

  it('waits a little for more once one has answered, and some time for the first', () => {
    const first: readonly Step[] = [
      [0, begun(3)],
      [0, connected('a')],
    ]
    expect(history([...first, [RECALL_MS_MAX, passed]]).at(-1)).toBe(`${RECALL_MS_MAX} enough`)
    const atMs = 100 + RECALL_QUIET_MS
    const quiet: readonly Step[] = [
      [100, answered('a')],
      [atMs - 1, passed],
      [atMs, passed],
    ]
    expect(history([...first, ...quiet]).at(-1)).toBe(`${atMs} enough`)
  })

  it('takes a failure for no answer', () => {
    const machine = new RecallMachine()
    machine.handle(begun(1), 0)
    machine.handle(connected('a'), 0)
    expect(machine.handle(failed('a'), 10)).toEqual([])
    expect(machine.deadlineMs()).toBe(RECALL_MS_MAX)
  })

  it('asks nobody twice and not too many, and has enough once, in time, whatever happens', () => {
    const peers = Array.from({ length: RECALL_PEERS_MAX + 4 }, (_, index) => `p${index}`)
    const input = fc.oneof(
      fc
        .constantFrom(...peers)
        .chain((name) =>
          fc.constantFrom<RecallInput>(connected(name), answered(name), failed(name)),
        ),
      fc.constant<TimePassed>(passed),
    )
    const moves = fc.array(fc.tuple(fc.nat(400), input), { maxLength: 80 })
    fc.assert(
      fc.property(moves, fc.nat(30), (steps, others) => {
        let atMs = 0
        const timed = steps.map(([waitMs, each]): Step => [(atMs += waitMs), each])
        const said = history([[0, begun(others)], ...timed, [RECALL_MS_MAX + atMs, passed]])
        const asked = said.filter((line) => line.includes('ask')).map((line) => line.split(' ')[2])
        const ends = said.filter((line) => line.includes('enough'))
        return (
          new Set(asked).size === asked.length &&
          asked.length <= RECALL_PEERS_MAX &&
          ends.length === 1 &&
          said.at(-1) === ends[0]
        )
      }),
    )
  })
})
