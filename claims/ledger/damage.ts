/**
 * Every truncation and every flipped bit of everything that a ledger is made of.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { fromHex } from '../../core/bytes.ts'
import { decodeShape } from '../../core/cbor-shape.ts'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import {
  authorOf,
  BundleVerifier,
  type HalfKind,
  isSigned,
  type LedgerContext,
  openHalf,
  openHead,
  SIGNED_HALF,
  SIGNED_HEAD,
  verifyEquivocation,
} from '../../ledger/index.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import type { Claim } from '../claim.ts'

interface Subject {
  readonly name: string
  readonly bytes: Uint8Array
  /** True when the bytes hold. */
  readonly holds: (bytes: Uint8Array) => boolean
}

interface Vectors {
  readonly [name: string]: string | readonly { readonly kind: HalfKind; readonly hex: string }[]
  readonly halves: readonly { readonly kind: HalfKind; readonly hex: string }[]
}

export const claim: Claim = {
  sentence: 'A ledger of which a byte is missing or a bit is changed never verifies.',
  goal: 'all truncations and all flipped bits of all vectors refused, nothing thrown',
  run: async ({ say, signal }) => {
    const subjects = readSubjects()
    let [copies, taken, thrown] = [0, 0, 0]
    for (const subject of subjects) {
      const { name, bytes } = subject
      if (answerTo(subject, bytes) !== 'taken') throw new Error(`the vector ${name} does not hold`)
      const answers = [...damagedCopies(bytes)].map((copy) => answerTo(subject, copy))
      copies += answers.length
      taken += answers.filter((answer) => answer === 'taken').length
      thrown += answers.filter((answer) => answer === 'thrown').length
      say(`${name}: ${bytes.length} bytes, ${answers.length} damaged copies`)
      signal.throwIfAborted()
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    return {
      met: taken === 0 && thrown === 0,
      figure: `${copies - taken - thrown} of ${copies} refused, ${thrown} thrown`,
      facts: { copies, taken, thrown },
    }
  },
}

function answerTo({ holds }: Subject, copy: Uint8Array): 'taken' | 'refused' | 'thrown' {
  try {
    return holds(copy) ? 'taken' : 'refused'
  } catch {
    // Counted, and the claim is missed.
    return 'thrown'
  }
}

function* damagedCopies(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length)
  for (const [at, byte] of bytes.entries()) {
    for (let bit = 0; bit < 8; bit++) yield bytes.with(at, byte ^ (1 << bit))
  }
}

function readSubjects(): readonly Subject[] {
  const vectors = JSON.parse(readFileSync('test/vectors/ledger.json', 'utf8')) as Vectors
  const bytes = (name: string): Uint8Array => bytesOf(vectors[name] as string)
  const context = { crypto: nodeCrypto, network: bytes('network') }
  const [requester, provider] = ['requester', 'provider'].map((name) =>
    asPeerId(vectors[name] as string),
  ) as [PeerId, PeerId]
  const halves = vectors.halves.map(({ kind, hex }) => ({
    name: `a signed ${kind}`,
    bytes: bytesOf(hex),
    holds: (copy: Uint8Array) =>
      isHalf(context, { kind, author: authorOf(kind, { requester, provider }) }, copy),
  }))
  return [
    ...halves,
    { name: 'a head', bytes: bytes('head'), holds: (copy) => isHead(context, requester, copy) },
    ...['headFork', 'contradiction'].map((name) => ({
      name: `a proof: ${name}`,
      bytes: bytes(name),
      holds: (copy: Uint8Array) => verifyEquivocation(nodeCrypto, copy).type === 'value',
    })),
    ...['simple', 'stream', 'sealed'].map((mode) => ({
      name: `a bundle with a ${mode} receipt`,
      bytes: bytes(mode),
      holds: (copy: Uint8Array) => isBundle(context, copy),
    })),
  ]
}

function isHalf(
  context: LedgerContext,
  { kind, author }: { readonly kind: HalfKind; readonly author: PeerId },
  encoded: Uint8Array,
): boolean {
  const signed = decodeShape(SIGNED_HALF, encoded)
  if (signed.type === 'refused') return false
  const opened = openHalf(context, kind, signed.value)
  return opened.type === 'value' && isSigned(context, author, kind, signed.value)
}

function isHead(context: LedgerContext, author: PeerId, encoded: Uint8Array): boolean {
  const signed = decodeShape(SIGNED_HEAD, encoded)
  return signed.type === 'value' && openHead(context, author, signed.value).type === 'value'
}

function isBundle({ network }: LedgerContext, encoded: Uint8Array): boolean {
  const verifier = new BundleVerifier(nodeCrypto, { network, signatures: 'all' })
  verifier.push(encoded)
  return verifier.finish().status === 'ok'
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new Error('expected hexadecimal')
  return bytes
}
