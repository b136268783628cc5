import { expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { SeededRandom } from '../../core/random.ts'
import { ENTRY_KINDS } from '../../ledger/index.ts'
import { device } from '../../test/fixtures/devices.ts'
import { ledgerContext } from '../../test/fixtures/ledgers.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { LedgerStore } from './ledger-store.ts'
import { type Disk, MemoryRows, type WriteFault } from './memory-rows.ts'

/** A store over `disk` whose writes meet `fault`; what is torn follows from the seed. */
async function opened(
  disk: Disk,
  init: { readonly home: string; readonly seed: number; readonly fault: () => WriteFault },
): Promise<LedgerStore> {
  const random = SeededRandom.fromInteger(init.seed)
  const rows = new MemoryRows({ disk, fault: init.fault, fraction: () => random.fraction() })
  const store = new LedgerStore(
    {
      rows,
      context: ledgerContext,
      signer: device(1),
      clock: new ManualClock(),
      random,
      onFailure: () => undefined,
    },
    { flushRecords: 4, flushDelayMs: 10, home: utf8(init.home), fresh: true },
  )
  await store.start(new AbortController().signal)
  return store
}

// Seed 8326 of the claim ledger/fault-model: the new folder was on the disk, the rollover was not.
it('a copy stays suspect whichever part of its rollover comes to the disk', async () => {
  const disk: Disk = new Map()
  const first = await opened(disk, { home: 'here', seed: 1, fault: () => 'none' })
  await first.goOn()
  await first.append({ kind: ENTRY_KINDS.note, body: utf8('a note') }, 'now')
  for (let seed = 1; seed <= 60; seed++) {
    const copy = new Map(disk)
    let writes = 0
    const torn = (): WriteFault => (writes++ === seed % 2 ? 'torn' : 'none')
    const restored = await opened(copy, { home: 'elsewhere', seed, fault: torn })
    await expect(restored.rollOver('restored', undefined)).rejects.toThrow('died')
    expect(await standing(copy, seed), `seed ${seed}`).not.toBe('goes on')
  }
})

/** How a store stands that is opened after the crash. */
async function standing(disk: Disk, seed: number): Promise<string> {
  try {
    const { recovered, incarnation } = await opened(disk, {
      home: 'elsewhere',
      seed,
      fault: () => 'none',
    })
    return recovered.suspect ?? (incarnation > 0 ? 'rolled over' : 'goes on')
  } catch (error) {
    // Both heads are there and the entry under them is not: worse than a database does, and refused.
    return errorCode(error) ?? 'failed'
  }
}
