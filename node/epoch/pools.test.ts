import { describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import { encodeShape, record, bytes, uint } from '../../core/cbor-shape.ts'
import type { Signer } from '../../core/crypto.ts'
import {
  encodeDoubleVote,
  encodeEvidenceItem,
  encodeToldStatement,
  EPOCH_LIMITS,
  signBallot,
} from '../../protocols/epoch/index.ts'
import { domainIdOf, signStatement, type Statement } from '../../trust/index.ts'
import { device, madeUpKey, nodeCrypto } from '../../test/fixtures/devices.ts'
import { evidenceItem } from './evidence-kinds.ts'
import { EvidencePool } from './evidence-pool.ts'
import { StatementPool } from './statement-pool.ts'

const network = nodeCrypto.sha256(utf8('mesh'))
const other = nodeCrypto.sha256(utf8('another mesh'))
const [alice, mallory, stranger] = [device(1), device(2), device(3)]
/** The epoch that is decided on; the one after it may be spoken of already. */
const DECIDING = 100

function poolOf(latestIn = -1): StatementPool {
  return new StatementPool({
    crypto: nodeCrypto,
    network,
    provesMembership: (peer) => peer !== stranger.peer,
    latestEpoch: () => DECIDING + 1,
    latestIn: () => latestIn,
    speakerOf: (peer) => peer,
    deciding: () => DECIDING,
    nowMs: () => 0,
  })
}

function told(signer: Signer, change: Partial<Statement> = {}, by = signer): Uint8Array {
  const domain = domainIdOf(nodeCrypto.sha256, { network, owner: signer.peer })
  const statement = {
    network,
    epoch: DECIDING,
    domain,
    heads: [],
    provided: [],
    consumed: [],
    onion: domain,
    ...change,
  }
  const stated = { owner: signer.peer, signed: signStatement(by, statement) }
  return encodeToldStatement({ stated, credential: new Uint8Array() })
}

const codeOf = (pool: StatementPool, encoded: Uint8Array): string => {
  const fate = pool.take(encoded)
  return fate.type === 'refused' ? fate.code : fate.type
}

describe('statements', () => {
  const whole = told(alice)
  it.each<[string, Uint8Array, string]>([
    ['as they should be', whole, 'new'],
    ['of an epoch to come', told(alice, { epoch: DECIDING + 2 }), 'TRUST_EPOCH_INVALID'],
    ['of an epoch long ago', told(alice, { epoch: DECIDING - 13 }), 'known'],
    ['of another mesh', told(alice, { network: other }), 'TRUST_NETWORK_MISMATCH'],
    ['of a domain of somebody else', told(alice, { domain: other }), 'TRUST_DOMAIN_UNKNOWN'],
    ['signed by somebody else', told(alice, {}, mallory), 'TRUST_SIGNATURE_INVALID'],
    ['by who is no member', told(stranger), 'TRUST_DOMAIN_UNKNOWN'],
    [
      'of the ledger of another device',
      told(alice, { heads: [{ device: mallory.peer, size: 1, root: other }] }),
      'TRUST_DOMAIN_UNKNOWN',
    ],
    ['cut short', whole.subarray(0, -1), 'EPOCH_MESSAGE_MALFORMED'],
    ['of a version to come', whole.with(1, 2), 'EPOCH_VERSION_UNSUPPORTED'],
    ['that are no CBOR', Uint8Array.of(0xff), 'EPOCH_MESSAGE_MALFORMED'],
    ['too long', new Uint8Array(EPOCH_LIMITS.TOLD_BYTES_MAX + 1), 'EPOCH_MESSAGE_TOO_LONG'],
  ])('%s: %3$s', (_, encoded, code) => {
    expect(codeOf(poolOf(), encoded)).toBe(code)
  })

  it('that are changed by a bit, or cut short, are never taken for new', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(poolOf().take(whole.subarray(0, length)).type).toBe('refused')
    }
    const fates = [...whole.entries()].map(
      ([at, byte]) => poolOf().take(whole.with(at, byte ^ (1 << (at % 8)))).type,
    )
    expect(fates).not.toContain('new')
    expect(fates).not.toContain('forked')
  })

  it('of one device fill no more than the epochs that may be late', () => {
    const pool = poolOf()
    for (let epoch = 0; epoch < 300; epoch++) pool.take(told(alice, { epoch }))
    expect(pool.size).toBe(14)
  })

  it('that are in already are known, and two of one epoch are a proof', () => {
    expect(codeOf(poolOf(DECIDING), whole)).toBe('known')
    const pool = poolOf()
    expect([codeOf(pool, whole), codeOf(pool, whole)]).toEqual(['new', 'known'])
    expect(codeOf(pool, told(alice, { onion: other }))).toBe('forked')
  })
})

function doubleVote(signer: Signer, epoch: number, mesh = network): Uint8Array {
  const context = { network: mesh, epoch }
  const votes = [1, 2].map((byte) => {
    const value = new Uint8Array(32).fill(byte)
    const signature = signBallot(signer, context, { kind: 'prevote', round: 0, value })
    return { value, signature }
  })
  const [one, two] = votes
  if (one === undefined || two === undefined) throw new Error('two votes')
  const proof = { ...context, accused: signer.peer, precommit: 0, round: 0, one, other: two }
  return encodeEvidenceItem(evidenceItem('double-vote', encodeDoubleVote(proof)))
}

