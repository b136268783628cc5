import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { nobleCrypto } from '../../core/noble-crypto.ts'
import { peerIdOf } from '../../core/peer-key.ts'
import { nodeCrypto } from './node-crypto.ts'
import { createSigner } from './signer.ts'

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

function hex(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array()
}

/** 32 bytes, little endian. */
function littleEndian(value: bigint): Uint8Array {
  return hex(value.toString(16).padStart(64, '0')).toReversed()
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`)
}

describe('node crypto', () => {
  it('hashes as FIPS 180-4 says', () => {
    expect(toHex(nodeCrypto.sha256(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('signs and verifies test 3 of RFC 8032, section 7.1', () => {
    const seed = hex('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7')
    const signer = createSigner(seed)
    const signature = hex(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    )
    expect(signer.sign(hex('af82'))).toEqual(signature)
    expect(nodeCrypto.verify(signer.peer, hex('af82'), signature)).toBe(true)
    expect(nodeCrypto.verify(signer.peer, hex('af83'), signature)).toBe(false)
  })

  it('agrees with a second opinion on signatures, whole and mutated', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const flips = fc.array(fc.nat(64 * 8 - 1), { maxLength: 2 })
    fc.assert(
      fc.property(bytes(32), fc.uint8Array({ maxLength: 40 }), flips, (seed, message, bits) => {
        const signer = createSigner(seed)
        const signature = signer.sign(message)
        for (const bit of bits) signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const accepted = nodeCrypto.verify(signer.peer, message, signature)
        expect(accepted).toBe(nobleCrypto.verify(signer.peer, message, signature))
        expect(accepted).toBe(bits.length === 0 || (bits.length === 2 && bits[0] === bits[1]))
      }),
      { numRuns: 60 },
    )
  })

  it('agrees with a second opinion on keys that are no key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
        const peer = peerIdOf(key)
        const signature = new Uint8Array(64)
        expect(nodeCrypto.verify(peer, key, signature)).toBe(
          nobleCrypto.verify(peer, key, signature),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('refuses the same signature with the group order added to S', () => {
    const signer = createSigner(new Uint8Array(32).fill(7))
    const message = utf8('once only')
    const signature = signer.sign(message)
    const twin = Uint8Array.from(signature)
    twin.set(littleEndian(number(signature.subarray(32)) + ORDER), 32)
    expect(nodeCrypto.verify(signer.peer, message, signature)).toBe(true)
    expect(nodeCrypto.verify(signer.peer, message, twin)).toBe(false)
  })

  it('refuses what is no peer id or no signature', () => {
    const { peer } = createSigner(new Uint8Array(32))
    expect(nodeCrypto.verify('peer' as PeerId, new Uint8Array(), new Uint8Array(64))).toBe(false)
    expect(nodeCrypto.verify(peer, new Uint8Array(), new Uint8Array(63))).toBe(false)
  })
})
