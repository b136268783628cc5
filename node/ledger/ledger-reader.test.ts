import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { SeededRandom } from '../../core/random.ts'
import { BundleVerifier, ENTRY_KINDS } from '../../ledger/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { ledgerContext } from '../../test/fixtures/ledgers.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { LedgerReader } from './ledger-reader.ts'
import { LedgerStore } from './ledger-store.ts'
import { MemoryRows } from './memory-rows.ts'

const owner = device(1)
const note = { kind: ENTRY_KINDS.note, body: utf8('a note') }

describe('the reader of a ledger', () => {
  it('gives a bundle that verifies while the ledger goes on', async () => {
    const rows = new MemoryRows()
    const store = new LedgerStore(
      {
        rows,
        context: ledgerContext,
        signer: owner,
        clock: new ManualClock(),
        random: SeededRandom.fromInteger(1),
        onFailure: () => undefined,
      },
      { flushRecords: 4, flushDelayMs: 10, home: utf8('here'), fresh: true },
    )
    await store.start(new AbortController().signal)
    await store.goOn()
    for (let index = 0; index < 5; index++) await store.append(note, 'now')
    // What is written between two looks at the disk has a later head.
    const range = rows.range.bind(rows)
    rows.range = async (wanted) => {
      await store.append(note, 'now')
      return range(wanted)
    }
    const reader = new LedgerReader({ rows, context: ledgerContext, signer: owner })
    const verifier = new BundleVerifier(nodeCrypto, { ...ledgerContext, signatures: 'all' })
    for await (const item of reader.bundle()) verifier.push(item)
    expect(verifier.finish()).toMatchObject({ status: 'ok', log: { entries: 6 } })
    expect(store.size).toBeGreaterThan(6)
  })
})
