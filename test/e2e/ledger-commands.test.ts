import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LedgerSummary } from '../../node/api/schemas/ledger.ts'
import { brume, type CommandResult } from '../fixtures/brume-command.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import { until } from '../fixtures/delay.ts'

const folder = mkdtempSync(join(tmpdir(), 'brume-ledger-'))
const file = join(folder, 'written')
const fleet = new DaemonFleet()
let [requester, helper]: readonly (TestDaemon | undefined)[] = []

/** `brume ledger …` of the daemon that asked for the job. */
function ledger(...words: readonly string[]): Promise<CommandResult> {
  return brume(requester?.stateDir ?? '', ['ledger', ...words])
}

/** A command that needs neither a daemon nor a folder for one. */
function offline(...words: readonly string[]): Promise<CommandResult> {
  return brume(join(folder, 'nothing'), ['ledger', ...words])
}

beforeAll(async () => {
  ;[requester, helper] = await fleet.startMany(2)
  if (requester === undefined) throw new Error('expected a daemon')
  const { api, stateDir } = requester
  await fleet.formMesh()
  await brume(stateDir, ['ledger', 'note', 'a first note'])
  await until('a witness signed the last head', 20_000, async () => {
    const { witnesses } = await api.get<LedgerSummary>('/v1/ledger/summary')
    return witnesses.some(({ size }) => size === 2) ? true : undefined
  })
}, 60_000)

afterAll(async () => {
  await fleet[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** A text of which the helper ran a stage. Returns the task of its receipt, once it is settled. */
async function settledText(): Promise<string> {
  if (requester === undefined) throw new Error('expected a daemon')
  const { id: model } = await requester.api.operate('/v1/models/build', {
    kind: 'decoder',
    name: 'short',
    layers: 4,
    hidden: 32,
    vocabulary: 100,
    positionsMax: 64,
    past: 'cache',
    seed: 5,
  })
  const { settlements } = await requester.api.write({
    model,
    promptTokens: [1, 2, 3],
    tokensMax: 8,
    stages: 2,
    wire: 'f32',
    ignoreStopTokens: true,
    sampling: { seed: 9 },
  })
  expect(settlements).toMatchObject([{ state: 'settled', peer: helper?.status.peer }])
  return settlements[0]?.id ?? ''
}

describe('brume ledger', () => {
  it('shows the head, and who witnesses it', async () => {
    const { exit, stdout } = await ledger('show')
    expect(exit).toBe(0)
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^entries {4}2 under head [0-9a-f]{12}$/),
      'receipts   0 settled, 0 disputed, 0 unmatched',
      'credits    0 earned, 0 spent',
      `witnesses  ${helper?.status.name}; 1 of them signed the last head`,
      '',
    ])
    expect(JSON.parse((await ledger('show', '--json')).stdout)).toMatchObject({
      ledger: { size: 2, days: [], peers: [], witnesses: [{ peer: helper?.status.peer }] },
    })
  })

  it('exports a file that verifies where no daemon is', async () => {
    expect(await ledger('export', '--out', file)).toMatchObject({ exit: 0, stderr: '' })
    const { exit, stdout } = await offline('verify', file, '--json')
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ledger: { status: 'ok', device: requester?.status.peer, entries: 2 },
    })
  })

  it('proves the receipt of a text by a file, at either party', async () => {
    const task = await settledText()
    for (const [party, author] of [
      [requester, 'requester'],
      [helper, 'provider'],
    ] as const) {
      const proof = join(folder, author)
      const words = ['ledger', 'prove', '--task', task, '--out', proof]
      const made = await brume(party?.stateDir ?? '', words)
      expect(made).toMatchObject({ exit: 0, stderr: '' })
      const { exit, stdout } = await offline('verify', proof, '--json')
      expect(exit).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({
        receipt: {
          status: 'ok',
          device: party?.status.peer,
          task,
          stage: 'settled',
          requester: requester?.status.peer,
          provider: helper?.status.peer,
        },
      })
    }
  })

  it('audits the ledger of another device', async () => {
    // Its genesis, and its two halves of the receipt, once the witness has fetched them.
    const stdout = await until('the witness holds all of it', 20_000, async () => {
      const audit = await ledger('audit', helper?.status.peer ?? '')
      expect(audit.exit).toBe(0)
      return / 3 {2}consistent$/m.test(audit.stdout) ? audit.stdout : undefined
    })
    expect(stdout).toMatch(/^ok: what it gave holds/m)
  })

  it('says with an exit code of its own that a device does not give its ledger', async () => {
    await helper?.stop()
    const { exit, stdout, code } = await ledger('audit', helper?.status.peer ?? '')
    expect({ exit, code }).toEqual({ exit: 3, code: 'LEDGER_BUNDLE_TRUNCATED' })
    expect(stdout).toContain('it gave nothing')
  })

  it('says that a task has no receipt, and that nothing can be written there', async () => {
    const none = await ledger('prove', '--task', '00'.repeat(16), '--out', file)
    expect({ exit: none.exit, code: none.code }).toEqual({ exit: 5, code: 'API_RECEIPT_UNKNOWN' })
    const nowhere = await ledger('export', '--out', join(folder, 'no', 'where'))
    expect(nowhere.code).toBe('CLI_OUTPUT_UNWRITABLE')
    const bad = await ledger('prove', '--task', 'x', '--out', file)
    expect({ exit: bad.exit, code: bad.code }).toEqual({ exit: 2, code: 'API_REQUEST_INVALID' })
  })
})
