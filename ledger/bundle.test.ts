import { describe, expect, it } from 'vitest'
import { concatBytes } from '../core/bytes.ts'
import { encodeCbor } from '../core/canonical-cbor.ts'
import { nobleCrypto } from '../core/noble-crypto.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import {
  bundleOf,
  halvesOf,
  hashOf,
  ledgerContext,
  WrittenLedger,
} from '../test/fixtures/ledgers.ts'
import {
  edgeItem,
  endItem,
  entryItem,
  evidenceItem,
  halfItem,
  headItem,
  preambleItem,
} from './bundle-items.ts'
import { type BundleReport, BundleVerifier } from './bundle-verifier.ts'
import { contradictionOf, encodeEquivocation } from './equivocation.ts'
import { type Half, type HalfOf, signHalf } from './halves.ts'
import { BUNDLE_ITEM_BYTES_MAX } from './limits.ts'

const [alice, bob, carol] = [device(1), device(2), device(3)]
const { network } = ledgerContext
const parties = { requester: alice, provider: bob }
const simple = halvesOf({ ...parties, mode: 'simple', word: 'one' })
const stream = halvesOf({ ...parties, mode: 'stream', word: 'two', rounds: 2 })
const sealed = halvesOf({ ...parties, mode: 'sealed', word: 'three' })

function verified(bytes: Uint8Array, pieceBytes = bytes.length): BundleReport {
  const verifier = new BundleVerifier(nodeCrypto, { network, signatures: 'all' })
  // One buffer for all pieces: what is kept of it must be copied.
  const buffer = new Uint8Array(pieceBytes)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    buffer.set(piece)
    verifier.push(buffer.subarray(0, piece.length))
  }
  buffer.fill(0)
  return verifier.finish()
}

const codeOf = (bytes: Uint8Array): string => verified(bytes).problem?.code ?? 'ok'

/** A ledger of alice's as items, so that a test can change some. */
function items(notes: number): { readonly ledger: WrittenLedger; readonly items: Uint8Array[] } {
  const ledger = new WrittenLedger(alice)
  for (let index = 0; index < notes; index++) ledger.note(`note ${index}`)
  const preamble = preambleItem({ network, device: alice.peer, from: 0, incarnation: 0 })
  const entries = ledger.entries.map(({ encoded }) => entryItem(encoded))
  return {
    ledger,
    items: [preamble, ...entries, headItem(ledger.head()), endItem(ledger.chain.size)],
  }
}

describe('a bundle', () => {
  const bundle = bundleOf(alice, [simple, stream, sealed])
  const small = bundleOf(alice, [simple])

  it('verifies with all receipts, on either side', () => {
    expect(verified(bundle)).toMatchObject({
      status: 'ok',
      log: {
        entries: 1 + 2 + 3 + 3,
        heads: 1,
        unknownKinds: 0,
        receipts: { orders: 3, settled: 3, disputed: 0, unmatched: 0 },
        peers: new Map([
          [
            bob.peer,
            {
              earnedMilliCredits: 0,
              spentMilliCredits: 1_000,
              settled: 3,
              disputed: 0,
              mflop: 1_000_000,
            },
          ],
        ]),
      },
    })
    expect(verified(bundleOf(bob, [simple, stream])).log?.peers.get(alice.peer)).toMatchObject({
      earnedMilliCredits: 750,
      spentMilliCredits: 0,
    })
  })

  it('says the same in whatever pieces it comes, and in a browser', () => {
    const whole = verified(bundle)
    for (const pieceBytes of [1, 7, 1_000]) expect(verified(bundle, pieceBytes)).toEqual(whole)
    const browser = new BundleVerifier(nobleCrypto, { signatures: 'all' })
    browser.push(bundle)
    expect(browser.finish()).toEqual(whole)
  })

  it('is incomplete when it is cut off anywhere', () => {
    for (let length = 0; length < small.length; length++) {
      const verifier = new BundleVerifier(nodeCrypto, { network, signatures: 'heads' })
      verifier.push(small.subarray(0, length))
      expect(verifier.finish()).toMatchObject({
        status: 'incomplete',
        problem: { code: 'LEDGER_BUNDLE_TRUNCATED' },
      })
    }
  })

  // Every bit is flipped by the claim ledger/damage; here one in each byte.
  it('is refused with a bit flipped in any byte', () => {
    const taken = [...small.entries()].filter(([at, byte]) => {
      return verified(small.with(at, byte ^ (1 << (at % 8)))).problem === undefined
    })
    expect(taken).toEqual([])
  })

  it('counts what nobody answered', () => {
    expect(verified(bundleOf(alice, [simple.slice(0, 1)])).log?.receipts).toEqual({
      orders: 1,
      settled: 0,
      disputed: 0,
      unmatched: 1,
    })
  })

  it('may begin anywhere', () => {
    const { ledger } = items(9)
    const from = 6
    const early = new WrittenLedger(alice)
    for (let index = 0; index < from - 1; index++) early.note(`note ${index}`)
    const part = concatBytes([
      preambleItem({ network, device: alice.peer, from, incarnation: 0 }),
      edgeItem(early.chain.edge),
      ...ledger.entries.slice(from).map(({ encoded }) => entryItem(encoded)),
      headItem(ledger.head()),
      endItem(ledger.chain.size - from),
    ])
    expect(verified(part)).toMatchObject({ status: 'ok', log: { entries: 4, size: 10 } })
  })

  it('has entries of kinds that nobody knows yet', () => {
    const { ledger } = items(1)
    ledger.write(99, hashOf('of the future'))
    const [preamble] = items(0).items
    const bytes = concatBytes([
      preamble as Uint8Array,
      ...ledger.entries.map(({ encoded }) => entryItem(encoded)),
      headItem(ledger.head()),
      endItem(ledger.chain.size),
    ])
    expect(verified(bytes)).toMatchObject({ status: 'ok', log: { unknownKinds: 1 } })
  })
})

