import { describe, expect, it } from 'vitest'
import { toHex } from '../core/bytes.ts'
import { device } from '../test/fixtures/devices.ts'
import { ledgerContext, WrittenLedger } from '../test/fixtures/ledgers.ts'
import { Chain } from './chain.ts'
import { encodeEntry, ENTRY_KINDS, type Entry } from './entry.ts'
import { genesisBody, logIdOf, nextIncarnation, rolloverBody } from './genesis.ts'
import { openHead, signHead } from './head.ts'

const alice = device(1)
const bob = device(2)

function written(notes: number): WrittenLedger {
  const ledger = new WrittenLedger(alice)
  for (let index = 0; index < notes; index++) ledger.note(`note ${index}`)
  return ledger
}

/** What a chain of alice that took the first entries says to `encoded`. */
function answer(ledger: WrittenLedger, count: number, encoded: Uint8Array): string {
  const chain = new Chain(ledgerContext, alice.peer)
  for (const entry of ledger.entries.slice(0, count)) chain.append(entry.encoded)
  const before = toHex(chain.root())
  const taken = chain.append(encoded)
  if (taken.type === 'refused') expect([chain.size, toHex(chain.root())]).toEqual([count, before])
  return taken.type === 'refused' ? taken.code : 'taken'
}

describe('a chain', () => {
  const ledger = written(4)
  const entryAt = (index: number): Entry => ledger.entries[index]?.entry as Entry
  const changed = (index: number, change: Partial<Entry>): Uint8Array =>
    encodeEntry({ ...entryAt(index), ...change })

  it('is the same for who writes and who checks', () => {
    const chain = new Chain(ledgerContext, alice.peer)
    for (const entry of ledger.entries) chain.append(entry.encoded)
    expect(chain.head(5, 0)).toEqual(ledger.chain.head(5, 0))
    expect(chain.log).toEqual(
      logIdOf(ledgerContext.crypto.sha256, ledgerContext.network, alice.peer),
    )
  })

  it.each<[string, Uint8Array, string]>([
    ['the next entry', changed(3, {}), 'taken'],
    ['an entry again', changed(2, {}), 'LEDGER_SEQUENCE_GAP'],
    ['an entry too early', changed(4, {}), 'LEDGER_SEQUENCE_GAP'],
    ['an entry of another log', changed(3, { log: entryAt(3).prev }), 'LEDGER_LOG_FOREIGN'],
    ['an entry that names another', changed(3, { prev: entryAt(2).prev }), 'LEDGER_CHAIN_BROKEN'],
    ['a second genesis', changed(3, { kind: ENTRY_KINDS.genesis }), 'LEDGER_GENESIS_INVALID'],
    [
      'a rollover to the incarnation that is',
      changed(3, {
        kind: ENTRY_KINDS.rollover,
        body: rolloverBody({ incarnation: 0, size: 3, reason: 0, lastKnown: undefined }),
      }),
      'LEDGER_ROLLOVER_INVALID',
    ],
    [
      'a rollover from another place',
      changed(3, {
        kind: ENTRY_KINDS.rollover,
        body: rolloverBody({ incarnation: 1, size: 2, reason: 0, lastKnown: undefined }),
      }),
      'LEDGER_ROLLOVER_INVALID',
    ],
    [
      'a rollover that is none',
      changed(3, { kind: ENTRY_KINDS.rollover, body: new Uint8Array(4) }),
      'LEDGER_MALFORMED',
    ],
  ])('says to %s, after three: %3$s', (_, encoded, code) => {
    expect(answer(ledger, 3, encoded)).toBe(code)
  })

  it('begins with the genesis of its device and mesh, and with no other', () => {
    const foreign = changed(0, { body: genesisBody(ledgerContext.network, bob.peer) })
    expect(answer(ledger, 0, foreign)).toBe('LEDGER_GENESIS_INVALID')
    expect(answer(ledger, 0, changed(0, { kind: 40 }))).toBe('LEDGER_GENESIS_INVALID')
  })

  it('goes on from a place in the middle', () => {
    const start = written(2).chain
    const chain = new Chain(ledgerContext, alice.peer, {
      size: start.size,
      edge: start.edge,
      incarnation: 0,
    })
    for (const entry of ledger.entries.slice(start.size)) chain.append(entry.encoded)
    expect(chain.root()).toEqual(ledger.chain.root())
  })

  it('never gives an incarnation two numbers alike', () => {
    const wallMs = 1_767_225_600_000
    const drawn = nextIncarnation(0, wallMs, 0.25)
    expect(drawn).toBe(wallMs * 1_000 + 250)
    expect(nextIncarnation(drawn, wallMs - 5_000, 0.5)).toBe(drawn + 1)
    expect(nextIncarnation(0, wallMs, 0.75)).toBeGreaterThan(drawn)
  })

  it('goes from one incarnation to the next', () => {
    const rolled = written(1)
    const body = rolloverBody({
      incarnation: 1,
      size: 2,
      reason: 1,
      lastKnown: written(3).head(),
    })
    rolled.write(ENTRY_KINDS.rollover, body)
    expect(rolled.chain.incarnation).toBe(1)
    expect(rolled.chain.head(0, 0).incarnation).toBe(1)
  })
})

describe('a head', () => {
  const ledger = written(2)
  const head = ledger.chain.head(9, 0)

  it('is its device’s when the device signed it', () => {
    const signed = signHead(ledgerContext, alice, head)
    expect(openHead(ledgerContext, alice.peer, signed)).toEqual({
      type: 'value',
      value: { v: 1, ...head },
    })
    expect(openHead(ledgerContext, bob.peer, signed)).toMatchObject({
      code: 'LEDGER_SIGNATURE_INVALID',
    })
  })

  it('is none in another mesh', () => {
    const elsewhere = { ...ledgerContext, network: ledger.chain.log }
    expect(openHead(elsewhere, alice.peer, signHead(ledgerContext, alice, head))).toMatchObject({
      code: 'LEDGER_SIGNATURE_INVALID',
    })
  })

  it('is over something', () => {
    const empty = signHead(ledgerContext, alice, { ...head, size: 0 })
    expect(openHead(ledgerContext, alice.peer, empty)).toMatchObject({ code: 'LEDGER_MALFORMED' })
  })

  it.each([
    ['size', { size: 2 }, 'LEDGER_HEAD_MISMATCH'],
    ['root', { root: ledger.chain.log }, 'LEDGER_HEAD_MISMATCH'],
    ['log', { log: head.root }, 'LEDGER_LOG_FOREIGN'],
    ['incarnation', { incarnation: 1 }, 'LEDGER_ROLLOVER_INVALID'],
  ])('does not fit a chain of another %s', (_, change, code) => {
    expect(ledger.chain.headProblem({ ...head, ...change })?.code).toBe(code)
    expect(ledger.chain.headProblem(head)).toBeUndefined()
  })
})
