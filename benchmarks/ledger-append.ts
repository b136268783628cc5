/**
 * What does a durable record cost beside a bare synced write of the database?
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { utf8 } from '../core/bytes.ts'
import { SeededRandom } from '../core/random.ts'
import { ENTRY_KINDS } from '../ledger/index.ts'
import { LedgerStore } from '../node/ledger/ledger-store.ts'
import { LevelRows } from '../node/storage/level-rows.ts'
import { systemClock } from '../node/system/system-clock.ts'
import { device } from '../test/fixtures/devices.ts'
import { ledgerContext } from '../test/fixtures/ledgers.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

const SINGLES = 400
const GROUPED = 20_000
/** Appends that wait at once: as when many tasks end together. */
const IN_FLIGHT = 512
const ROUNDS = 5
/** A note of the size of a half of a receipt. */
const RECORD = { kind: ENTRY_KINDS.note, body: new Uint8Array(250) }
/** What such a record takes: its entry, two nodes of the tree, a share of the head. */
const ENTRY_BYTES = 340
const NODE_BYTES = 64
const HEAD_BYTES = 152

export interface AppendFigures {
  /** Of one append at a time, in milliseconds: the median of each round. */
  readonly singleMs: readonly number[]
  /** Of a bare synced batch of as many rows. */
  readonly bareMs: readonly number[]
  /** Per second, of many appends at once. */
  readonly grouped: readonly number[]
  /** Per second, of the same rows in bare synced batches of as many records. */
  readonly bareGrouped: readonly number[]
}

export const benchmark: Benchmark = {
  question: 'what does a durable record cost beside a bare synced write of the database?',
  async run({ say, signal }): Promise<readonly Row[]> {
    const { singleMs, bareMs, grouped, bareGrouped } = await measureAppends(say, signal)
    const [single, bare] = [spread(singleMs).p50, spread(bareMs).p50]
    const [rate, plain] = [spread(grouped).p50, spread(bareGrouped).p50]
    return [
      {
        name: 'one at a time',
        figures: { 'p50 ms': single, 'bare ms': bare, ratio: (single / bare).toFixed(2) },
      },
      {
        name: 'many at once',
        figures: {
          'per second': Math.round(rate),
          'bare per second': Math.round(plain),
          ratio: (rate / plain).toFixed(2),
        },
      },
    ]
  },
}

/** Measures the store and the bare database in turn, in folders of their own. */
export async function measureAppends(
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<AppendFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'brume-append-'))
  const store = await openStore(join(folder, 'ledger'), signal)
  const bare = new Level<Uint8Array, Uint8Array>(join(folder, 'bare'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  const figures = { singleMs: [], bareMs: [], grouped: [], bareGrouped: [] } as Record<
    keyof AppendFigures,
    number[]
  >
  try {
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted()
      figures.singleMs.push(await medianMs(() => store.append(RECORD, 'now')))
      figures.bareMs.push(await medianMs((index) => writeBare(bare, index, 1)))
      figures.grouped.push(await groupedRate(store))
      figures.bareGrouped.push(await bareRate(bare))
      const last = (name: keyof AppendFigures): string => (figures[name].at(-1) ?? 0).toFixed(2)
      say(
        `round ${round + 1}: ${last('singleMs')} ms single (bare ${last('bareMs')}), ` +
          `${last('grouped')} grouped a second (bare ${last('bareGrouped')})`,
      )
    }
    return figures
  } finally {
    await store.stop()
    await bare.close()
    rmSync(folder, { recursive: true })
  }
}

async function openStore(path: string, signal: AbortSignal): Promise<LedgerStore> {
  const store = new LedgerStore(
    {
      rows: new LevelRows(path),
      context: ledgerContext,
      signer: device(1),
      clock: systemClock,
      random: SeededRandom.fromInteger(1),
      onFailure: (error) => {
        throw error
      },
    },
    { flushRecords: 32, flushDelayMs: 10, home: utf8('here'), fresh: true },
  )
  await store.start(signal)
  await store.goOn()
  return store
}

async function medianMs(work: (index: number) => Promise<unknown>): Promise<number> {
  const took: number[] = []
  for (let index = 0; index < SINGLES; index++) {
    const startMs = performance.now()
    await work(index)
    took.push(performance.now() - startMs)
  }
  return spread(took).p50
}

async function groupedRate(store: LedgerStore): Promise<number> {
  const startMs = performance.now()
  let left = GROUPED
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left--
      await store.append(RECORD)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return (GROUPED * 1_000) / (performance.now() - startMs)
}

async function bareRate(level: Level<Uint8Array, Uint8Array>): Promise<number> {
  const startMs = performance.now()
  for (let at = 0; at < GROUPED; at += IN_FLIGHT) {
    await writeBare(level, at, Math.min(IN_FLIGHT, GROUPED - at))
  }
  return (GROUPED * 1_000) / (performance.now() - startMs)
}

/** Rows as many and as long as those of so many records: the entries, one row of nodes, the head twice. */
async function writeBare(
  level: Level<Uint8Array, Uint8Array>,
  start: number,
  records: number,
): Promise<void> {
  const lengths = [
    ...Array.from({ length: records }, () => ENTRY_BYTES),
    NODE_BYTES * records,
    HEAD_BYTES,
    HEAD_BYTES,
  ]
  const rows = lengths.map((length, index) => ({
    type: 'put' as const,
    key: utf8(`${String(start).padStart(9, '0')}/${index}`),
    value: new Uint8Array(length),
  }))
  await level.batch(rows, { sync: true })
}
