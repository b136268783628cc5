import { describe, expect, it } from 'vitest'
import { WrittenLedger } from '../test/fixtures/ledgers.ts'
import { device } from '../test/fixtures/devices.ts'
import { edgeNodes, planPruning, type PruningFacts } from './pruning.ts'

const facts: PruningFacts = {
  size: 10_000,
  recentFrom: 8_000,
  unsettledFrom: 9_000,
  certifiedSize: 9_500,
  snapshotSize: 9_500,
}

describe('pruning', () => {
  it.each([
    ['what is recent', {}, { bodiesFrom: 8_000, leavesFrom: 7_936 }],
    ['what is not settled', { unsettledFrom: 700 }, { bodiesFrom: 700, leavesFrom: 512 }],
    ['what nobody certified', { certifiedSize: 0 }, { bodiesFrom: 0, leavesFrom: 0 }],
    [
      'leaves that no snapshot stands for',
      { snapshotSize: 300 },
      { bodiesFrom: 8_000, leavesFrom: 256 },
    ],
  ])('keeps %s', (_, change, plan) => {
    expect(planPruning({ ...facts, ...change })).toEqual(plan)
  })

  it('keeps the nodes from which the tree goes on', () => {
    const ledger = new WrittenLedger(device(1))
    for (let size = 1; size < 40; size++) {
      const kept = edgeNodes(size).map(({ level, index }) => ledger.source(level, index))
      expect(kept).toEqual(ledger.chain.edge)
      ledger.note(String(size))
    }
    expect(edgeNodes(0)).toEqual([])
  })
})
