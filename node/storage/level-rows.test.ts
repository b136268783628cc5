import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errorCode } from '../../core/errors.ts'
import { describeRows } from '../../test/fixtures/ledger-rows.contract.ts'
import type { LedgerRows } from '../ledger/rows.ts'
import { LevelRows } from './level-rows.ts'

let root: string
let made = 0
const paths = new Map<LedgerRows, string>()

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-rows-'))
})

afterAll(() => rm(root, { recursive: true }))

function rowsAt(path: string): LevelRows {
  const rows = new LevelRows(path)
  paths.set(rows, path)
  return rows
}

describeRows({
  name: 'rows in a database',
  make: async () => rowsAt(join(root, String(made++))),
  again: async (rows) => rowsAt(paths.get(rows) ?? ''),
})

it('a database is used by one process', async () => {
  const path = join(root, 'locked')
  const first = rowsAt(path)
  await first.open()
  const second = await rowsAt(path)
    .open()
    .catch((error: unknown) => errorCode(error))
  expect(second).toBe('STATE_LOCKED')
  await first.close()
})
