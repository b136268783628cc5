import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { decision } from '../../test/fixtures/decisions.ts'
import { HarvestRecord } from './harvest-record.ts'
import { known } from './reading.ts'
import { parseTrace } from './traces/trace-format.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brume-record-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Ticks of `minutes`, in which something is said every minute. */
async function record(minutes: number, traceBytesMax = 1e6): Promise<HarvestRecord> {
  const kept = await HarvestRecord.fromFolder(SILENT_LOGGER, {
    folder,
    historyMs: 3_600_000,
    traceBytesMax,
    header: { name: 'test', template: 'server' },
  })
  for (let minute = 0; minute < minutes; minute++) {
    const nowMs = 60_000 * minute
    const wallMs = 1_700_000_000_000 + nowMs
    const readings = { media: known(minute % 2 === 0, nowMs) }
    const each = { ...decision({ cpu: minute % 2 }), atMs: nowMs, wallMs }
    kept.add({ nowMs, wallMs, zoneMinutes: 0, readings }, each)
  }
  await kept.stop()
  return kept
}

const traceIn = (name: string) => parseTrace(readFileSync(join(folder, name), 'utf8'))

it('keeps a day to ask for and a trace to replay, one for each start', async () => {
  const kept = await record(10)
  expect(kept.log.at(1_700_000_000_000 + 90_000)?.levels.cpu).toBe(1)
  const first = traceIn('harvest-trace.jsonl')
  expect([first.header.template, first.events.length]).toEqual(['server', 10])
  await record(3)
  expect(traceIn('harvest-trace.jsonl').events).toHaveLength(3)
  expect(traceIn('harvest-trace.jsonl.old').events).toHaveLength(10)
})

it('begins another file when one is full', async () => {
  await record(60, 2_000)
  expect(existsSync(join(folder, 'harvest-trace.jsonl'))).toBe(false)
  expect(traceIn('harvest-trace.jsonl.old').events).toHaveLength(60)
  await record(3, 1e6)
  expect(traceIn('harvest-trace.jsonl').events).toHaveLength(3)
})
