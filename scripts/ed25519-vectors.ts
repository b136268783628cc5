/**
 * Signatures on which libraries disagree, and what Brume says to each: test/vectors/ed25519.txt.
 *
 * Everything is drawn from SHA-512 of a counter, so that the file is the same on every run.
 *
 * @module
 */

import { concatBytes, toHex, utf8 } from '../core/bytes.ts'
import {
  add,
  BASE,
  challenge,
  decode,
  encode,
  keyPair,
  L,
  littleEndian,
  negate,
  numberOf,
  P,
  pointAt,
  sha512,
  times,
  TORSION,
  verdict,
} from './ed25519-reference.ts'

interface Vector {
  readonly kind: string
  readonly key: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

const HEADER = `# Ed25519 signatures at the edges of the rule of core/ed25519-rule.ts, one a line:
# kind, public key, message (- when empty), signature, verdict.
# Written by \`npm run vectors\`; the verdicts are those of scripts/ed25519-reference.ts.
`

/** The text of the file: some 700 vectors, of which an eighth is accepted. */
export function ed25519Vectors(): string {
  drawn = 0
  const vectors = [
    ...mutations(),
    ...largeScalars(),
    ...smallOrder(),
    ...mixedOrder(),
    ...strangePoints(),
  ]
  return `${HEADER}${vectors.map(line).join('\n')}\n`
}

let drawn = 0
/** 32 bytes nobody chose. */
function draw(): Uint8Array {
  return sha512(utf8(`brume ed25519 vectors ${drawn++}`)).subarray(0, 32)
}

const drawScalar = (): bigint => numberOf(draw()) % L
const pick = <T>(items: readonly T[], index: number): T => items[index % items.length] as T

function honest(messageLength: number): Vector & { readonly scalar: bigint } {
  const { scalar, key } = keyPair(draw())
  const message = sha512(draw()).subarray(0, messageLength)
  const r = drawScalar()
  const R = encode(times(r, BASE))
  const S = (r + challenge(R, key, message) * scalar) % L
  return { kind: 'honest', key, message, signature: join(R, S), scalar }
}

function join(R: Uint8Array, S: bigint): Uint8Array {
  return concatBytes([R, littleEndian(S)])
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

/** Honest ones, and such with one thing changed. */
function mutations(): readonly Vector[] {
  const whole = Array.from({ length: 64 }, (_, index) => honest(index))
  const bits = Array.from({ length: 32 }, (_, index) => 16 * index + (index % 16))
  return [
    ...whole,
    ...whole.slice(0, 32).map((vector, index) => ({
      ...vector,
      kind: 'other-message',
      message: concatBytes([vector.message, Uint8Array.of(index)]),
    })),
    ...whole.slice(0, 32).map((vector, index) => ({
      ...vector,
      kind: 'other-key',
      key: pick(whole, index + 1).key,
    })),
    ...bits.map((bit, index) => {
      const vector = pick(whole, index)
      return { ...vector, kind: 'flipped-bit', signature: flipped(vector.signature, bit) }
    }),
    ...whole.slice(0, 16).map((vector, index) => ({
      ...vector,
      kind: 'flipped-key-bit',
      key: flipped(vector.key, 16 * index + 3),
    })),
    ...[0, 31, 32, 63, 65, 96].map((length, index) => ({
      ...pick(whole, index),
      kind: 'wrong-length',
      signature: concatBytes([pick(whole, index).signature, new Uint8Array(32)]).subarray(
        0,
        length,
      ),
    })),
  ]
}

/** S that is L or more: the equation holds, the signature has a twin. */
function largeScalars(): readonly Vector[] {
  const twins = Array.from({ length: 48 }, (_, index) => {
    const vector = honest(8)
    const S = numberOf(vector.signature.subarray(32)) + BigInt(1 + (index % 14)) * L
    return { ...vector, kind: 'S-plus-L', signature: join(vector.signature.subarray(0, 32), S) }
  })
  const edges = [
    0n,
    1n,
    L - 1n,
    L,
    L + 1n,
    2n ** 252n,
    2n ** 253n - 1n,
    2n ** 255n,
    2n ** 256n - 1n,
  ]
  return [
    ...twins,
    ...edges.map((S) => {
      const vector = honest(8)
      return { ...vector, kind: 'S-edge', signature: join(vector.signature.subarray(0, 32), S) }
    }),
  ]
}

/** Every encoding of the eight points that any library may take: canonical, y + p, and a zero with a sign. */
function smallEncodings(): readonly Uint8Array[] {
  const canonical = TORSION.map(encode)
  const signed = canonical.map((bytes) => flipped(bytes, 255))
  const above = [...canonical, ...signed]
    .map(numberOf)
    .map((number) => ({ y: number & (2n ** 255n - 1n), sign: number >> 255n }))
    .filter(({ y }) => y + P < 2n ** 255n)
    .map(({ y, sign }) => littleEndian((y + P) | (sign << 255n)))
  const all = [...canonical, ...signed, ...above]
  return all.filter((bytes, at) => all.findIndex((other) => toHex(other) === toHex(bytes)) === at)
}

/** Keys and nonces of small order, under which one signature fits many messages. */
function smallOrder(): readonly Vector[] {
  const small = smallEncodings()
  const pairs = small.flatMap((key, row) =>
    small
      .filter((_, column) => (row + column) % 2 === 0)
      .map((R) => ({ kind: 'small-A-small-R', key, message: draw(), signature: join(R, 0n) })),
  )
  const keys = small.flatMap((key) =>
    [0, 1, 2].map(() => {
      const [message, S] = [draw(), drawScalar()]
      const A = decode(key) ?? pick(TORSION, 7)
      // Of the eight multiples of A that k·A may be, the one that R itself leads to.
      const R = TORSION.map((point) => encode(add(times(S, BASE), point))).find((candidate) => {
        const k = challenge(candidate, key, message)
        return toHex(encode(add(times(S, BASE), negate(times(k, A))))) === toHex(candidate)
      })
      return { kind: 'small-A', key, message, signature: join(R ?? encode(times(S, BASE)), S) }
    }),
  )
  const nonces = small.flatMap((R) =>
    [0, 1, 2].map(() => {
      const { key, message, scalar } = honest(8)
      const S = (challenge(R, key, message) * scalar) % L
      return { kind: 'small-R', key, message, signature: join(R, S) }
    }),
  )
  return [...pairs, ...keys, ...nonces]
}

/** Keys and nonces with a part of small order: with the cofactor they verify, without it some do. */
function mixedOrder(): readonly Vector[] {
  const torsion = TORSION.slice(0, 7)
  const nonces = torsion.flatMap((point) =>
    Array.from({ length: 8 }, () => {
      const { key, message, scalar } = honest(8)
      const r = drawScalar()
      const R = encode(add(times(r, BASE), point))
      const S = (r + challenge(R, key, message) * scalar) % L
      return { kind: 'mixed-R', key, message, signature: join(R, S) }
    }),
  )
  const keys = torsion.flatMap((point) =>
    Array.from({ length: 12 }, () => {
      const { scalar } = keyPair(draw())
      const key = encode(add(times(scalar, BASE), point))
      const [message, r] = [draw(), drawScalar()]
      const R = encode(times(r, BASE))
      // Where k is a multiple of the order of `point`, the part of small order vanishes.
      const S = (r + challenge(R, key, message) * scalar) % L
      return { kind: 'mixed-A', key, message, signature: join(R, S) }
    }),
  )
  const both = torsion.flatMap((point) =>
    Array.from({ length: 8 }, (_, index) => {
      const { scalar } = keyPair(draw())
      const key = encode(add(times(scalar, BASE), point))
      const [message, r] = [draw(), drawScalar()]
      const R = encode(add(times(r, BASE), pick(TORSION, index)))
      const S = (r + challenge(R, key, message) * scalar) % L
      return { kind: 'mixed-A-mixed-R', key, message, signature: join(R, S) }
    }),
  )
  return [...nonces, ...keys, ...both]
}

/** Encodings that stand for no point, or for a point that has another one. */
function strangePoints(): readonly Vector[] {
  const above = Array.from({ length: 19 }, (_, index) => P + BigInt(index))
  const encodings = above.flatMap((y) => [littleEndian(y), littleEndian(y | (1n << 255n))])
  const offCurve: Uint8Array[] = []
  for (let y = 2n; offCurve.length < 16; y++) {
    if (pointAt(y, 0n) === undefined) offCurve.push(littleEndian(y))
  }
  const as = (part: 'A' | 'R', kind: string, bytes: Uint8Array): Vector => {
    const vector = honest(8)
    return part === 'A'
      ? { ...vector, kind: `${kind}-A`, key: bytes }
      : {
          ...vector,
          kind: `${kind}-R`,
          signature: concatBytes([bytes, vector.signature.subarray(32)]),
        }
  }
  return [
    ...encodings.flatMap((bytes) => [as('A', 'above-p', bytes), as('R', 'above-p', bytes)]),
    ...offCurve.flatMap((bytes) => [as('A', 'off-curve', bytes), as('R', 'off-curve', bytes)]),
  ]
}

function line({ kind, key, message, signature }: Vector): string {
  const accepted = verdict(key, message, signature)
  const fields = [toHex(key), toHex(message), toHex(signature)].map((hex) => hex || '-')
  return [kind, ...fields, accepted ? 'accepted' : 'refused'].join(' ')
}
