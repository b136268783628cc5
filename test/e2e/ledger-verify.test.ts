import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { contradictionOf, encodeEquivocation, type HalfOf, signHalf } from '../../ledger/index.ts'
import { brume, type CommandResult } from '../fixtures/brume-command.ts'
import { device } from '../fixtures/devices.ts'
import { bundleOf, halvesOf, ledgerContext } from '../fixtures/ledgers.ts'

const folder = mkdtempSync(join(tmpdir(), 'brume-ledger-'))
const file = join(folder, 'alice.ledger')
afterAll(() => rmSync(folder, { recursive: true }))

const [alice, bob] = [device(1), device(2)]
const halves = halvesOf({ requester: alice, provider: bob, mode: 'simple', word: 'one' })
const bundle = bundleOf(alice, [halves])

/** Verifies `bytes` where there is neither a daemon nor a folder for one. */
function verify(bytes: Uint8Array, ...options: readonly string[]): Promise<CommandResult> {
  writeFileSync(file, bytes)
  return brume(join(folder, 'nothing'), ['ledger', 'verify', file, ...options])
}

describe('brume ledger verify', () => {
  it('says that a ledger holds, and what is in it', async () => {
    const { exit, stdout, stderr } = await verify(bundle, '--mesh', toHex(ledgerContext.network))
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      `ledger of ${alice.peer}`,
      'mesh         0ab1323be166',
      'entries      0 to 2, under 1 signed head',
      expect.stringMatching(/^head {9}[0-9a-f]{12} of 2026-01-01T00:00:03\.000Z$/),
      'incarnation  0',
      'receipts     1 settled, 0 disputed, 0 unmatched',
      '',
      'with          settled  disputed  earned  spent',
      '12D3…r2NASuq        1         0       0   0.25',
      '',
      'ok: every entry, receipt and head of this file holds',
      '',
    ])
  })

  it('says it to programs', async () => {
    const { exit, stdout } = await verify(bundle, '--json', '--heads-only')
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      ledger: { status: 'ok', device: alice.peer, entries: 3, receipts: { settled: 1 } },
    })
  })

  it('names the entry and the rule of a broken one, and exits with 2', async () => {
    const at = bundle.length - 300
    const broken = await verify(bundle.with(at, (bundle[at] ?? 0) ^ 1), '--json')
    expect(broken.exit).toBe(2)
    expect(JSON.parse(broken.stdout)).toMatchObject({
      ledger: { status: 'invalid', problem: { code: expect.stringMatching(/^LEDGER_/) } },
    })
    const foreign = await verify(bundle, '--mesh', '00'.repeat(32))
    expect(foreign).toMatchObject({ exit: 2, code: 'LEDGER_NETWORK_MISMATCH' })
    expect(foreign.stderr).toContain('at entry 0 (part 0 of the file)')
    expect(await verify(Uint8Array.of(1, 2, 3))).toMatchObject({
      exit: 2,
      code: 'LEDGER_MALFORMED',
    })
  })

  it('exits with 3 when the file is cut off', async () => {
    for (const length of [0, 100, bundle.length - 1]) {
      const cut = await verify(bundle.subarray(0, length))
      expect(cut).toMatchObject({ exit: 3, code: 'LEDGER_BUNDLE_TRUNCATED' })
    }
  })

  it('exits with 4 when a fork is proven', async () => {
    const settle = halves[3] as HalfOf<'settle'>
    const again = signHalf(ledgerContext, alice, 'settle', { ...settle.body, milliCredits: 1 })
    const proof = contradictionOf(ledgerContext, alice.peer, settle, again)
    expect(proof).toBeDefined()
    if (proof === undefined) return
    const forked = await verify(encodeEquivocation(ledgerContext, proof))
    expect(forked).toMatchObject({ exit: 4, code: 'LEDGER_FORK_PROVEN' })
    expect(forked.stdout).toContain(alice.peer)
  })

  it('says what is wrong with its own words', async () => {
    const absent = await brume(folder, ['ledger', 'verify', join(folder, 'absent')])
    expect(absent).toMatchObject({ exit: 2, code: 'CLI_INPUT_UNREADABLE' })
    expect(await verify(bundle, '--mesh', 'home')).toMatchObject({
      exit: 2,
      code: 'CLI_USAGE_INVALID',
    })
  })
})
