import { describe, expect, it } from 'vitest'
import { ManualClock, settle } from '../../test/fixtures/manual-clock.ts'
import { RunGate } from './run-gate.ts'

const never = new AbortController().signal

function gated(processors: number) {
  const clock = new ManualClock()
  const gate = new RunGate(clock, processors)
  const began: (readonly [string, number])[] = []
  const work = (name: string, ms: number) =>
    gate.pass(async () => {
      began.push([name, clock.monotonicMs()])
      await clock.sleep(ms, never)
      return { computeUs: ms * 1000 }
    }, never)
  return { clock, gate, began, work }
}

describe('a gate of runs', () => {
  it('holds nothing while everything is lent', async () => {
    const { gate, began, work } = gated(2)
    void Promise.all([work('a', 10), work('b', 10), work('c', 10)])
    await settle()
    expect([began.length, gate.running, gate.rowsMax]).toEqual([3, 3, 256])
  })

  it('lets as many go at once as processors are lent, in the order in which they came', async () => {
    const { clock, gate, began, work } = gated(8)
    gate.set(0.25)
    void Promise.all(['a', 'b', 'c', 'd'].map((name) => work(name, 10)))
    await clock.advance(100)
    expect(began).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 10],
      ['d', 10],
    ])
    expect(gate.rowsMax).toBe(64)
  })

  it('rests between runs where less than one processor is lent, and not longer than it has to', async () => {
    const { clock, gate, began, work } = gated(1)
    gate.set(0.25)
    void Promise.all(['a', 'b', 'c'].map((name) => work(name, 20)))
    await clock.advance(79)
    expect(began.map(([name]) => name)).toEqual(['a'])
    await clock.advance(81)
    expect(began).toEqual([
      ['a', 0],
      ['b', 80],
      ['c', 160],
    ])
    gate.set(1)
    void work('d', 1)
    expect(began.at(-1)).toEqual(['d', 160])
  })

  it('starts none while nothing is lent, and lets who gives up go', async () => {
    const { clock, gate, began, work } = gated(1)
    void work('a', 10)
    gate.set(0)
    void work('b', 10)
    const tired = new AbortController()
    const refused = gate.pass(async () => ({ computeUs: 0 }), tired.signal)
    await clock.advance(1_000)
    expect([began.map(([name]) => name), gate.running]).toEqual([['a'], 0])
    tired.abort(new Error('gave up'))
    await expect(refused).rejects.toThrow('gave up')
    gate.set(1)
    await settle()
    expect(began.at(-1)).toEqual(['b', 1_000])
  })

  it('is open again after a run that failed', async () => {
    const { gate, work, clock } = gated(1)
    gate.set(0.5)
    const failed = gate.pass(() => Promise.reject(new Error('no')), never)
    await expect(failed).rejects.toThrow('no')
    const next = work('a', 1)
    await clock.advance(10)
    expect(await next).toEqual({ computeUs: 1_000 })
  })
})
