import { describe, expect, it } from 'vitest'
import { childrenOf, parsePs, parseStat } from './process-table.ts'

describe('parseStat', () => {
  it('reads past a name with spaces and parentheses', () => {
    const stat = '42 (a ) (b) S 7 42 42 0 -1 4194560 100 0 0 0 30 12 0 0 20 0 11 0 1000 1 2'
    expect(parseStat(stat, 'node x.ts')).toEqual({
      pid: 42,
      parent: 7,
      cpuMs: 420,
      command: 'node x.ts',
    })
  })

  it('gives nothing for other text', () => {
    expect([parseStat('', ''), parseStat('42 (node', '')]).toEqual([undefined, undefined])
  })
})

describe('parsePs', () => {
  it('reads minutes, hours and days', () => {
    const lines = ['  9   1   0:01.25 node a b', ' 10 1 01:02:03 x', ' 11 1 2-00:00:01 y']
    expect(lines.map(parsePs)).toEqual([
      { pid: 9, parent: 1, cpuMs: 1250, command: 'node a b' },
      { pid: 10, parent: 1, cpuMs: 3_723_000, command: 'x' },
      { pid: 11, parent: 1, cpuMs: 172_801_000, command: 'y' },
    ])
  })

  it('gives nothing for other text', () => {
    expect(parsePs('PID PPID TIME COMMAND')).toBeUndefined()
  })
})

describe('childrenOf', () => {
  it('finds the process of this test under its parent', async () => {
    const siblings = await childrenOf(process.ppid)
    expect(siblings.map(({ pid }) => pid)).toContain(process.pid)
  })
})
