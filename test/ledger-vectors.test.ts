import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../core/bytes.ts'
import { decodeShape } from '../core/cbor-shape.ts'
import { asPeerId, type PeerId } from '../core/ids.ts'
import type { SignedRecord } from '../core/signed-record.ts'
import {
  authorOf,
  BundleVerifier,
  decodeEntry,
  decodeRollover,
  entryId,
  type HalfKind,
  isSigned,
  openHalf,
  openHead,
  SIGNED_HALF,
  SIGNED_HEAD,
  verifyEquivocation,
} from '../ledger/index.ts'
import { nodeCrypto } from '../node/crypto/node-crypto.ts'
import { ledgerVectors } from '../scripts/ledger-vectors.ts'

interface Vectors {
  readonly [name: string]: string | readonly HalfVector[]
  readonly halves: readonly HalfVector[]
}

interface HalfVector {
  readonly kind: HalfKind
  readonly id: string
  readonly hex: string
}

const text = readFileSync('test/vectors/ledger.json', 'utf8')
const vectors = JSON.parse(text) as Vectors
const context = { crypto: nodeCrypto, network: bytes('network') }
const parties = { requester: peer('requester'), provider: peer('provider') }

function bytes(name: string): Uint8Array {
  return bytesOf(vectors[name] as string)
}

function bytesOf(hex: string): Uint8Array {
  const decoded = fromHex(hex)
  if (decoded === undefined) throw new Error('not hexadecimal')
  return decoded
}

function peer(name: string): PeerId {
  const named = asPeerId(vectors[name] as string)
  if (named === undefined) throw new Error('not a peer')
  return named
}

/** True when `encoded` is a half of this kind by the party whose it must be. */
function isHalf(kind: HalfKind, encoded: Uint8Array): boolean {
  const signed = decodeShape(SIGNED_HALF, encoded)
  if (signed.type === 'refused') return false
  const author = authorOf(kind, parties)
  const read = openHalf(context, kind, signed.value).type === 'value'
  return read && isSigned(context, author, kind, signed.value)
}

function isHead(encoded: Uint8Array): boolean {
  const signed = decodeShape<SignedRecord>(SIGNED_HEAD, encoded)
  return (
    signed.type === 'value' && openHead(context, parties.requester, signed.value).type === 'value'
  )
}

function isProof(encoded: Uint8Array): boolean {
  return verifyEquivocation(nodeCrypto, encoded).type === 'value'
}

/** Every truncation of `encoded`, and copies with one bit of each byte flipped; the claim ledger/damage flips all. */
function* damaged(encoded: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < encoded.length; length++) yield encoded.subarray(0, length)
  for (const [at, byte] of encoded.entries()) yield encoded.with(at, byte ^ (1 << (at % 8)))
}

/** How many damaged copies pass `check`. */
function passing(encoded: Uint8Array, check: (copy: Uint8Array) => boolean): number {
  return [...damaged(encoded)].filter(check).length
}

describe('the vectors of the ledger', () => {
  it('are what the code writes: run `npm run vectors` after a change of the format', () => {
    expect(text).toBe(ledgerVectors())
  })

  it('hold an entry under its id', () => {
    expect(decodeEntry(bytes('entry'))).toMatchObject({
      type: 'value',
      value: { log: bytes('log'), seq: 1 },
    })
    expect(toHex(entryId(nodeCrypto.sha256, bytes('entry')))).toBe(vectors['entryId'])
    expect(nodeCrypto.sha256(bytes('genesis'))).toEqual(bytes('log'))
  })

  it('hold a rollover', () => {
    expect(decodeRollover(bytes('rollover'))).toMatchObject({ value: { incarnation: 1, size: 2 } })
  })

  it.each(['simple', 'stream', 'sealed'])('hold a bundle with a receipt of mode %s', (mode) => {
    const verifier = new BundleVerifier(nodeCrypto, { ...context, signatures: 'all' })
    verifier.push(bytes(mode))
    expect(verifier.finish()).toMatchObject({ status: 'ok', log: { receipts: { settled: 1 } } })
  })

  it.each(vectors.halves)('hold a signed $kind', ({ kind, id, hex }) => {
    const encoded = bytesOf(hex)
    expect(isHalf(kind, encoded)).toBe(true)
    const signed = decodeShape(SIGNED_HALF, encoded)
    expect(signed.type === 'value' && openHalf(context, kind, signed.value)).toMatchObject({
      value: { id: bytesOf(id) },
    })
    expect(passing(encoded, (copy) => isHalf(kind, copy))).toBe(0)
  })

  it('hold a signed head', () => {
    expect(isHead(bytes('head'))).toBe(true)
    expect(passing(bytes('head'), isHead)).toBe(0)
  })

  it.each(['headFork', 'contradiction'])('hold a proof: %s', (name) => {
    expect(isProof(bytes(name))).toBe(true)
    expect(passing(bytes(name), isProof)).toBe(0)
  })
})
