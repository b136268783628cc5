import { describe, expect, it } from 'vitest'
import type { SignedRecord } from '../core/signed-record.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { ledgerContext, recalledHead, WrittenLedger } from '../test/fixtures/ledgers.ts'
import { isCosignatureOf, openCosignature, signCosignature } from './cosignature.ts'
import { encodeEquivocation, verifyEquivocation } from './equivocation.ts'
import { decodeHead, type Head, signHead } from './head.ts'
import { consistencyProof, rangeRoot } from '../core/merkle-proof.ts'
import { type HeldHeads, judgeHead, type ShownGrowth } from './witnessing.ts'

const [alice, bob] = [device(1), device(2)]
const NONE: HeldHeads = { same: undefined, latest: undefined }

/** A ledger of alice with these notes. */
function ledgerOf(...notes: readonly string[]): WrittenLedger {
  const ledger = new WrittenLedger(alice)
  for (const note of notes) ledger.note(note)
  return ledger
}

function holding(signed: SignedRecord): HeldHeads {
  const held = recalledHead(signed)
  return { same: held, latest: held }
}

/** How `ledger` grew since it had `since` entries. */
function growthOf(ledger: WrittenLedger, since: number): ShownGrowth {
  const { sha256 } = nodeCrypto
  const sizes = { first: since, second: ledger.chain.size }
  return {
    since,
    rootThen: rangeRoot(sha256, [0, since], ledger.source),
    proof: consistencyProof(sha256, sizes, ledger.source),
  }
}

function judge(held: HeldHeads, signed: SignedRecord, growth?: ShownGrowth) {
  return judgeHead(ledgerContext, alice.peer, held, { signed, growth })
}

/** A head of alice's log that says something else than her chain does. */
function headWith(ledger: WrittenLedger, other: Partial<Head>): SignedRecord {
  return signHead(ledgerContext, alice, { ...ledger.chain.head(0, 0), ...other })
}

describe('a witness', () => {
  it('signs the first head that it sees, and each that grew out of the one that it holds', () => {
    const ledger = ledgerOf('a')
    const first = ledger.head()
    expect(judge(NONE, first)).toMatchObject({ type: 'cosign', head: { size: 2 } })
    for (const note of ['b', 'c', 'd']) ledger.note(note)
    const growth = growthOf(ledger, 2)
    expect(judge(holding(first), ledger.head(), growth)).toMatchObject({
      type: 'cosign',
      head: { size: 5 },
    })
  })

  it('signs the same head again', () => {
    const head = ledgerOf('a').head()
    expect(judge(holding(head), head).type).toBe('cosign')
  })

  it('tells what it holds when the device is behind, or compared with another head', () => {
    const ledger = ledgerOf('a')
    const behind = ledger.head()
    ledger.note('b')
    const held = holding(ledger.head())
    expect(judge(held, behind)).toEqual({ type: 'held', held: held.same })
    ledger.note('c')
    expect(judge(held, ledger.head())).toEqual({ type: 'held', held: held.same })
    const growth = growthOf(ledger, 2)
    expect(judge(held, ledger.head(), growth)).toEqual({ type: 'held', held: held.same })
  })

  it('proves a fork by another head of the same size', () => {
    const verdict = judge(holding(ledgerOf('a').head()), ledgerOf('b').head())
    expect(verdict).toMatchObject({ type: 'fork', proof: { accused: alice.peer } })
  })

  it.each([1, 2, 3, 4, 5, 6, 7])('proves a fork after %i entries from what is shown', (since) => {
    const notes = Array.from({ length: since - 1 }, (_, index) => String(index))
    const one = since === 1 ? headWith(ledgerOf(), { root: new Uint8Array(32) }) : undefined
    const other = ledgerOf(...notes.slice(0, -1), 'other', 'and', 'more')
    const held = holding(one ?? ledgerOf(...notes).head())
    const verdict = judge(held, other.head(), growthOf(other, since))
    if (verdict.type !== 'fork') throw new Error(`expected a fork, got ${verdict.type}`)
    const encoded = encodeEquivocation(ledgerContext, verdict.proof)
    expect(verifyEquivocation(nodeCrypto, encoded).type).toBe('value')
  })

  it('signs nothing when what is shown proves nothing', () => {
    const held = holding(ledgerOf('a').head())
    const other = ledgerOf('a', 'b', 'c', 'd')
    const growth = growthOf(other, 2)
    const refusal = { type: 'refused', code: 'LEDGER_PROOF_INVALID' }
    expect(judge(held, other.head(), { ...growth, proof: [] })).toMatchObject(refusal)
    const wrong = { ...growth, rootThen: new Uint8Array(32) }
    expect(judge(held, other.head(), wrong)).toMatchObject(refusal)
  })

  it('begins anew with a new incarnation, and signs none of the one before any more', () => {
    const before = ledgerOf('a', 'b').head()
    const after = headWith(ledgerOf('c'), { incarnation: 7 })
    const latest = recalledHead(before)
    expect(judge({ same: undefined, latest }, after).type).toBe('cosign')
    const held = { same: recalledHead(before), latest: recalledHead(after) }
    expect(judge(held, before)).toEqual({ type: 'held', held: held.latest })
    const fork = ledgerOf('a', 'x').head()
    expect(judge(held, fork).type).toBe('fork')
  })

  it('refuses heads that another device signed, or of another log', () => {
    const head = ledgerOf('a').chain.head(0, 0)
    expect(judge(NONE, signHead(ledgerContext, bob, head))).toMatchObject({
      code: 'LEDGER_SIGNATURE_INVALID',
    })
    expect(judge(NONE, headWith(ledgerOf(), { log: new Uint8Array(32) }))).toMatchObject({
      code: 'LEDGER_LOG_FOREIGN',
    })
  })
})

describe('a cosignature', () => {
  const ledger = ledgerOf('a')
  const head = ledger.chain.head(0, 0)
  const signed = signCosignature(ledgerContext, bob, head, 1_000)

  it('is by its witness, and about one head', () => {
    const opened = openCosignature(ledgerContext, bob.peer, signed)
    if (opened.type === 'refused') throw new Error(opened.reason)
    expect(opened.value).toMatchObject({ size: 2, incarnation: 0, wallMs: 1_000 })
    expect(isCosignatureOf(opened.value, head)).toBe(true)
    for (const other of [{ size: 3 }, { incarnation: 1 }, { root: new Uint8Array(32) }]) {
      expect(isCosignatureOf(opened.value, { ...head, ...other })).toBe(false)
    }
  })

  it('is nobody else’s, and no head', () => {
    expect(openCosignature(ledgerContext, alice.peer, signed).type).toBe('refused')
    expect(openCosignature(ledgerContext, alice.peer, ledger.head()).type).toBe('refused')
    expect(decodeHead(signed).type).toBe('refused')
  })
})
