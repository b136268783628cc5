import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../core/bytes.ts'
import type { Crypto } from '../core/crypto.ts'
import { nobleCrypto } from '../core/noble-crypto.ts'
import { peerIdOf } from '../core/peer-key.ts'
import { type KeyChecks, opensslChecks, sodiumChecks } from '../node/crypto/key-checks.ts'
import { nodeCrypto, strictVerify } from '../node/crypto/node-crypto.ts'
import { verdict } from '../scripts/ed25519-reference.ts'

interface Vector {
  readonly kind: string
  readonly key: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly accepted: boolean
}

const vectors: readonly Vector[] = readFileSync('test/vectors/ed25519.txt', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [kind = '', ...fields] = line.split(' ')
    const [key, message, signature] = fields.slice(0, 3).map(bytesOf) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    return { kind, key, message, signature, accepted: fields[3] === 'accepted' }
  })

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex === '-' ? '' : hex)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${hex}`)
  return bytes
}

/** Lines whose verdict is not the one in the file. */
function disagreements(verify: Crypto['verify']): readonly string[] {
  return vectors.flatMap(({ kind, key, message, signature, accepted }, index) =>
    verify(peerIdOf(key), message, signature) === accepted ? [] : [`${kind} at ${index}`],
  )
}

describe('the strict Ed25519 rule', () => {
  it('has vectors of both verdicts', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(500)
    expect(vectors.filter(({ accepted }) => accepted).length).toBeGreaterThan(50)
  })

  it('is what the daemon does', () => {
    expect(disagreements(nodeCrypto.verify)).toEqual([])
  })

  it('is what OpenSSL does, where libsodium does not load', () => {
    expect(disagreements(strictVerify(() => opensslChecks))).toEqual([])
  })

  it.runIf(sodiumChecks() !== undefined)('is what libsodium does', () => {
    expect(disagreements(strictVerify(() => sodiumChecks() as KeyChecks))).toEqual([])
  })

  it('is what plain JavaScript does in a browser', () => {
    expect(disagreements(nobleCrypto.verify)).toEqual([])
  })

  it('is what the formulas of RFC 8032 give, as far as one look in ten tells', () => {
    const sample = vectors.filter((_, index) => index % 10 === 0)
    expect(
      sample.filter(({ key, message, signature, accepted }) => {
        return verdict(key, message, signature) !== accepted
      }),
    ).toEqual([])
  })
})
