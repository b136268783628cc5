import { describe, expect, it } from 'vitest'
import { sealEnvelope, signResult, signRevocation } from '../../attestation/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { device } from '../../test/fixtures/devices.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { EnvelopeBook } from './envelope-book.ts'
import { EvidenceShelf } from './evidence-shelf.ts'
import { ResultBook } from './result-book.ts'
import { RevocationBook } from './revocation-book.ts'
import { TpmWatch } from './tpm-watch.ts'

const [alice, bob, carol] = [device(1), device(2), device(3)]
const clock = new ManualClock()
const isMember = (peer: string): boolean => peer !== carol.peer
const HOUR_MS = 3_600_000

const result = (by = bob, atMs = clock.wallMs(), attester = alice.peer): Uint8Array =>
  signResult(by, {
    version: 1,
    attester,
    verifier: by.peer,
    epoch: 'nonce',
    nonce: new Uint8Array(32),
    secretHash: undefined,
    activation: undefined,
    evidence: 'ab'.repeat(32),
    policyId: 'test',
    policyDigest: 'cd'.repeat(32),
    tier: 'self',
    status: 'affirming',
    scoreMicros: 300_000,
    codes: [],
    appraisedAtMs: atMs,
    freshUntilMs: atMs,
  })

describe('results', () => {
  it('are kept of members about others, the latest of each, and no older than a day', async () => {
    const book = new ResultBook({ clock, isMember })
    const nowMs = clock.wallMs()
    const refused = [
      result(carol),
      result(alice),
      result(bob, nowMs + HOUR_MS),
      result(bob, nowMs - 25 * HOUR_MS),
    ]
    for (const one of refused) await book.take(one)
    expect(book.list()).toEqual([])
    await book.take(result(bob, nowMs - 2))
    await book.take(result(bob, nowMs - 1))
    await book.take(result(bob, nowMs - 2))
    const [held] = book.list()
    expect([book.ids().length, held?.result.appraisedAtMs]).toEqual([1, nowMs - 1])
    expect([book.lacks(held?.id ?? ''), book.lacks('00')]).toEqual([false, true])
    if (held !== undefined) book.noteRecheck(held, 'agrees')
    expect(book.list()[0]?.recheck).toBe('agrees')
    await expect(book.take(Uint8Array.of(1))).rejects.toMatchObject({ code: 'RESULT_MALFORMED' })
  })
})

describe('calls to ask again', () => {
  it('are kept of members, the latest of each, for an hour', async () => {
    const book = new RevocationBook({ clock, isMember })
    const heard: string[] = []
    book.onTaken(({ by }) => heard.push(by))
    const nowMs = clock.wallMs()
    const call = (by = bob, atMs = nowMs) =>
      signRevocation(by, { attester: alice.peer, reason: 'operator', atMs })
    for (const one of [call(carol), call(bob, nowMs + HOUR_MS), call(bob, nowMs - 2 * HOUR_MS)]) {
      await book.take(one)
    }
    await book.take(call())
    await book.take(call(bob, nowMs - 1))
    await book.take(call(alice))
    expect([heard, book.ids().length]).toEqual([[bob.peer, alice.peer], 2])
    expect(book.get(book.ids()[0] ?? '')).toEqual(call())
    await expect(book.take(Uint8Array.of(1))).rejects.toMatchObject({
      code: 'REVOCATION_MALFORMED',
    })
  })
})

describe('envelopes', () => {
  it('are kept of members, one an epoch and two epochs a device', async () => {
    const book = new EnvelopeBook(isMember)
    const seal = (epoch: number, by = alice, issuedS = 1) =>
      sealEnvelope(by, { epoch: new Uint8Array(32).fill(epoch), issuedS, pieces: [] })
    await book.take(seal(1, carol))
    await book.take(seal(1))
    await book.take(seal(1, alice, 2))
    await book.take(seal(2))
    await book.take(seal(3))
    await book.take(seal(3, bob))
    const counts = [1, 2, 3].map((epoch) => book.of(new Uint8Array(32).fill(epoch)).length)
    expect([counts, book.ids().length]).toEqual([[0, 1, 2], 3])
    expect(book.get(book.ids()[0] ?? '')).toEqual(seal(2))
    await expect(book.take(Uint8Array.of(1))).rejects.toMatchObject({ code: 'CBOR_MALFORMED' })
  })
})

describe('evidence', () => {
  it('is kept when it was shown or asked for, and nothing else', async () => {
    const shelf = new EvidenceShelf()
    const { id, encoded } = shelf.keep([utf8('piece')])
    const other = new EvidenceShelf()
    await other.take(encoded)
    expect([shelf.get(id), other.lacks(id), shelf.ids()]).toEqual([encoded, true, []])
    expect(await other.obtain(id, () => other.take(encoded))).toEqual(encoded)
    expect(await other.obtain('00', async () => undefined)).toBe(undefined)
  })
})

describe('the watch over a TPM', () => {
  it('tells what changed since the last look, over restarts', async () => {
    const store = new MemoryStore()
    const look = (resetCount: number, register: number) =>
      new TpmWatch(store).look({ resetCount, registers: new Uint8Array(32).fill(register) })
    expect([await look(1, 0), await look(1, 0), await look(1, 2), await look(2, 3)]).toEqual([
      undefined,
      undefined,
      'registers-changed',
      'restarted',
    ])
  })
})
