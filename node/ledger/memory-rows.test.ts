import { describe, expect, it } from 'vitest'
import { describeRows } from '../../test/fixtures/ledger-rows.contract.ts'
import { Crashed, DiskError, MemoryRows, type WriteFault } from './memory-rows.ts'

describeRows({
  name: 'rows in memory',
  make: async () => new MemoryRows(),
  again: async (rows) => new MemoryRows({ disk: (rows as MemoryRows).disk }),
})

describe('rows in memory that fail', () => {
  const changes = [1, 2, 3, 4].map((key) => ({
    type: 'put' as const,
    key: Uint8Array.of(key),
    value: Uint8Array.of(key),
  }))

  /** How much is there after a write that ends so, and how the write ended. */
  async function after(fault: WriteFault, draws: readonly number[]): Promise<[number, unknown]> {
    const left = [...draws]
    const rows = new MemoryRows({ fault: () => fault, fraction: () => left.shift() ?? 0 })
    await rows.open()
    const ended = await rows.write(changes).then(
      () => 'written',
      (error: Error) => error.constructor,
    )
    if (ended === Crashed) await expect(rows.get([])).rejects.toThrow(Crashed)
    return [rows.disk.size, ended]
  }

  it.each<[WriteFault, readonly number[], [number, unknown]]>([
    ['none', [], [4, 'written']],
    ['lost', [], [0, Crashed]],
    ['unanswered', [], [4, Crashed]],
    ['torn', [0.1, 0.9, 0.9, 0.2], [2, Crashed]],
    ['ENOSPC', [], [0, DiskError]],
    ['EIO', [0.1], [4, DiskError]],
    ['EIO', [0.9], [0, DiskError]],
  ])('leave after a write with fault %s and draws %j: %j', async (fault, draws, expected) => {
    expect(await after(fault, draws)).toEqual(expected)
  })
})