describe('a bundle is refused', () => {
  it('with entries that no head covers', () => {
    const { items: all } = items(3)
    expect(codeOf(concatBytes(all.toSpliced(-2, 1)))).toBe('LEDGER_BUNDLE_UNCOVERED')
    expect(verified(concatBytes(all.toSpliced(-2, 1))).status).toBe('incomplete')
  })

  it('naming the entry at fault', () => {
    const { items: all } = items(3)
    expect(verified(concatBytes(all.toSpliced(3, 1))).problem).toEqual({
      code: 'LEDGER_SEQUENCE_GAP',
      reason: 'expected entry 2, got 3',
      item: 3,
      seq: 2,
    })
  })

  it('of another mesh', () => {
    const verifier = new BundleVerifier(nodeCrypto, {
      network: hashOf('another mesh'),
      signatures: 'all',
    })
    expect(verifier.push(bundleOf(alice, [simple]))).toBe(false)
    expect(verifier.push(new Uint8Array())).toBe(false)
    expect(verifier.finish().problem?.code).toBe('LEDGER_NETWORK_MISMATCH')
  })

  it.each<[string, (all: Uint8Array[]) => Uint8Array[], string]>([
    ['without a preamble', (all) => all.slice(1), 'LEDGER_BUNDLE_DISORDERED'],
    ['with two preambles', (all) => [all[0] as Uint8Array, ...all], 'LEDGER_BUNDLE_DISORDERED'],
    ['with more after its end', (all) => [...all, endItem(4)], 'LEDGER_BUNDLE_DISORDERED'],
    ['with another count', (all) => all.toSpliced(-1, 1, endItem(3)), 'LEDGER_BUNDLE_DISORDERED'],
    [
      'with parts of no type',
      (all) => all.with(2, encodeCbor([9, new Uint8Array()])),
      'LEDGER_BUNDLE_DISORDERED',
    ],
    ['with bytes after its end', (all) => [...all, Uint8Array.of(0x82)], 'LEDGER_BUNDLE_TRUNCATED'],
    ['with a float', (all) => all.with(2, Uint8Array.of(0xf9, 0, 0)), 'LEDGER_MALFORMED'],
    ['with an endless array', (all) => all.with(2, Uint8Array.of(0x9f, 0, 0)), 'LEDGER_MALFORMED'],
    [
      'with an endless part',
      (all) => all.with(2, Uint8Array.of(0x82, 2, 0x5f)),
      'LEDGER_MALFORMED',
    ],
    [
      'with a length in a long form',
      (all) => all.with(2, Uint8Array.of(0x82, 2, 0x58, 1, 0)),
      'LEDGER_MALFORMED',
    ],
    [
      'with a part of 4 GiB',
      (all) => all.with(2, Uint8Array.of(0x82, 2, 0x5a, 255, 255, 255, 255)),
      'LEDGER_TOO_LONG',
    ],
    [
      'with a part of 2^40 bytes',
      (all) => all.with(2, Uint8Array.of(0x82, 2, 0x5b, 0, 0, 1)),
      'LEDGER_TOO_LONG',
    ],
    [
      'with a part too long',
      (all) => all.with(2, encodeCbor([2, new Uint8Array(BUNDLE_ITEM_BYTES_MAX + 1)])),
      'LEDGER_TOO_LONG',
    ],
    [
      'of the future',
      (all) => all.with(0, encodeCbor([0, encodeCbor([2, network])])),
      'LEDGER_VERSION_UNSUPPORTED',
    ],
    [
      'that begins without the way there',
      (all) => all.with(0, preambleItem({ network, device: alice.peer, from: 3, incarnation: 0 })),
      'LEDGER_BUNDLE_DISORDERED',
    ],
    [
      'that begins in a later incarnation',
      (all) => all.with(0, preambleItem({ network, device: alice.peer, from: 0, incarnation: 1 })),
      'LEDGER_ROLLOVER_INVALID',
    ],
    [
      'in the name of another',
      (all) => all.with(0, preambleItem({ network, device: bob.peer, from: 0, incarnation: 0 })),
      'LEDGER_LOG_FOREIGN',
    ],
  ])('%s', (_, change, code) => {
    expect(codeOf(concatBytes(change(items(3).items)))).toBe(code)
  })

  it('with an order that was counted before', () => {
    expect(codeOf(bundleOf(alice, [simple, simple]))).toBe('LEDGER_HALF_REPLAYED')
    expect(codeOf(bundleOf(bob, [simple, simple]))).toBe('LEDGER_HALF_REPLAYED')
  })

  it('with a receipt between others, or a half that answers nothing', () => {
    expect(codeOf(bundleOf(carol, [simple.slice(0, 1)]))).toBe('LEDGER_HALF_FOREIGN')
    const all = items(1).items
    const settle = simple[3] as HalfOf<'settle'>
    const foreign = halfItem(settle.signed)
    expect(codeOf(concatBytes(all.toSpliced(-2, 0, foreign)))).toBe('LEDGER_HALF_UNLINKED')
    const own = halfItem((simple[0] as Half).signed)
    expect(codeOf(concatBytes(all.toSpliced(-2, 0, own)))).toBe('LEDGER_HALF_FOREIGN')
  })

  it('with a half of its own that its device did not sign', () => {
    const order = simple[0] as HalfOf<'order'>
    const forged = signHalf(ledgerContext, carol, 'order', order.body)
    expect(codeOf(bundleOf(alice, [[forged]]))).toBe('LEDGER_SIGNATURE_INVALID')
    const ledger = new WrittenLedger(alice)
    const settle = simple[3] as HalfOf<'settle'>
    ledger.half(signHalf(ledgerContext, carol, 'settle', settle.body))
    const [preamble] = items(0).items
    const orphan = concatBytes([
      preamble as Uint8Array,
      ...ledger.entries.map(({ encoded }) => entryItem(encoded)),
      headItem(ledger.head()),
      endItem(2),
    ])
    expect(codeOf(orphan)).toBe('LEDGER_SIGNATURE_INVALID')
  })
})

