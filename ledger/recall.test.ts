import { describe, expect, it } from 'vitest'
import { device } from '../test/fixtures/devices.ts'
import { hashOf, recalledHead, WrittenLedger } from '../test/fixtures/ledgers.ts'
import type { Head } from './head.ts'
import { decideRecall, type RecalledHead, type RecallFacts } from './recall.ts'

const ledger = new WrittenLedger(device(1))
const heads: RecalledHead[] = [recalledHead(ledger.head())]
for (const text of ['a', 'b', 'c', 'd']) {
  ledger.note(text)
  heads.push(recalledHead(ledger.head()))
}

const at = (size: number): RecalledHead => heads[size - 1] as RecalledHead
const own = at(3).head
const facts: RecallFacts = {
  own,
  suspect: false,
  answers: [],
  rootAt: (size) => (size <= own.size ? at(size).head.root : undefined),
}

function decided(change: Partial<RecallFacts>): string {
  const decision = decideRecall({ ...facts, ...change })
  if (decision.type === 'go on') return 'go on'
  return decision.latest === undefined ? 'roll over' : 'fetch, then roll over'
}

function changed(size: number, change: Partial<Head>): RecalledHead {
  return { ...at(size), head: { ...at(size).head, ...change } }
}

describe('a device that starts', () => {
  it.each<[string, Partial<RecallFacts>, string]>([
    ['goes on when nobody can be asked', {}, 'go on'],
    ['goes on when peers hold what it holds', { answers: [at(3), at(2), undefined] }, 'go on'],
    ['begins when nobody holds anything', { own: undefined }, 'go on'],
    [
      'does not mind an earlier incarnation',
      { own: { ...own, incarnation: 7 }, answers: [at(5)] },
      'go on',
    ],
    ['fetches what a peer knows beyond', { answers: [at(2), at(5)] }, 'fetch, then roll over'],
    [
      'fetches everything when it holds nothing',
      { own: undefined, answers: [at(2)] },
      'fetch, then roll over',
    ],
    [
      'fetches what a later incarnation wrote',
      { answers: [changed(2, { incarnation: 7 })] },
      'fetch, then roll over',
    ],
    [
      'rolls over when a peer holds another history',
      { answers: [changed(2, { root: hashOf('other') })] },
      'roll over',
    ],
    ['rolls over when it is a copy, whoever answers', { suspect: true }, 'roll over'],
    [
      'rolls over as a copy although peers know nothing beyond: others may',
      { suspect: true, answers: [at(3), at(1), undefined] },
      'roll over',
    ],
  ])('%s', (_, change, decision) => {
    expect(decided(change)).toBe(decision)
  })

  it('takes the latest of all answers', () => {
    const answers = [at(4), at(5), at(2)]
    expect(decideRecall({ ...facts, answers })).toEqual({ type: 'roll over', latest: at(5) })
  })
})