/** Other members. */
const members = Array.from({ length: 102 }, (_, at) => madeUpKey(1_000_000 + at))

function evidencePool() {
  /** What lies on the disk, by its hash. */
  const disk = new Map<string, Uint8Array>()
  /** Who is in the epochs, and whose statement waits. */
  const spoken = new Set([mallory, ...members].map(({ peer }) => peer))
  const heard = new Set<string>()
  /** Against whom epochs hold a proof. */
  const held = new Set<string>()
  const pool = new EvidencePool({
    crypto: nodeCrypto,
    network,
    keep: (id, encoded) => void disk.set(toHex(id), encoded),
    drop: (ids) => ids.forEach((id) => disk.delete(toHex(id))),
    nowMs: () => 0,
    isIn: ({ accused }) => held.has(accused),
    fateOf: ({ accused, votedIn }) =>
      spoken.has(accused) ? 'counts' : votedIn === DECIDING ? 'foreign' : 'early',
    isHeard: (peer) => heard.has(peer),
  })
  return { pool, disk, held, spoken, heard }
}

describe('a flood of evidence', () => {
  it('against one device is one proof of each kind', () => {
    const { pool, disk } = evidencePool()
    const fates = []
    for (let epoch = 0; epoch < 40; epoch++) fates.push(pool.take(doubleVote(mallory, epoch)))
    expect(new Set(fates)).toEqual(new Set(['new', 'known']))
    expect([pool.all().length, disk.size]).toEqual([1, 1])
  })

  it('against keys that are made up is kept nowhere, and takes the place of nothing', () => {
    const { pool, disk } = evidencePool()
    const madeUp = Array.from({ length: 300 }, (_, at) => madeUpKey(at))
    const fates = madeUp.map((key, at) => pool.take(doubleVote(key, DECIDING - (at % 2))))
    expect(new Set(fates)).toEqual(new Set(['foreign', 'known']))
    expect(pool.take(doubleVote(mallory, DECIDING))).toBe('new')
    expect([pool.all().length, disk.size]).toEqual([1, 1])
  })

  it('by one sender leaves room for what others tell, and for what is found here', () => {
    const { pool } = evidencePool()
    const floods = members.slice(0, 100).map((one) => doubleVote(one, 1))
    for (const encoded of floods) pool.take(encoded, 'strangers')
    expect(pool.all().length).toBe(64)
    const [byMember, foundHere] = members.slice(100).map((one) => doubleVote(one, 1))
    expect(byMember && pool.take(byMember, alice.peer)).toBe('new')
    expect(foundHere && pool.take(foundHere)).toBe('new')
  })

  it('against who is not in an epoch yet waits as long as its statement does', () => {
    const { pool, disk, spoken, heard } = evidencePool()
    heard.add(stranger.peer)
    expect(pool.take(doubleVote(stranger, 1))).toBe('new')
    expect(pool.pending()).toEqual([])
    spoken.add(stranger.peer)
    expect(pool.pending().length).toBe(1)
    spoken.delete(stranger.peer)
    heard.clear()
    pool.sweep()
    expect([pool.all().length, disk.size]).toEqual([0, 0])
  })

  it('that an earlier life kept is given up, but for what counts', () => {
    const { pool, disk } = evidencePool()
    const junk = [Uint8Array.of(1), ...[1, 2].map((at) => doubleVote(madeUpKey(at), 1))]
    const real = doubleVote(mallory, 1)
    for (const one of [...junk, real]) disk.set(toHex(nodeCrypto.sha256(one)), one)
    pool.restore([...disk.values()])
    expect(pool.all().map(({ encoded }) => encoded)).toEqual([real])
    expect([...disk.values()]).toEqual([real])
  })

  it('that proves nothing is kept nowhere', () => {
    const { pool, disk } = evidencePool()
    const item = record({ kind: uint(255), proof: bytes(1, 64) })
    const junk = Array.from({ length: 5_000 }, (_, at) =>
      encodeShape(item, { kind: at % 16, proof: Uint8Array.of(at & 255, at >> 8, 1) }),
    )
    const fates = junk.map((one) => pool.take(one))
    expect(new Set(fates)).toEqual(new Set(['invalid']))
    expect([pool.all().length, disk.size]).toEqual([0, 0])
  })

  it.each<[string, Uint8Array]>([
    ['of another mesh', doubleVote(mallory, 1, other)],
    ['cut short', doubleVote(mallory, 1).subarray(0, -1)],
    ['too long', new Uint8Array(EPOCH_LIMITS.PROOF_BYTES_MAX + 17)],
    ['of a kind that there is not', encodeEvidenceItem({ kind: 15, proof: Uint8Array.of(1) })],
  ])('%s is invalid', (_, encoded) => {
    expect(evidencePool().pool.take(encoded)).toBe('invalid')
  })

  it('that an epoch holds is not held against the device again, and not kept', () => {
    const { pool, disk, held } = evidencePool()
    pool.take(doubleVote(mallory, 1))
    const [kept] = pool.pending()
    expect(kept?.proven.accused).toBe(mallory.peer)
    expect(kept && pool.newIn(kept.item)).toBeDefined()
    held.add(mallory.peer)
    expect([pool.pending(), kept && pool.newIn(kept.item)]).toEqual([[], undefined])
    pool.sweep()
    expect([pool.all().length, disk.size]).toEqual([0, 0])
    expect(pool.take(doubleVote(mallory, 2))).toBe('known')
  })
})