describe('a fork', () => {
  it('is proven by a head over other entries', () => {
    const other = new WrittenLedger(alice)
    for (const text of ['x', 'y']) other.note(text)
    const { items: all } = items(4)
    const forked = all.toSpliced(4, 0, headItem(other.head()))
    expect(verified(concatBytes(forked))).toMatchObject({
      status: 'fork',
      problem: { code: 'LEDGER_FORK_PROVEN' },
    })
  })

  it('is not proven when no head covers the entries', () => {
    const other = new WrittenLedger(alice)
    for (const text of ['x', 'y']) other.note(text)
    const { items: all } = items(2)
    expect(codeOf(concatBytes(all.toSpliced(-2, 1, headItem(other.head()))))).toBe(
      'LEDGER_HEAD_MISMATCH',
    )
  })

  it('is proven by evidence against the device, and not by evidence against another', () => {
    const settle = simple[3] as HalfOf<'settle'>
    const again = signHalf(ledgerContext, alice, 'settle', { ...settle.body, milliCredits: 1 })
    const proof = contradictionOf(ledgerContext, alice.peer, settle, again)
    expect(proof).toBeDefined()
    if (proof === undefined) return
    const evidence = evidenceItem(encodeEquivocation(ledgerContext, proof))
    const { items: all } = items(1)
    const accused = verified(concatBytes(all.toSpliced(-1, 0, evidence)))
    expect(accused).toMatchObject({ status: 'fork', evidence: [proof] })
    const ledger = new WrittenLedger(carol)
    const witness = concatBytes([
      preambleItem({ network, device: carol.peer, from: 0, incarnation: 0 }),
      ...ledger.entries.map(({ encoded }) => entryItem(encoded)),
      evidence,
      headItem(ledger.head()),
      endItem(1),
    ])
    expect(verified(witness)).toMatchObject({ status: 'ok', evidence: [proof] })
  })

  it('is not proven by bytes that are no evidence', () => {
    const { items: all } = items(1)
    const lie = evidenceItem(hashOf('a lie'))
    expect(codeOf(concatBytes(all.toSpliced(-1, 0, lie)))).toBe('LEDGER_MALFORMED')
  })
})
